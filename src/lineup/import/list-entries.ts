// This file packs the entries of a list that is read.
import { addressKey } from './identity/identity.ts';
import type { ListEntry } from './list-entry.ts';
import { type PackedRows, RowPacker } from './packed-rows.ts';

export type ListEntries = {
  readonly rows: PackedRows<ListEntry>;
  /** See addressKey(): to have them saves unpacking the rows. */
  readonly keys: readonly number[];
};

export class EntryPacker {
  readonly #rows = new RowPacker<ListEntry>();
  readonly #keys: number[] = [];

  add(entry: ListEntry): void {
    this.#rows.add(entry);
    this.#keys.push(addressKey(entry));
  }

  end(): ListEntries {
    return { rows: this.#rows.end(), keys: this.#keys };
  }
}

export function packEntries(entries: Iterable<ListEntry>): ListEntries {
  const packer = new EntryPacker();
  for (const entry of entries) packer.add(entry);
  return packer.end();
}
