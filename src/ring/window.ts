// This file says how long a window is, and how much memory it takes to keep what it promises.

/** A live playlist holds at least this many segments where there are as many… */
export const WINDOW_SEGMENTS_MIN = 6;
/** …and never less than this many target durations: RFC 8216 §6.2.2. */
export const WINDOW_TARGET_DURATIONS = 3;
/** A player starts this far from the end: RFC 8216 §6.3.3. */
const START_SEGMENTS = 3;
/**
 * A list may be this old when it is read: caches keep it for a second, and we say the same for a
 * quarter of one.
 */
export const LIST_AGE_MS = 1250;

/** Segments that a list should have, so that players that start in it have `ahead` behind them. */
export function windowSegmentsFor(ahead: number): number {
  return START_SEGMENTS + Math.max(START_SEGMENTS, ahead);
}

/** What is known of the size of a rendition's segments. */
export type SegmentSize = { readonly bytesPerS: number; readonly segmentS: number };

/**
 * What a rendition holds while somebody watches it.
 *
 *     promised: its own time and that of the longest list │ listed: the window │ the next
 *
 * Both go by the window, so a shorter one takes half as much twice. Of a finished stream nothing is
 * promised: it is held as there is room.
 */
export function neededBytes(
  { bytesPerS, segmentS }: SegmentSize,
  windowSegments: number,
  targetDurationS: number,
): number {
  // RFC 8216 §6.2.2: a segment leaves only where three target durations stay
  const leastSegments = Math.ceil((WINDOW_TARGET_DURATIONS * targetDurationS) / segmentS);
  const windowS = Math.max(windowSegments, leastSegments) * segmentS;
  return bytesPerS * (2 * windowS + 2 * segmentS + LIST_AGE_MS / 1000);
}
