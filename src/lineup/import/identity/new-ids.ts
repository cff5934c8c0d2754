// This file gives the entries that a line-up did not have before the ids they keep.
import { assignIds, type WantedId } from '../../channel-id.ts';
import type { ListEntries } from '../list-entries.ts';
import { Wishes } from './wishes.ts';

export type NewIds = {
  /** By the index of the entry. */
  readonly ids: ReadonlyMap<number, string>;
  /** That the list gives to any of them. */
  readonly highestNumber: number;
};

/** `found` says which have theirs. */
export function newIds(
  entries: ListEntries,
  found: Int32Array,
  isTaken: (id: string) => boolean,
): NewIds {
  const fresh: number[] = [];
  for (const [index, row] of found.entries()) if (row < 0) fresh.push(index);
  if (fresh.length === 0) return { ids: new Map(), highestNumber: 0 };
  const { wanted, highestNumber } = wantedOf(entries, fresh);
  const ids = assignIds(wanted, isTaken);
  return { ids: new Map(fresh.map((index, at) => [index, ids[at] as string])), highestNumber };
}

function wantedOf({ rows, wishes }: ListEntries, fresh: readonly number[]) {
  const firstWish = rows.length - wishes.length;
  const first = new Wishes();
  const early = new Set(fresh.filter((index) => index < firstWish));
  for (const [, entry] of rows.at(early)) first.add(entry);
  const wanted: WantedId[] = [];
  const used = new Set<number>();
  const twins = new Map<number, number>();
  let highestNumber = 0;
  for (const [at, index] of fresh.entries()) {
    const [of, place] = at < early.size ? [first, at] : [wishes, index - firstWish];
    wanted.push(of.at(place));
    if (used.has(of.stableAt(place))) twins.set(index, at);
    used.add(of.stableAt(place));
    highestNumber = Math.max(highestNumber, Math.floor(of.numberAt(place)));
  }
  // Of those the address tells which is which, as it is
  for (const [index, { url }] of rows.at(new Set(twins.keys()))) {
    const { id, key } = wanted[twins.get(index) as number] as WantedId;
    wanted[twins.get(index) as number] = { id, key: `${key}\n${url}` };
  }
  return { wanted, highestNumber };
}
