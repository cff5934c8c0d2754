// This file reads the segments of an archive in pages, so that nobody waits for a long span.
import { othersTurn } from '../../base/turn.ts';
import type { ArchivedRendition, ArchivedSegment, TimeSpan } from './archived.ts';

/** Rows read in one turn: they take a millisecond or two, with what is made of each. */
export const PAGE_SEGMENTS = 500;

export function endMs({ startMs, durationS }: ArchivedSegment): number {
  return startMs + durationS * 1000;
}

/** Those that touch the span, the oldest first; others have their turn between two pages. */
export async function* segmentPages(
  rendition: ArchivedRendition,
  span: TimeSpan,
): AsyncGenerator<readonly ArchivedSegment[]> {
  let { fromMs } = span;
  let after = -1;
  for (;;) {
    const rows = rendition.segments({ fromMs, toMs: span.toMs }, PAGE_SEGMENTS);
    const page = rows.filter(({ number }) => number > after);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (rows.length < PAGE_SEGMENTS) return;
    after = last.number;
    fromMs = last.startMs;
    await othersTurn();
  }
}

/** So many looks find the end of a hole of a year to the second. */
const LOOKS_MAX = 48;

/** The newest `count` segments that have ended by `atMs`, the oldest first. */
export function segmentsBefore(
  rendition: ArchivedRendition,
  atMs: number,
  count: number,
): readonly ArchivedSegment[] {
  const held = rendition.held();
  if (held === undefined) return [];
  // Too short a look may find none, for there may be a hole; too long a one finds the oldest
  let short = 0;
  let long = Number.POSITIVE_INFINITY;
  let widthMs = 2 * count * rendition.targetDurationS * 1000;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const isAll = atMs - widthMs <= held.fromMs;
    const rows = rendition.segments({ fromMs: atMs - widthMs, toMs: atMs }, PAGE_SEGMENTS);
    if (rows.length === PAGE_SEGMENTS) long = widthMs;
    else {
      const ended = rows.filter((row) => endMs(row) <= atMs + ROUNDING_MS);
      if (ended.length >= count || isAll) return ended.slice(-count);
      short = widthMs;
    }
    widthMs = Number.isFinite(long) ? (short + long) / 2 : widthMs * 2;
  }
  return [];
}

/** Durations are decimals: the end of one is the beginning of the next but for this. */
export const ROUNDING_MS = 1;
