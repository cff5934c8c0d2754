// This file packs the entries of a list that is read, and notes what is asked of each later.
import { fingerprint } from './identity/fingerprint.ts';
import { addressKey, stableUrl } from './identity/identity.ts';
import { Wishes } from './identity/wishes.ts';
import type { ListEntry } from './list-entry.ts';
import { type ListPiece, listEntriesIn, listPieceOf } from './packed-entries.ts';
import { endsPiece, PackedRows } from './packed-rows.ts';

/** In columns, by the index of the entry: to have them saves unpacking the rows. */
export type ListEntries = {
  readonly rows: PackedRows<ListEntry, ListPiece>;
  /** See addressKey(). */
  readonly keys: readonly number[];
  /** Fingerprints of their names. */
  readonly nameKeys: readonly number[];
  readonly isLive: readonly boolean[];
  /** That the list gives; 0 where it gives none. */
  readonly numbers: readonly number[];
  /** Of the last of them. */
  readonly wishes: Wishes;
};

export class EntryPacker {
  readonly #pieces: ListPiece[] = [];
  #open: ListEntry[] = [];
  readonly #keys: number[] = [];
  readonly #nameKeys: number[] = [];
  readonly #isLive: boolean[] = [];
  readonly #numbers: number[] = [];
  readonly #wishes = new Wishes();
  readonly #knownCount: number;

  /** `knownCount`: those that are more than were there before are new, for the most part. */
  constructor(knownCount: number) {
    this.#knownCount = knownCount;
  }

  /** `formerId`: what its channel was called before that could be kept. */
  add(entry: ListEntry, formerId?: string): void {
    const at = stableUrl(entry.url);
    const key = addressKey(entry, at);
    this.#open.push(entry);
    this.#keys.push(key);
    this.#nameKeys.push(fingerprint(entry.name));
    this.#isLive.push(entry.kind === undefined);
    this.#numbers.push(entry.number ?? 0);
    if (this.#keys.length > this.#knownCount) this.#wishes.add(entry, at, formerId);
    if (endsPiece(this.#open.length, key)) this.#cut();
  }

  end(): ListEntries {
    if (this.#open.length > 0) this.#cut();
    return {
      rows: new PackedRows(this.#pieces, listEntriesIn),
      keys: this.#keys,
      nameKeys: this.#nameKeys,
      isLive: this.#isLive,
      numbers: this.#numbers,
      wishes: this.#wishes,
    };
  }

  #cut(): void {
    this.#pieces.push(listPieceOf(this.#open));
    this.#open = [];
  }
}

export function packEntries(entries: Iterable<ListEntry>, knownCount = 0): ListEntries {
  const packer = new EntryPacker(knownCount);
  for (const entry of entries) packer.add(entry);
  return packer.end();
}
