// This file says which segments a synthetic live channel has at a given time, restarts included.

/**
 * A run of an upstream encoder. `index` counts the segments a channel ever had, over all runs, and
 * decides the bytes; `sequence` is what the run's own playlist calls them.
 */
export type Generation = {
  readonly number: number;
  readonly startedAtMs: number;
  readonly firstIndex: number;
  readonly firstSequence: number;
  /** Segments that were there at once. */
  readonly listedAtStart: number;
  /** Part of the file names; empty where a restart uses the old names again. */
  readonly prefix: string;
};

/** The newest index of `generation` at `nowMs`; one less than its first where it has none yet. */
export function newestIndex(generation: Generation, targetMs: number, nowMs: number): number {
  const made = Math.floor(Math.max(0, nowMs - generation.startedAtMs) / targetMs);
  return generation.firstIndex + generation.listedAtStart + made - 1;
}

/** When `index` was done; before the run's start for those that were there at once. */
export function doneAtMs(generation: Generation, targetMs: number, index: number): number {
  const after = index - generation.firstIndex - generation.listedAtStart + 1;
  return generation.startedAtMs + after * targetMs;
}

export function sequenceOf(generation: Generation, index: number): number {
  return index - generation.firstIndex + generation.firstSequence;
}

export function indexOf(generation: Generation, sequence: number): number {
  return sequence - generation.firstSequence + generation.firstIndex;
}
