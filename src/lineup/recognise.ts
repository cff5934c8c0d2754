// This file finds out which entries of a list are which of those that are known.
import { fingerprint } from './fingerprint.ts';
import { type Identity, identityOf, stableUrl } from './identity.ts';
import type { KnownEntry } from './known-entry.ts';
import type { ListEntry } from './list-entry.ts';

export type Recognised = {
  /** For each entry the index of what it was, undefined where it is new. */
  readonly found: readonly (number | undefined)[];
  /** Of those, which are known by nothing else than before. */
  readonly isAsBefore: (entry: number) => boolean;
};

/**
 * What speaks most is looked at
 * first; whatever two on a side have in common decides nothing until all else is used up, and what
 * is left then goes by the order of the list. So a shuffle, a rename or a new token changes nothing.
 */
export function recognise(entries: readonly ListEntry[], known: readonly KnownEntry[]): Recognised {
  const search = new Search(entries, known);
  const { found } = search;
  search.pair(asWritten);
  search.pair(asAddressed);
  const open = new Set(search.open);
  const isAsBefore = (entry: number) => found[entry] !== undefined && !open.has(entry);
  if (search.isDone) return { found, isAsBefore };
  for (const evidence of EVIDENCE) search.pairById(evidence);
  for (const kind of ['g:', 'n:', 'u:'] as const) search.pairByFormer(kind);
  search.pairById((is) => `${is.guide ?? ''} ${is.nameAndGroup} ${is.url}`, 'in order');
  search.pairById((is) => `${is.guide ?? ''} ${is.nameAndGroup}`, 'in order');
  return { found, isAsBefore };
}

type Evidence = (is: Identity) => string | undefined;

const EVIDENCE: readonly Evidence[] = [
  (is) => `${is.guide ?? ''} ${is.nameAndGroup} ${is.url}`,
  (is) => is.guide && `${is.guide} ${is.nameAndGroup} ${is.path}`,
  (is) => is.guide && `${is.guide} ${is.nameAndGroup}`,
  (is) => is.guide && `${is.guide} ${is.url}`,
  (is) => is.guide && `${is.guide} ${is.path}`,
  (is) => is.guide && `${is.guide} ${is.name}`,
  (is) => `${is.nameAndGroup} ${is.url}`,
  (is) => `${is.nameAndGroup} ${is.path}`,
  (is) => `${is.name} ${is.url}`,
  (is) => is.guide,
  (is) => is.nameAndGroup,
  (is) => is.name,
  (is) => is.url,
];

/** Cheap, and true of nearly all of a list that was read before and has no tokens in it. */
function asWritten(entry: ListEntry): number {
  const [name, group] = entry.listed ?? [entry.name, entry.group ?? ''];
  return fingerprint(entry.url, name, group, entry.guide ?? '');
}

/** The same with new tokens. */
function asAddressed(entry: ListEntry): number {
  const [name, group] = entry.listed ?? [entry.name, entry.group ?? ''];
  const { host, path } = stableUrl(entry.url);
  return fingerprint(host, path, name, group, entry.guide ?? '');
}

class Search {
  readonly found: (number | undefined)[];
  readonly #entries: readonly ListEntry[];
  readonly #known: readonly KnownEntry[];
  /** Indexes of those that are not yet found. */
  #openEntries: number[];
  #openKnown: number[];
  readonly #entryIds = new Map<number, Identity>();
  readonly #knownIds = new Map<number, Identity>();

  constructor(entries: readonly ListEntry[], known: readonly KnownEntry[]) {
    this.#entries = entries;
    this.#known = known;
    this.found = new Array(entries.length).fill(undefined);
    this.#openEntries = [...entries.keys()];
    this.#openKnown = [...known.keys()];
  }

  get isDone(): boolean {
    return this.#openEntries.length === 0 || this.#openKnown.length === 0;
  }

  get open(): readonly number[] {
    return this.#openEntries;
  }

  pair(keyOf: (entry: ListEntry) => Key): void {
    if (this.isDone) return;
    this.#join(
      (index) => keyOf(this.#entries[index] as ListEntry),
      (index) => keyOf(this.#known[index] as KnownEntry),
      false,
    );
  }

  pairById(evidence: Evidence, order?: 'in order'): void {
    if (this.isDone) return;
    this.#join(
      (index) => evidence(this.#identity(this.#entryIds, this.#entries, index)),
      (index) => evidence(this.#identity(this.#knownIds, this.#known, index)),
      order !== undefined,
    );
  }

  /** By what those known were called before. */
  pairByFormer(kind: 'g:' | 'n:' | 'u:'): void {
    if (this.isDone) return;
    const field = ({ 'g:': 'guide', 'n:': 'nameAndGroup', 'u:': 'url' } as const)[kind];
    this.#join(
      (index) => this.#identity(this.#entryIds, this.#entries, index)[field],
      (index) => this.#known[index]?.was?.filter((key) => key.startsWith(kind)) ?? [],
      false,
    );
  }

  #identity(cache: Map<number, Identity>, list: readonly ListEntry[], index: number): Identity {
    const before = cache.get(index);
    if (before !== undefined) return before;
    const identity = identityOf(list[index] as ListEntry);
    cache.set(index, identity);
    return identity;
  }

  #join(
    keyOf: (entry: number) => Key | undefined,
    keysOf: (known: number) => Key | readonly string[] | undefined,
    inOrder: boolean,
  ): void {
    const rows = bucketsOf(this.#openKnown, keysOf);
    const wanted = bucketsOf(this.#openEntries, (index) => {
      const key = keyOf(index);
      return key !== undefined && rows.has(key) ? key : undefined;
    });
    const taken = new Set<number>();
    for (const [key, found] of wanted) {
      const entries = listOf(found);
      const open = listOf(rows.get(key) as Bucket).filter((index) => !taken.has(index));
      // What is in the list goes before what has gone from it
      const present = open.filter((index) => this.#known[index]?.goneMs === undefined);
      const candidates = present.length > 0 && !inOrder ? present : [...present, ...open];
      const rivals = [...new Set(candidates)];
      if (!inOrder && (entries.length !== 1 || rivals.length !== 1)) continue;
      for (const [at, entry] of entries.entries()) {
        const row = rivals[at];
        if (row === undefined) break;
        this.found[entry] = row;
        taken.add(row);
      }
    }
    if (taken.size === 0) return;
    this.#openEntries = this.#openEntries.filter((index) => this.found[index] === undefined);
    this.#openKnown = this.#openKnown.filter((index) => !taken.has(index));
  }
}

/** What entries have in common: a text, or the fingerprint of several. */
type Key = string | number;

/** One index, as nearly all have, or several. */
type Bucket = number | number[];

function bucketsOf(
  indexes: readonly number[],
  keysOf: (index: number) => Key | readonly string[] | undefined,
): Map<Key, Bucket> {
  const buckets = new Map<Key, Bucket>();
  const add = (key: Key, index: number) => {
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, index);
    else if (typeof bucket === 'number') buckets.set(key, [bucket, index]);
    else bucket.push(index);
  };
  for (const index of indexes) {
    const keys = keysOf(index);
    if (typeof keys === 'object') for (const key of keys) add(key, index);
    else if (keys !== undefined) add(keys, index);
  }
  return buckets;
}

function listOf(bucket: Bucket): readonly number[] {
  return typeof bucket === 'number' ? [bucket] : bucket;
}
