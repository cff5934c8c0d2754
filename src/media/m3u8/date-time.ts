// This file reads and writes the dates of EXT-X-PROGRAM-DATE-TIME.

/** Years below 100 mean the 20th century to Date.UTC; nothing was broadcast before it anyway. */
const FIRST_YEAR = 1900;
const FIRST_MS = Date.UTC(FIRST_YEAR, 0, 1);
/** The last moment that four digits of a year can write. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Milliseconds since the epoch. Without a zone the time is taken for UTC, as packagers mean it. */
export function parseDateTime(text: string): number | undefined {
  return parseUsual(text) ?? parseAny(text);
}

/**
 * `2026-01-01T00:00:00Z`, with milliseconds or without: what nearly all packagers write. Read by
 * place, since a list may have it at every segment and is polled for ever; five times as fast.
 */
function parseUsual(text: string): number | undefined {
  const { length } = text;
  if ((length !== 20 && length !== 24) || text.charCodeAt(length - 1) !== 0x5a) return undefined;
  // 0123456789012345678901234
  // YYYY-MM-DDThh:mm:ss.sssZ
  const isDivided =
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a;
  if (!isDivided || (length === 24 && text.charCodeAt(19) !== 0x2e)) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const ms = length === 24 ? digits(text, 20, 3) : 0;
  if (Number.isNaN(year + month + day + hour + minute + second + ms)) return undefined;
  return utcMs(year, month, day, hour, minute, second, ms);
}

/** A number of so many digits, NaN where one is none. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * ISO 8601 as it is met: basic and extended, `T` or a space, fractions behind a point or comma,
 * seconds absent, `Z`, `+02:00`, `+0200`, `+02` or no zone at all.
 */
const DATE_TIME =
  /^"?(\d{4})-?(\d\d)-?(\d\d)[T _]\s*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{0,12}))?)?\s*(?:Z|UTC|GMT|([+-])(\d\d):?(\d\d)?)?"?$/i;

function parseAny(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute] = match;
  const ms = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  const localMs = utcMs(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second ?? 0),
    ms,
  );
  if (localMs === undefined) return undefined;
  const zoneMs = (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0)) * 60_000;
  return inRange(sign === '-' ? localMs + zoneMs : localMs - zoneMs);
}

/** `month` from 1. A second of 60 is a leap second and becomes the first of the next minute. */
function utcMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number | undefined {
  if (year < FIRST_YEAR || month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  if (hour > 24 || minute > 59 || second > 60) return undefined;
  return inRange(Date.UTC(year, month - 1, day, hour, minute, second, ms));
}

function inRange(ms: number): number | undefined {
  return ms >= FIRST_MS && ms <= LAST_MS ? ms : undefined;
}

// RFC 8216 §4.3.2.6: <YYYY-MM-DDThh:mm:ss.SSSZ>
export function formatDateTime(ms: number): string {
  return new Date(ms).toISOString();
}
