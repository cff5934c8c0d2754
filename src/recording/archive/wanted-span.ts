// This file decides which stretch of an archive answers what a viewer asks for.
import { formatDuration } from '../../config/duration.ts';
import type { ArchivedRendition, TimeSpan } from './archived.ts';
import { segmentsBefore } from './segment-pages.ts';

export type Wanted =
  /** From one time to another, which may not have come yet. */
  | { readonly kind: 'span'; readonly fromMs: number; readonly toMs: number }
  /** From a time to now, and on. */
  | { readonly kind: 'at'; readonly atMs: number }
  /** As if it were so much earlier. */
  | { readonly kind: 'delay'; readonly delayMs: number };

export type Found =
  | {
      readonly kind: 'span';
      readonly span: TimeSpan;
      /** The end of the span has not been archived yet, and may be. */
      readonly grows: boolean;
      /** Nor has it come yet. */
      readonly isToCome: boolean;
    }
  | { readonly kind: 'window'; readonly endMs: number; readonly count: number }
  /** `why` tells what is held. */
  | { readonly kind: 'none'; readonly why: string };

/** A list from a time to now ends after so long: longer than a programme, and half a megabyte. */
export const AT_SPAN_MS = 3 * 3_600_000;
/** A day: what a player loads as one list, and what anybody takes home as one file. */
export const SPAN_MAX_MS = 24 * 3_600_000;
/** Nothing came for so long: what is awaited will not come. The longest repair of a source. */
const STALE_MS = 10 * 60_000;
/** A list that slides names so much: a player holds three segments, and may fall behind. */
const WINDOW_S = 60;
const WINDOW_SEGMENTS_MIN = 6;
/** Clocks of set-top boxes are ahead of ours by as much: what ends then, to them ends now. */
const CLOCKS_MS = 10_000;
/** Who asks for now, of which nothing is stored yet, begins as far back as a live player does. */
const LIVE_TARGETS = 3;

export function findWanted(rendition: ArchivedRendition, wanted: Wanted, nowMs: number): Found {
  const held = rendition.held();
  if (held === undefined) return { kind: 'none', why: 'nothing is stored yet' };
  switch (wanted.kind) {
    case 'span':
      return findSpan(rendition, held, wanted, nowMs);
    case 'at':
      return findFrom(rendition, held, wanted.atMs, nowMs);
    case 'delay':
      return findWindow(rendition, held, wanted.delayMs, nowMs);
  }
}

function findSpan(
  rendition: ArchivedRendition,
  held: TimeSpan,
  { fromMs, toMs }: TimeSpan,
  nowMs: number,
): Found {
  // What is on now, and has hardly begun, is there as soon as its first segment is
  const span = { fromMs: Math.max(fromMs, held.fromMs), toMs };
  if (span.fromMs >= span.toMs) return nothingThere(held);
  if (rendition.segments(span, 1).length === 0) return nothingThere(held);
  const grows = held.toMs < toMs && !isStale(held, nowMs);
  return { kind: 'span', span, grows, isToCome: toMs > nowMs + CLOCKS_MS };
}

function findFrom(
  rendition: ArchivedRendition,
  held: TimeSpan,
  atMs: number,
  nowMs: number,
): Found {
  if (atMs > nowMs) return { kind: 'none', why: `that time is still to come: ${told(held)}` };
  const latestMs = held.toMs - LIVE_TARGETS * rendition.targetDurationS * 1000;
  const fromMs = Math.max(held.fromMs, atMs < held.toMs ? atMs : latestMs);
  // Who begins in the same segment has the same list
  const [first] = rendition.segments({ fromMs, toMs: Number.MAX_SAFE_INTEGER }, 1);
  const beginMs = first?.startMs ?? fromMs;
  return findSpan(rendition, held, { fromMs, toMs: beginMs + AT_SPAN_MS }, nowMs);
}

function findWindow(
  rendition: ArchivedRendition,
  held: TimeSpan,
  delayMs: number,
  nowMs: number,
): Found {
  const endMs = nowMs - delayMs;
  const count = Math.max(WINDOW_SEGMENTS_MIN, Math.ceil(WINDOW_S / rendition.targetDurationS));
  if (segmentsBefore(rendition, endMs, 1).length > 0) return { kind: 'window', endMs, count };
  const longest = formatDuration(Math.max(0, Math.floor((nowMs - held.fromMs) / 1000) * 1000));
  return { kind: 'none', why: `${told(held)}, wanted a delay of less than ${longest}` };
}

function isStale(held: TimeSpan, nowMs: number): boolean {
  return nowMs - held.toMs > STALE_MS;
}

function nothingThere(held: TimeSpan): Found {
  return { kind: 'none', why: `nothing is stored of that time: ${told(held)}` };
}

/** What is held, for a message. */
function told({ fromMs, toMs }: TimeSpan): string {
  return `it holds ${isoSecond(fromMs)} to ${isoSecond(toMs)}`;
}

export function isoSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
