// This file gives the entries that a line-up did not have before the ids they keep.
import { assignIds, idFromName, type WantedId } from '../../channel-id.ts';
import type { ListEntry } from '../list-entry.ts';
import type { PackedRows } from '../packed-rows.ts';
import { fingerprint } from './fingerprint.ts';
import { stableUrl } from './identity.ts';

export type NewIds = {
  /** By the index of the entry. */
  readonly ids: ReadonlyMap<number, string>;
  /** That the list gives to any of them. */
  readonly highestNumber: number;
};

/** `found` says which have theirs. */
export function newIds(
  entries: PackedRows<ListEntry>,
  found: Int32Array,
  isTaken: (id: string) => boolean,
): NewIds {
  const fresh: number[] = [];
  for (const [index, row] of found.entries()) if (row < 0) fresh.push(index);
  if (fresh.length === 0) return { ids: new Map(), highestNumber: 0 };
  let highestNumber = 0;
  const wanted: WantedId[] = [];
  const used = new Set<number>();
  let index = 0;
  for (const entry of entries) {
    if ((found[index++] as number) >= 0) continue;
    const parts = stableParts(entry);
    const stable = fingerprint(...parts);
    // Of twins the address tells which is which, as it is
    const key = [...parts, ...(used.has(stable) ? [entry.url] : [])].join('\n');
    used.add(stable);
    wanted.push({ id: entry.formerId ?? idFromName(entry.guide ?? entry.name), key });
    highestNumber = Math.max(highestNumber, Math.floor(entry.number ?? 0));
  }
  const ids = assignIds(wanted, isTaken);
  return { ids: new Map(fresh.map((index, at) => [index, ids[at] as string])), highestNumber };
}

/** Together different for nearly all, and without what changes with an account. */
function stableParts(entry: ListEntry): readonly string[] {
  const { host, path } = stableUrl(entry.url);
  return [`${host}${path}`, entry.name, entry.group ?? ''];
}
