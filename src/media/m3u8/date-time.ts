// This file reads and writes the dates of EXT-X-PROGRAM-DATE-TIME.

/**
 * ISO 8601 as it is met: basic and extended, `T` or a space, fractions behind a point or comma,
 * seconds absent, `Z`, `+02:00`, `+0200`, `+02` or no zone at all.
 */
const DATE_TIME =
  /^"?(\d{4})-?(\d\d)-?(\d\d)[T _]\s*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{0,12}))?)?\s*(?:Z|UTC|GMT|([+-])(\d\d):?(\d\d)?)?"?$/i;

/** Years below 100 mean the 20th century to Date.UTC; nothing was broadcast before it anyway. */
const FIRST_YEAR = 1900;
const FIRST_MS = Date.UTC(FIRST_YEAR, 0, 1);
/** The last moment that four digits of a year can write. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Milliseconds since the epoch. Without a zone the time is taken for UTC, as packagers mean it. */
export function parseDateTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute] = match;
  if (Number(year) < FIRST_YEAR || !isDate(Number(month), Number(day))) return undefined;
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  const localMs =
    Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      // 60 is a leap second and becomes the first of the next minute.
      Number(second ?? 0),
    ) + Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  const zoneMs = (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0)) * 60_000;
  const utcMs = sign === '-' ? localMs + zoneMs : localMs - zoneMs;
  return utcMs >= FIRST_MS && utcMs <= LAST_MS ? utcMs : undefined;
}

function isDate(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// RFC 8216 §4.3.2.6: <YYYY-MM-DDThh:mm:ss.SSSZ>
export function formatDateTime(ms: number): string {
  return new Date(ms).toISOString();
}
