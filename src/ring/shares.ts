// This file shares the memory among the renditions that are watched: how long their windows may be.
import type { RenditionRing } from './rendition-ring.ts';
import { neededBytes, type SegmentSize, WINDOW_TARGET_DURATIONS } from './window.ts';

/** A finished stream is kept as there is room; that of it which is on its way must have some. */
const ON_DEMAND_SEGMENTS = 3;
/** The rest is for segments that are larger than those before them. */
export const SHARED_PART = 0.95;

/** Of which nothing is known, it is taken to be like the largest of the others. */
export function assumedSize(rings: Iterable<RenditionRing>): SegmentSize | undefined {
  let largest: SegmentSize | undefined;
  for (const { size } of rings) {
    const { measured } = size;
    if (measured === undefined) continue;
    if (largest === undefined || measured.bytesPerS > largest.bytesPerS) largest = measured;
  }
  return largest;
}

/** What a rendition needs with a window of so many segments. */
export function needOf(
  ring: RenditionRing,
  segments: number,
  assumed: SegmentSize | undefined,
): number {
  const size = ring.size.sizeOr(assumed);
  if (size === undefined) return 0;
  if (ring.onDemand) return size.bytesPerS * size.segmentS * ON_DEMAND_SEGMENTS;
  const targetDurationS = ring.targetDurationS === 0 ? size.segmentS : ring.targetDurationS;
  return neededBytes(size, segments, targetDurationS);
}

export type Shares = {
  /** Whether all fit at all, with the shortest windows there may be. */
  readonly fits: boolean;
  /** Segments of the window of each, so that all fit where they can. */
  readonly windows: ReadonlyMap<RenditionRing, number>;
};

/** All windows are shortened alike, between what each should be and three segments. */
export function shareMemory(rings: readonly RenditionRing[], budgetBytes: number): Shares {
  const assumed = assumedSize(rings);
  let leastBytes = 0;
  let mostBytes = 0;
  for (const ring of rings) {
    leastBytes += needOf(ring, WINDOW_TARGET_DURATIONS, assumed);
    mostBytes += needOf(ring, ring.wantedSegments, assumed);
  }
  const spareBytes = budgetBytes * SHARED_PART - leastBytes;
  const between = mostBytes - leastBytes;
  const part = spareBytes >= between ? 1 : Math.max(0, spareBytes / between);
  const windows = new Map<RenditionRing, number>();
  for (const ring of rings) {
    const extra = ring.wantedSegments - WINDOW_TARGET_DURATIONS;
    windows.set(ring, WINDOW_TARGET_DURATIONS + Math.floor(part * extra));
  }
  return { fits: spareBytes >= 0, windows };
}
