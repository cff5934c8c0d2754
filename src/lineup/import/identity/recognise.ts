// This file finds out which entries of a list are which of those that are known.

import type { ListEntries } from '../list-entries.ts';
import type { KnownRows } from '../packed-entries.ts';
import { KeyIndex, NONE, SEVERAL } from './key-index.ts';
import type { KnownEntry } from './known-entry.ts';
import type { KnownMarks } from './known-marks.ts';
import { search } from './search.ts';

export type Recognised = {
  /** For each entry the index of what it was, -1 where it is new. */
  readonly found: Int32Array;
  /** By the index of an entry: what it was, where it is known by something else than before. */
  readonly altered: ReadonlyMap<number, KnownEntry>;
};

/**
 * Nearly all are known by name, group, guide and address without its tokens, each alone on both
 * sides: that is found out by numbers. What is left over is looked at as it is.
 */
export function recognise(
  { rows, keys }: ListEntries,
  known: KnownRows,
  marks: KnownMarks,
): Recognised {
  const found = new Int32Array(rows.length).fill(NONE);
  if (known.length === 0) return { found, altered: new Map() };
  const isTaken = pairAlone(keys, marks.keys, found);
  const openEntries = indexesWhere(found.length, (index) => found[index] === NONE);
  const openKnown = indexesWhere(marks.length, (index) => isTaken[index] === 0);
  if (openEntries.size === 0 || openKnown.size === 0) return { found, altered: new Map() };
  const left = known.pick(openKnown);
  const others = () => without(rows, openEntries);
  const { found: late, isAsBefore } = search(rows.pick(openEntries), left, others);
  const altered = new Map<number, KnownEntry>();
  for (const [entry, row] of late) {
    found[entry] = row;
    if (!isAsBefore(entry)) altered.set(entry, left.get(row) as KnownEntry);
  }
  return { found, altered };
}

/** Fills in `found`; returns which of the known were. */
function pairAlone(
  keys: readonly number[],
  knownKeys: Float64Array,
  found: Int32Array,
): Uint8Array {
  const known = new KeyIndex(knownKeys);
  const claims = new Int32Array(knownKeys.length).fill(NONE);
  for (const [index, key] of keys.entries()) {
    const row = known.find(key);
    if (row >= 0) claims[row] = claims[row] === NONE ? index : SEVERAL;
  }
  const isTaken = new Uint8Array(knownKeys.length);
  for (const [row, entry] of claims.entries()) {
    if (entry < 0) continue;
    found[entry] = row;
    isTaken[row] = 1;
  }
  return isTaken;
}

function indexesWhere(count: number, is: (index: number) => boolean): ReadonlySet<number> {
  const indexes = new Set<number>();
  for (let index = 0; index < count; index++) if (is(index)) indexes.add(index);
  return indexes;
}

function* without<T>(rows: Iterable<T>, indexes: ReadonlySet<number>): Generator<T, void> {
  let index = 0;
  for (const row of rows) if (!indexes.has(index++)) yield row;
}
