// This file carries program date and time on to the segments of a list that have no tag of their own.
import type { MediaSegment } from '../../media/m3u8/playlist.ts';

/** Program date and time of a segment, and whether it follows from another's. */
export type SegmentDate = { readonly programDateTimeMs?: number; readonly isDateCarried?: true };

const UNDATED: SegmentDate = {};

/**
 * RFC 8216 §6.3.3: a segment without the tag begins when the one before it ends. Not over a
 * discontinuity: there the clock may have been set anew. A tag always wins: durations are rounded.
 */
export function* carriedDates(segments: readonly MediaSegment[]): Generator<SegmentDate> {
  let nextMs: number | undefined;
  for (const { programDateTimeMs, discontinuity, duration } of segments) {
    if (programDateTimeMs !== undefined) {
      nextMs = programDateTimeMs;
      yield { programDateTimeMs };
    } else {
      if (discontinuity) nextMs = undefined;
      yield nextMs === undefined
        ? UNDATED
        : { programDateTimeMs: Math.round(nextMs), isDateCarried: true };
    }
    if (nextMs !== undefined) nextMs += duration * 1000;
  }
}
