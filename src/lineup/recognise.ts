// This file finds out which entries of a list are which of those that are known.
import { type Identity, identityOf } from './identity.ts';
import type { KnownEntry } from './known-entry.ts';
import type { ListEntry } from './list-entry.ts';

/**
 * For each entry the index of what it was, undefined where it is new. What speaks most is looked at
 * first; whatever two on a side have in common decides nothing until all else is used up, and what
 * is left then goes by the order of the list. So a shuffle, a rename or a new token changes nothing.
 */
export function recognise(
  entries: readonly ListEntry[],
  known: readonly KnownEntry[],
): readonly (number | undefined)[] {
  const search = new Search(entries, known);
  search.pair(asWritten, (row) => [asWritten(row)]);
  if (search.isDone) return search.found;
  for (const evidence of EVIDENCE) {
    search.pairById(evidence);
    if (search.isDone) return search.found;
  }
  for (const kind of ['g:', 'n:', 'u:'] as const) search.pairByFormer(kind);
  search.pairById((is) => `${is.guide ?? ''} ${is.nameAndGroup} ${is.url}`, 'in order');
  search.pairById((is) => `${is.guide ?? ''} ${is.nameAndGroup}`, 'in order');
  return search.found;
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

/** Cheap, and true of nearly all of a list that was read before. */
function asWritten(entry: ListEntry): string {
  const [name, group] = entry.listed ?? [entry.name, entry.group ?? ''];
  return `${entry.url}\n${name}\n${group}\n${entry.guide ?? ''}`;
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

  pair(
    ofEntry: (entry: ListEntry) => string,
    ofKnown: (row: KnownEntry) => readonly string[],
  ): void {
    this.#join(
      (index) => ofEntry(this.#entries[index] as ListEntry),
      (index) => ofKnown(this.#known[index] as KnownEntry),
      false,
    );
  }

  pairById(evidence: Evidence, order?: 'in order'): void {
    if (this.isDone) return;
    this.#join(
      (index) => evidence(this.#identity(this.#entryIds, this.#entries, index)),
      (index) => {
        const key = evidence(this.#identity(this.#knownIds, this.#known, index));
        return key === undefined ? [] : [key];
      },
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
    keyOf: (entry: number) => string | undefined,
    keysOf: (known: number) => readonly string[],
    inOrder: boolean,
  ): void {
    const rows = bucketsOf(this.#openKnown, keysOf);
    const wanted = bucketsOf(this.#openEntries, (index) => {
      const key = keyOf(index);
      return key === undefined || !rows.has(key) ? [] : [key];
    });
    const taken = new Set<number>();
    for (const [key, entries] of wanted) {
      const open = (rows.get(key) as number[]).filter((index) => !taken.has(index));
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

function bucketsOf(
  indexes: readonly number[],
  keysOf: (index: number) => readonly string[],
): Map<string, number[]> {
  const buckets = new Map<string, number[]>();
  for (const index of indexes) {
    for (const key of keysOf(index)) {
      const bucket = buckets.get(key);
      if (bucket === undefined) buckets.set(key, [index]);
      else bucket.push(index);
    }
  }
  return buckets;
}
