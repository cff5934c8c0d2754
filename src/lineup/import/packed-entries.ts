// This file packs entries in columns: what a list says of them, their addresses, and what we gave them.
import type { Given, KnownEntry } from './identity/known-entry.ts';
import type { ListEntry } from './list-entry.ts';
import { inPieces, PackedRows, pack, tidyAfter, unpack } from './packed-rows.ts';

/**
 * Some hundred entries of a list. Each of the texts is JSON, compressed. It is packed while the list
 * is read, and goes as it is into the store and to the serving thread.
 */
export type ListPiece = {
  readonly rows: number;
  readonly said: string;
  /** Tokens change with every list, and are in the addresses alone: so these stand apart. */
  readonly urls: string;
  /** All are live channels. */
  readonly isLive?: true;
};
export type EntryPiece = ListPiece & { readonly given: string };

export type KnownRows = PackedRows<KnownEntry, EntryPiece>;

export function knownRows(pieces: readonly EntryPiece[]): KnownRows {
  return new PackedRows(pieces, entriesIn);
}

/** `entries`: some hundred at most. */
export function listPieceOf(entries: readonly ListEntry[]): ListPiece {
  tidyAfter(entries.length);
  const isLive = entries.every(({ kind }) => kind === undefined);
  return {
    rows: entries.length,
    said: pack(entries.map(({ url: _, number: __, ...said }) => said)),
    urls: pack(entries.map(({ url }) => url)),
    ...(isLive ? { isLive } : {}),
  };
}

export function packKnown(entries: Iterable<KnownEntry>): KnownRows {
  const pieces: EntryPiece[] = [];
  for (const some of inPieces(entries)) {
    const parts = some.map(parted);
    const piece = listPieceOf(parts.map(({ said }) => said));
    pieces.push({ ...piece, given: pack(parts.map(({ given }) => given)) });
  }
  return knownRows(pieces);
}

function parted({ id, number, numberedFrom, born, was, goneMs, as, ...said }: KnownEntry) {
  const given = {
    id,
    ...(number === undefined ? {} : { number }),
    ...(numberedFrom === undefined ? {} : { numberedFrom }),
    born,
    ...(was === undefined ? {} : { was }),
    ...(goneMs === undefined ? {} : { goneMs }),
    ...(as === undefined ? {} : { as }),
  };
  return { said, given };
}

/** Puts to pieces what is given to each of their entries, one after another. */
export class GivenPacker {
  readonly #pieces: readonly ListPiece[];
  readonly #given: EntryPiece[] = [];
  #open: Given[] = [];

  constructor(pieces: readonly ListPiece[]) {
    this.#pieces = pieces;
  }

  add(given: Given): void {
    this.#open.push(given);
    const piece = this.#pieces[this.#given.length] as ListPiece;
    if (this.#open.length < piece.rows) return;
    this.#given.push({ ...piece, given: pack(this.#open) });
    tidyAfter(piece.rows);
    this.#open = [];
  }

  /** With `more` behind them. */
  end(more: KnownRows): KnownRows {
    return knownRows([...this.#given, ...more.pieces]);
  }
}

export function* givenIn({ pieces }: KnownRows): Generator<Given, void> {
  for (const piece of pieces) yield* givenOf(piece);
}

export function givenOf({ given, rows }: EntryPiece): readonly Given[] {
  tidyAfter(rows);
  return unpack<Given>(given);
}

/** The same entries, given what `change` makes of it; itself where that is what it was everywhere. */
export function regiven(rows: KnownRows, change: (given: Given) => Given): KnownRows {
  let isChanged = false;
  const pieces = rows.pieces.map((piece) => {
    const before = unpack<Given>(piece.given);
    const now = before.map(change);
    if (now.every((given, at) => given === before[at])) return piece;
    isChanged = true;
    return { ...piece, given: pack(now) };
  });
  return isChanged ? knownRows(pieces) : rows;
}

export function listEntriesIn({ said, urls }: ListPiece): readonly ListEntry[] {
  const addresses = unpack<string>(urls);
  return unpack<Omit<ListEntry, 'url'>>(said).map((entry, at) =>
    Object.assign(entry, { url: addresses[at] as string }),
  );
}

export function entriesIn(piece: EntryPiece): readonly KnownEntry[] {
  const given = unpack<Given>(piece.given);
  return listEntriesIn(piece).map((entry, at) => Object.assign(entry, given[at] as Given));
}
