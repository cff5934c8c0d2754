// This file pairs entries with known ones by whatever they have in common, the strongest evidence first.

import type { ListEntry } from '../list-entry.ts';
import { type Bucket, bucketsOf, type Key, listOf } from './buckets.ts';
import { EVIDENCE, type Field, isAddress, textOf } from './evidence.ts';
import { fingerprint } from './fingerprint.ts';
import { addressKey, type Identity, identityOf, partsOf } from './identity.ts';
import type { KnownEntry } from './known-entry.ts';

/** By their indexes, which ascend. */
type Indexed<T> = ReadonlyMap<number, T>;

export type Paired = {
  /** From the index of an entry to that of a known one. */
  readonly found: ReadonlyMap<number, number>;
  /** Of those, which are known by nothing else than before. */
  readonly isAsBefore: (entry: number) => boolean;
};

/**
 * What speaks most is looked at first; whatever two on a side have in common decides nothing, and
 * what is left of those that are alike in everything goes by the order of the list. So a shuffle, a
 * rename or a new token changes nothing, and none becomes another because it lies beside that.
 * `others` are the entries that were found before.
 */
export function search(
  entries: Indexed<ListEntry>,
  known: Indexed<KnownEntry>,
  others: () => Iterable<ListEntry>,
): Paired {
  const search = new Search(entries, known, others);
  const { found } = search;
  search.pair(asWritten);
  search.pair(addressKey);
  const open = new Set(search.open);
  const isAsBefore = (entry: number) => found.has(entry) && !open.has(entry);
  const isSent = search.hasCommonUrl();
  for (const fields of EVIDENCE) if (isSent || !fields.includes('exact')) search.pairBy(fields);
  for (const field of ['guide', 'nameAndGroup'] as const) search.pairByFormer(field);
  search.pairInOrder((is) => `${is.guide ?? ''} ${is.nameAndGroup ?? ''} ${is.url}`);
  search.pairInOrder((is) => is.nameAndGroup && `${is.guide ?? ''} ${is.nameAndGroup}`);
  return { found, isAsBefore };
}

/** True of nearly all of a list that has no tokens in it. */
function asWritten(entry: ListEntry): number {
  const [name, group] = entry.listed ?? [entry.name, entry.group ?? ''];
  return fingerprint(`${entry.url}\n${name}\n${group}\n${entry.guide ?? ''}`);
}

type Pair = { readonly key: Key; readonly entry: number; readonly row: number };

class Search {
  readonly found = new Map<number, number>();
  readonly #entries: Indexed<ListEntry>;
  readonly #known: Indexed<KnownEntry>;
  readonly #others: () => Iterable<ListEntry>;
  /** Indexes of those that are not yet found. */
  #openEntries: number[];
  #openKnown: number[];
  /** Of those that were here and were found, those that are known by something else now. */
  readonly #changedKnown: number[] = [];
  readonly #entryIds = new Map<number, Identity>();
  readonly #knownIds = new Map<number, Identity>();

  constructor(
    entries: Indexed<ListEntry>,
    known: Indexed<KnownEntry>,
    others: () => Iterable<ListEntry>,
  ) {
    this.#entries = entries;
    this.#known = known;
    this.#others = others;
    this.#openEntries = [...entries.keys()];
    this.#openKnown = [...known.keys()];
  }

  get open(): readonly number[] {
    return this.#openEntries;
  }

  get #isDone(): boolean {
    return this.#openEntries.length === 0 || this.#openKnown.length === 0;
  }

  /** False where the host or the token of all is new. */
  hasCommonUrl(): boolean {
    const known = new Set(this.#openKnown.map((index) => this.#known.get(index)?.url));
    return this.#openEntries.some((index) => known.has(this.#entries.get(index)?.url));
  }

  pair(keyOf: (entry: ListEntry) => Key): void {
    if (this.#isDone) return;
    const pairs = this.#pairs(
      (index) => keyOf(this.#entries.get(index) as ListEntry),
      (index) => keyOf(this.#known.get(index) as KnownEntry),
    );
    this.#take(pairs);
  }

  pairBy(fields: readonly Field[]): void {
    if (this.#isDone) return;
    const pairs = this.#pairs(
      (index) => textOf(this.#entry(index), fields),
      (index) => textOf(this.#row(index), fields),
    );
    const isEnough = ({ row }: Pair) => this.#isHere(row) || !isAddress(fields);
    this.#takeChanged(this.#alone(pairs.filter(isEnough), (is) => textOf(is, fields)));
  }

  /** By what those known were called before. Where they were says nothing: others are there now. */
  pairByFormer(field: 'guide' | 'nameAndGroup'): void {
    if (this.#isDone) return;
    const kind = ({ guide: 'g:', nameAndGroup: 'n:' } as const)[field];
    const pairs = this.#pairs(
      (index) => this.#entry(index)[field],
      (index) => this.#known.get(index)?.was?.filter((key) => key.startsWith(kind)) ?? [],
    );
    this.#takeChanged(this.#alone(pairs, (is) => is[field]));
  }

  /** What is alike: the first of the list is the first that is known. */
  pairInOrder(keyOf: (is: Identity) => string | undefined): void {
    if (this.#isDone) return;
    const pairs = this.#pairs(
      (index) => keyOf(this.#entry(index)),
      (index) => keyOf(this.#row(index)),
      'in order',
    );
    this.#takeChanged(pairs);
  }

  #entry(index: number): Identity {
    return cached(this.#entryIds, this.#entries, index);
  }

  #row(index: number): Identity {
    return cached(this.#knownIds, this.#known, index);
  }

  /** It was in the list when that was read last. */
  #isHere(row: number): boolean {
    return this.#known.get(row)?.goneMs === undefined;
  }

  #pairs(
    keyOf: (entry: number) => Key | undefined,
    keysOf: (known: number) => Key | readonly string[] | undefined,
    order?: 'in order',
  ): Pair[] {
    const rows = bucketsOf(this.#openKnown, keysOf);
    const wanted = bucketsOf(this.#openEntries, (index) => {
      const key = keyOf(index);
      return key !== undefined && rows.has(key) ? key : undefined;
    });
    const taken = new Set<number>();
    const pairs: Pair[] = [];
    for (const [key, found] of wanted) {
      const entries = listOf(found);
      const open = listOf(rows.get(key) as Bucket).filter((index) => !taken.has(index));
      // What is in the list goes before what has gone from it
      const present = open.filter((index) => this.#isHere(index));
      const rivals =
        order === undefined && present.length > 0 ? present : [...new Set([...present, ...open])];
      if (order === undefined && (entries.length !== 1 || rivals.length !== 1)) continue;
      for (const [at, entry] of entries.entries()) {
        const row = rivals[at];
        if (row === undefined) break;
        taken.add(row);
        pairs.push({ key, entry, row });
      }
    }
    return pairs;
  }

  /** Without those whose key one that was found before has too: nobody is told apart by that. */
  #alone(pairs: readonly Pair[], keyOf: (is: Identity) => string | undefined): readonly Pair[] {
    if (pairs.length === 0) return pairs;
    const wanted = new Set(pairs.map(({ key }) => key));
    const shared = new Set<Key>();
    const look = (is: Identity) => {
      const key = keyOf(is);
      if (key !== undefined && wanted.has(key)) shared.add(key);
    };
    for (const [index, entry] of this.#entries) if (this.found.has(index)) look(partsOf(entry));
    for (const entry of this.#others()) look(partsOf(entry));
    for (const index of this.#changedKnown) look(this.#row(index));
    return pairs.filter(({ key }) => !shared.has(key));
  }

  #takeChanged(pairs: readonly Pair[]): void {
    this.#take(pairs);
    for (const { row } of pairs) if (this.#isHere(row)) this.#changedKnown.push(row);
  }

  #take(pairs: readonly Pair[]): void {
    if (pairs.length === 0) return;
    const taken = new Set<number>();
    for (const { entry, row } of pairs) {
      this.found.set(entry, row);
      taken.add(row);
    }
    this.#openEntries = this.#openEntries.filter((index) => !this.found.has(index));
    this.#openKnown = this.#openKnown.filter((index) => !taken.has(index));
  }
}

function cached(cache: Map<number, Identity>, list: Indexed<ListEntry>, index: number): Identity {
  const before = cache.get(index);
  if (before !== undefined) return before;
  const identity = identityOf(list.get(index) as ListEntry);
  cache.set(index, identity);
  return identity;
}
