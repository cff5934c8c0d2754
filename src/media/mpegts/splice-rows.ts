// This file finds the rows of a stretch that its plan turns on.
import { FATE } from './splice-fates.ts';
import type { Material } from './splice-lines.ts';
import type { SpliceNotes } from './splice-notes.ts';
import type { Stretch } from './splice-stretches.ts';
import { ticksBetween } from './timestamp.ts';

/** Enough to find the usual one. */
const SPACINGS_MAX = 64;

/** The first frame of the lead. */
export function firstTimed(notes: SpliceNotes, stretch: Stretch): number | undefined {
  for (let row = stretch.fromRow; row < stretch.toRow; row++) {
    if (notes.stream[row] === stretch.lead && notes.isTimed(row)) return row;
  }
  return undefined;
}

export function lastKept(
  { notes, fates }: Material,
  stretch: Stretch,
  stream: number,
): number | undefined {
  for (let row = stretch.toRow - 1; row >= stretch.fromRow; row--) {
    const isKept = notes.stream[row] === stream && fates.fate[row] === FATE.keep;
    if (isKept && notes.isTimed(row)) return row;
  }
  return undefined;
}

/** Where the first packet that is kept is. */
export function firstKept({ notes, fates }: Material, stretch: Stretch): number {
  for (let row = stretch.fromRow; row < stretch.toRow; row++) {
    if (fates.fate[row] === FATE.keep) return notes.at[row]!;
  }
  return stretch.toAt;
}

/** Between two frames of the lead. */
export function usualSpacing(notes: SpliceNotes, stretch: Stretch): number | undefined {
  const spacings: number[] = [];
  let before: number | undefined;
  for (let row = stretch.fromRow; row < stretch.toRow && spacings.length < SPACINGS_MAX; row++) {
    if (notes.stream[row] !== stretch.lead || !notes.isTimed(row)) continue;
    const dts90k = notes.dts90k[row]!;
    const step = before === undefined ? 0 : ticksBetween(before, dts90k);
    if (step > 0) spacings.push(step);
    before = dts90k;
  }
  return spacings.sort((left, right) => left - right)[spacings.length >> 1];
}
