// This file writes the attributes by which players ask for what a channel has shown.
import type { M3uCatchup } from './entry.ts';
import { safeAttributeUrl } from './safe-url.ts';

/**
 * Seconds, since the specifiers of dates are filled in by the zone of the box. With an end the
 * playlist is a finished one, which can be sought in.
 */
const TIMES = 'from={utc}&to={utcend}';

/** More than any archive is long; what a remote shows. */
const MAX_DAYS = 999;

/** Our own base, a path and what was asked for fit, and the line keeps to mpv's 8 KiB. */
const MAX_CHARS = 1024;

/** As every player will read it, or undefined where its URL cannot be written. */
export function safeCatchup({ url, days, isShiftable }: M3uCatchup): M3uCatchup | undefined {
  const safe = safeAttributeUrl(url);
  // No player puts its own host before a path
  if (safe === undefined || safe.startsWith('/') || safe.length > MAX_CHARS) return undefined;
  // Kodi shows no past at all of a channel with 0 days
  const whole = days >= 1 ? Math.min(Math.ceil(days), MAX_DAYS) : 1;
  return { url: safe, days: whole, isShiftable };
}

/**
 * The mode `default` with a whole address: those that know no other (`append`, `shift`) than by the
 * URL of the stream find `timeshift`, siptv's own, where that URL takes what they append.
 */
export function catchupAttributes(safe: M3uCatchup): readonly string[] {
  const { url, days, isShiftable } = safe;
  return [
    'catchup="default"',
    `catchup-days="${days}"`,
    `catchup-source="${url}${url.includes('?') ? '&' : '?'}${TIMES}"`,
    ...(isShiftable ? [`timeshift="${days}"`] : []),
  ];
}
