// This file keeps the seeds that found something, so that it stays found.

/** Each broke an invariant before the core was mended; `caught` says how. */
export const FOUND_SEEDS: readonly { readonly seed: number; readonly caught: string }[] = [];
