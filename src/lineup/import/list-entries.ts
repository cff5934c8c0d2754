// This file packs the entries of a list that is read.
import { addressKey } from './identity/identity.ts';
import { Wishes } from './identity/wishes.ts';
import type { ListEntry } from './list-entry.ts';
import { type PackedRows, RowPacker } from './packed-rows.ts';

export type ListEntries = {
  readonly rows: PackedRows<ListEntry>;
  /** See addressKey(): to have them saves unpacking the rows. */
  readonly keys: readonly number[];
  /** Of the last of them, for the same reason. */
  readonly wishes: Wishes;
};

export class EntryPacker {
  readonly #rows = new RowPacker<ListEntry>();
  readonly #keys: number[] = [];
  readonly #wishes = new Wishes();
  readonly #knownCount: number;

  /** `knownCount`: those that are more than were there before are new, for the most part. */
  constructor(knownCount: number) {
    this.#knownCount = knownCount;
  }

  add(entry: ListEntry): void {
    this.#rows.add(entry);
    this.#keys.push(addressKey(entry));
    if (this.#keys.length > this.#knownCount) this.#wishes.add(entry);
  }

  end(): ListEntries {
    return { rows: this.#rows.end(), keys: this.#keys, wishes: this.#wishes };
  }
}

export function packEntries(entries: Iterable<ListEntry>, knownCount = 0): ListEntries {
  const packer = new EntryPacker(knownCount);
  for (const entry of entries) packer.add(entry);
  return packer.end();
}
