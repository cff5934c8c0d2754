// This file reads and writes the dates and times of XMLTV.

/** 14 digits at most, as many as are known, and the zone it is in. */
const TIME =
  /^(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d+)?\s*(?:([+-])(\d\d?):?(\d\d)|Z|UTC|GMT)?$/i;

/** Guides live in these years; what lies outside was written by mistake. */
const YEARS = { min: 1900, max: 2199 };

/**
 * XMLTV DTD, "date/time": `YYYYMMDDhhmmss ±hhmm`, fewer digits where less is known; without a zone it
 * is UTC. Undefined where it is no time.
 */
export function parseXmltvTime(text: string): number | undefined {
  const found = TIME.exec(text.trim());
  if (found === null) return undefined;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = found;
  const [, , , , , , , sign, zoneHours = '0', zoneMinutes = '0'] = found;
  const [y, mo, d] = [Number(year), Number(month), Number(day)];
  const [h, mi, s] = [Number(hour), Number(minute), Number(second)];
  if (y < YEARS.min || y > YEARS.max || mo < 1 || mo > 12 || d < 1 || h > 24 || mi > 59 || s > 60) {
    return undefined;
  }
  // Days in that month: the day before the first of the next; every month has 28
  if (d > 28 && d > new Date(Date.UTC(y, mo, 0)).getUTCDate()) return undefined;
  const offsetMin = Number(zoneHours) * 60 + Number(zoneMinutes);
  if (offsetMin > 18 * 60) return undefined;
  const aheadMin = sign === '-' ? -offsetMin : offsetMin;
  // 24:00:00 is the end of a day in some guides
  return Date.UTC(y, mo - 1, d, h, mi, s) - aheadMin * 60_000;
}

/** In UTC, the form every player reads: one blank before the offset. */
export function formatXmltvTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  const day = iso.slice(0, 4) + iso.slice(5, 7) + iso.slice(8, 10);
  return `${day}${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)} +0000`;
}
