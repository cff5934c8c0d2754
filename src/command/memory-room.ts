// This file says in words how many channels at once the memory is enough for.
import type { Config } from '../config/config.ts';
import { formatSize } from '../config/size.ts';
import { SHARED_PART } from '../ring/shares.ts';
import { neededBytes, WINDOW_TARGET_DURATIONS, windowSegmentsFor } from '../ring/window.ts';

/** What operators relay: full HD, and what a phone is given. */
const EXAMPLES = [
  { megabits: 8, segmentS: 6 },
  { megabits: 3, segmentS: 4 },
] as const;

export type Room = {
  /** The channel that is meant, in words. */
  readonly of: string;
  readonly eachBytes: number;
  readonly count: number;
  /** With the shortest lists that the standard allows: what it comes to when memory is short. */
  readonly leastBytes: number;
  readonly most: number;
};

/** For each example, how many of its kind can be watched at once. */
export function roomFor({ memoryBytes, prefetch }: Config): Room[] {
  return EXAMPLES.map(({ megabits, segmentS }) => {
    const size = { bytesPerS: (megabits * 1e6) / 8, segmentS };
    const eachBytes = neededBytes(size, windowSegmentsFor(prefetch.ahead), segmentS);
    const leastBytes = neededBytes(size, WINDOW_TARGET_DURATIONS, segmentS);
    const sharedBytes = memoryBytes * SHARED_PART;
    return {
      of: `${megabits} Mbit/s in segments of ${segmentS} s`,
      eachBytes,
      count: Math.floor(sharedBytes / eachBytes),
      leastBytes,
      most: Math.floor(sharedBytes / leastBytes),
    };
  });
}

/** For `weir check`. */
export function memoryRows(config: Config): string[] {
  const rows = roomFor(config).map(({ of, eachBytes, count, leastBytes, most }) => {
    const full = `${round(eachBytes)} a channel, ${count} at once`;
    return `${of}: ${full}; where it is short ${round(leastBytes)}, ${most} at once`;
  });
  return [`${formatSize(config.memoryBytes)} for the segments of what is watched`, ...rows];
}

/** Megabytes are exact enough for what depends on the encoder. */
function round(sizeBytes: number): string {
  return `${Math.ceil(sizeBytes / 1e6)}MB`;
}
