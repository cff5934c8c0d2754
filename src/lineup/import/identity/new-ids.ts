// This file gives the entries that a line-up did not have before the ids they keep.
import { assignIds, type WantedId } from '../../channel-id.ts';
import type { ListEntries } from '../list-entries.ts';
import { stableUrl } from './identity.ts';
import { Wishes } from './wishes.ts';

/** In the order of the list. `found` says which have theirs. */
export function newIds(
  entries: ListEntries,
  found: Int32Array,
  isTaken: (id: string) => boolean,
): readonly string[] {
  const fresh: number[] = [];
  for (const [index, row] of found.entries()) if (row < 0) fresh.push(index);
  return assignIds(wantedOf(entries, fresh), isTaken);
}

function wantedOf({ rows, wishes }: ListEntries, fresh: readonly number[]): readonly WantedId[] {
  const firstWish = rows.length - wishes.length;
  const early = new Set(fresh.filter((index) => index < firstWish));
  const others = new Wishes();
  for (const [, entry] of rows.at(early)) others.add(entry, stableUrl(entry.url));
  const wanted: WantedId[] = [];
  const used = new Set<number>();
  /** Whose key one before has: from the index to the place among the fresh. */
  const twins = new Map<number, number>();
  for (const [at, index] of fresh.entries()) {
    const [of, place] = at < early.size ? [others, at] : [wishes, index - firstWish];
    wanted.push(of.at(place));
    const stable = of.stableAt(place);
    if (used.has(stable)) twins.set(index, at);
    used.add(stable);
  }
  // Of those the address tells which is which, as it is
  for (const [index, { url }] of rows.at(new Set(twins.keys()))) {
    const at = twins.get(index) as number;
    const { id, key } = wanted[at] as WantedId;
    wanted[at] = { id, key: `${key}\n${url}` };
  }
  return wanted;
}
