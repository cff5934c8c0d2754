// This file gives the entries that a line-up did not have before the ids they keep.
import { assignIds, idFromName } from './channel-id.ts';
import { fingerprint } from './fingerprint.ts';
import { stableUrl } from './identity.ts';
import type { ListEntry } from './list-entry.ts';
import type { PackedRows } from './packed-rows.ts';

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
  const wanted: string[] = [];
  eachFresh(entries, found, ({ formerId, guide, name, number = 0 }) => {
    wanted.push(formerId ?? idFromName(guide ?? name));
    highestNumber = Math.max(highestNumber, Math.floor(number));
  });
  const ids = assignIds(wanted, isTaken, (tell) => {
    const used = new Set<number>();
    eachFresh(entries, found, (entry, at) => {
      const parts = stableParts(entry);
      const stable = fingerprint(...parts);
      // Of twins the address tells which is which, as it is
      tell(at, () => [...parts, ...(used.has(stable) ? [entry.url] : [])].join('\n'));
      used.add(stable);
    });
  });
  return { ids: new Map(fresh.map((index, at) => [index, ids[at] as string])), highestNumber };
}

/** `at` counts those that are new. */
function eachFresh(
  entries: PackedRows<ListEntry>,
  found: Int32Array,
  look: (entry: ListEntry, at: number) => void,
): void {
  let index = 0;
  let at = 0;
  for (const entry of entries) if ((found[index++] as number) < 0) look(entry, at++);
}

/** Together different for nearly all, and without what changes with an account. */
function stableParts(entry: ListEntry): readonly string[] {
  const { host, path } = stableUrl(entry.url);
  return [`${host}${path}`, entry.name, entry.group ?? ''];
}
