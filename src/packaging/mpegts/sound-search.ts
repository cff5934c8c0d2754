// This file finds the segment of sound that is heard at a time of the picture.
import { TICKS_PER_SECOND, ticksBetween } from '../../media/mpegts/timestamp.ts';
import type { Segment } from '../../ring/rendition-ring.ts';

/** When a segment begins and ends by its own frames. */
export type Timed = { readonly startTicks: number; readonly endTicks: number };

/** Clocks that are further apart tell nothing of each other. */
export const APART_TICKS = 60 * TICKS_PER_SECOND;
/** Each look opens a segment, and of a finished stream fetches it. */
const LOOKS_MAX = 40;

/**
 * Of `candidates`, which follow one another in time, the one that is heard at `atTicks`, or the first
 * that comes after it where there is a hole. 'later': there will be one, but not yet.
 * Undefined where their clocks have nothing to do with that time. Only what `measure` tells counts:
 * neither numbers nor the lengths in a list say when a segment is heard. They say where to look next.
 */
export async function findSound(
  candidates: readonly Segment[],
  guess: number,
  atTicks: number,
  measure: (segment: Segment) => Promise<Timed | undefined>,
): Promise<Segment | 'later' | undefined> {
  const left = [...candidates];
  let below = -1;
  let above = left.length;
  let index = guess;
  let isAnyNear = false;
  for (let looks = 0; above - below > 1 && looks < LOOKS_MAX; looks++) {
    index = Math.min(Math.max(index, below + 1), above - 1);
    const segment = left[index] as Segment;
    const timed = await measure(segment);
    const aheadTicks = timed === undefined ? undefined : ticksBetween(timed.startTicks, atTicks);
    if (timed === undefined || aheadTicks === undefined || Math.abs(aheadTicks) > APART_TICKS) {
      // It cannot be read, or is of another time: as if it were not there
      left.splice(index, 1);
      above -= 1;
      continue;
    }
    isAnyNear = true;
    if (aheadTicks < 0) {
      above = index;
    } else if (ticksBetween(atTicks, timed.endTicks) > 0) {
      return segment;
    } else {
      below = index;
    }
    index = stepFrom(left, index, aheadTicks / TICKS_PER_SECOND);
  }
  if (!isAnyNear) return undefined;
  return left[below + 1] ?? 'later';
}

/** The place that lies so many seconds further, by the lengths in the list. */
function stepFrom(segments: readonly Segment[], from: number, seconds: number): number {
  let index = from;
  let leftS = seconds;
  while (leftS >= lengthAt(segments, index) && index < segments.length) {
    leftS -= lengthAt(segments, index);
    index += 1;
  }
  while (leftS < 0 && index >= 0) {
    index -= 1;
    leftS += lengthAt(segments, index);
  }
  return index === from ? from + 1 : index;
}

function lengthAt(segments: readonly Segment[], index: number): number {
  return segments[index]?.listed.durationS ?? 1;
}
