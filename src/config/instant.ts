// This file reads points in time and times of day.

/**
 * Milliseconds since the epoch of an ISO 8601 time with its zone, 2026-01-01T00:00:00Z or
 * 2026-01-01T08:00:00.500+08:00. A time without a zone means another instant on every machine, so
 * it is refused.
 */
export function parseInstant(text: string): number | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?([Zz]|[+-]\d{2}:\d{2})$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, day, time, zone] = match as unknown as [string, string, string, string];
  const atMs = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(atMs)) return undefined;
  // Some parsers roll 31 February over into March.
  const dayOnly = new Date(`${day}T00:00:00Z`);
  return dayOnly.toISOString().startsWith(day) ? atMs : undefined;
}

/** Minutes since midnight of HH:MM. */
export function parseDayTime(text: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
}
