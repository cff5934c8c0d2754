// This file reads and writes the dates and times of XMLTV.

/** 14 digits at most, as many as are known, and the zone it is in. */
const TIME =
  /^(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d+)?\s*(?:([+-])(\d\d?):?(\d\d)|([A-Z]{1,4}))?$/i;

/** Zones by name, in hours ahead of UTC: those that mean one thing alone, so neither IST nor AST. */
const NAMED_ZONES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ Z: 0, UT: 0, UTC: 0, GMT: 0, WET: 0, WEST: 1, BST: 1, CET: 1, CEST: 2, MET: 1, MEST: 2 },
    ...{ MEZ: 1, MESZ: 2, EET: 2, EEST: 3, MSK: 3, TRT: 3, SAST: 2, JST: 9, AWST: 8, ACST: 9.5 },
    ...{ ACDT: 10.5, AEST: 10, AEDT: 11, NZST: 12, NZDT: 13, EST: -5, EDT: -4, CST: -6, CDT: -5 },
    ...{ MST: -7, MDT: -6, PST: -8, PDT: -7, AKST: -9, AKDT: -8, HST: -10 },
  }),
);

/** Guides live in these years; what lies outside was written by mistake. */
const YEARS = { min: 1900, max: 2199 };
/** No zone is further from Greenwich; some guides err by some hours. */
const MAX_AHEAD_MIN = 18 * 60;

/** As nearly all guides write it: read by its digits, since a guide has hundreds of thousands of them. */
const WHOLE_TIME = /^\d{14} [+-]\d{4}$/;

/**
 * XMLTV DTD, "date/time": `YYYYMMDDhhmmss ±hhmm`, or a zone by name such as BST; fewer digits where less
 * is known; without a zone it is UTC. Undefined where it is no time.
 */
export function parseXmltvTime(text: string): number | undefined {
  if (WHOLE_TIME.test(text)) return wholeTime(text);
  const found = TIME.exec(text.trim());
  if (found === null) return undefined;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = found;
  const [, , , , , , , sign, zoneHours = '0', zoneMinutes = '0', zone = 'UTC'] = found;
  const namedHours = NAMED_ZONES.get(zone.toUpperCase());
  if (namedHours === undefined) return undefined;
  const offsetMin = Number(zoneHours) * 60 + Number(zoneMinutes);
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  const time = { hour: Number(hour), minute: Number(minute), second: Number(second) };
  return momentOf(date, time, sign === '-' ? -offsetMin : offsetMin + namedHours * 60);
}

function wholeTime(text: string): number | undefined {
  const two = (at: number) => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * DIGIT_0;
  const offsetMin = two(16) * 60 + two(18);
  const date = { year: two(0) * 100 + two(2), month: two(4), day: two(6) };
  const time = { hour: two(8), minute: two(10), second: two(12) };
  return momentOf(date, time, text[15] === '-' ? -offsetMin : offsetMin);
}

const DIGIT_0 = 48;

type CalendarDate = { readonly year: number; readonly month: number; readonly day: number };
type TimeOfDay = { readonly hour: number; readonly minute: number; readonly second: number };

function momentOf(
  { year, month, day }: CalendarDate,
  { hour, minute, second }: TimeOfDay,
  aheadMin: number,
): number | undefined {
  if (year < YEARS.min || year > YEARS.max || month < 1 || month > 12 || day < 1) return undefined;
  if (hour > 24 || minute > 59 || second > 60 || Math.abs(aheadMin) > MAX_AHEAD_MIN) {
    return undefined;
  }
  // Days in that month: the day before the first of the next; every month has 28
  if (day > 28 && day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  // 24:00:00 is the end of a day in some guides
  return Date.UTC(year, month - 1, day, hour, minute, second) - aheadMin * 60_000;
}

/** In UTC, the form every player reads: one blank before the offset. */
export function formatXmltvTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  const day = iso.slice(0, 4) + iso.slice(5, 7) + iso.slice(8, 10);
  return `${day}${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)} +0000`;
}
