// This file reads what a viewer asks of an archive: times and lengths in the query of an address.
import { parseDuration } from '../config/duration.ts';
import { parseInstant } from '../config/instant.ts';
import { AT_SPAN_MS, SPAN_MAX_MS, type Wanted } from '../recording/archive/wanted-span.ts';
import { CORS } from './headers.ts';
import { pathOf, queryOf } from './query.ts';

export type WantedQuery = Wanted | { readonly kind: 'wrong'; readonly why: string };

/** Unix seconds with their fraction; more digits are no time of ours. */
const UNIX_SECONDS = /^\d{1,11}(?:\.\d{1,6})?$/;

/** Unix milliseconds, which no time in seconds is as long as. */
const UNIX_MILLISECONDS = /^\d{13}$/;
/** Players fill in `{Y}{m}{d}{H}{M}{S}` as XMLTV writes times; without a zone those are of UTC. */
const COMPACT = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;

/** Unix milliseconds of an RFC 3339 time, or of one in the forms above. */
export function parseTime(text: string): number | undefined {
  if (UNIX_SECONDS.test(text)) return Math.round(Number(text) * 1000);
  if (UNIX_MILLISECONDS.test(text)) return Number(text);
  if (COMPACT.test(text)) return parseInstant(text.replace(COMPACT, '$1-$2-$3T$4:$5:$6Z'));
  // In a query a plus that nobody escaped means a space
  return parseInstant(text.trim().replace(/ (\d{2}:\d{2})$/, '+$1'));
}

/** Milliseconds of `30m` as the configuration writes it, or of seconds. */
export function parseLength(text: string): number | undefined {
  if (UNIX_SECONDS.test(text)) return Math.round(Number(text) * 1000);
  return parseDuration(text.trim());
}

/** What makes a live playlist one of the past; `utc` is what Kodi calls `at`. No delay is live. */
export function isRewind(query: URLSearchParams | undefined): query is URLSearchParams {
  if (query === undefined) return false;
  const delay = query.get('delay') ?? '';
  return (delay !== '' && parseLength(delay) !== 0) || query.has('at') || query.has('utc');
}

/** As long as a list from a time on is. */
const FILE_S = AT_SPAN_MS / 1000;

/**
 * An endless stream goes on from now alone. Players that append `utc=` to whatever they play are sent
 * to the file of what was on from then, which can be sought in: `file` is its path from our root. It
 * is said from the address of the stream, since only players know what that is under.
 */
export function pastFile(url: string, file: string): Response | undefined {
  const query = queryOf(url);
  const at = query?.get('at') || query?.get('utc') || undefined;
  if (at === undefined) return undefined;
  const wanted = new URLSearchParams({ from: at, duration: String(FILE_S) });
  const root = '../'.repeat(pathOf(url).split('/').length - 2);
  const location = `${root}${file}?${wanted}`;
  return new Response(null, { status: 302, headers: { ...CORS, location } });
}

/** `delay=`, `at=`, or `from=` with `to=` or `duration=`: one of the three. */
export function wantedIn(query: URLSearchParams | undefined, nowMs: number): WantedQuery {
  const given = (key: string): string | undefined => query?.get(key) || undefined;
  const delay = given('delay');
  const at = given('at') ?? given('utc');
  const from = given('from');
  const count = [delay, at, from].filter((value) => value !== undefined).length;
  if (count !== 1) return wrong('wanted one of ?delay=, ?at= and ?from=&to=');
  if (delay !== undefined) {
    const delayMs = parseLength(delay);
    if (delayMs === undefined) return wrong('wanted a delay such as ?delay=30m or seconds');
    return { kind: 'delay', delayMs };
  }
  if (at !== undefined) {
    const atMs = parseTime(at);
    return atMs === undefined ? wrong(`at: ${TIME_WANTED}`) : { kind: 'at', atMs };
  }
  return spanIn(from as string, given('to'), given('duration'), nowMs);
}

const TIME_WANTED = 'wanted a time such as 2026-11-21T20:00:00Z or Unix seconds';

function spanIn(
  from: string,
  to: string | undefined,
  duration: string | undefined,
  nowMs: number,
): WantedQuery {
  const fromMs = parseTime(from);
  if (fromMs === undefined) return wrong(`from: ${TIME_WANTED}`);
  if (to !== undefined && duration !== undefined) return wrong('wanted ?to= or ?duration=');
  const lengthMs = duration === undefined ? undefined : parseLength(duration);
  if (duration !== undefined && lengthMs === undefined) {
    return wrong('wanted a duration such as ?duration=30m or seconds');
  }
  const toMs =
    to === undefined ? (lengthMs === undefined ? nowMs : fromMs + lengthMs) : parseTime(to);
  if (toMs === undefined) return wrong(`to: ${TIME_WANTED}`);
  if (toMs <= fromMs) return wrong('from is not before to');
  if (toMs - fromMs > SPAN_MAX_MS) return wrong('it is too long, wanted 24 hours at most');
  return { kind: 'span', fromMs, toMs };
}

function wrong(why: string): WantedQuery {
  return { kind: 'wrong', why };
}
