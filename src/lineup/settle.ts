// This file gives the entries of a list that was read the ids and numbers they keep.
import { assignIds, idFromName } from './channel-id.ts';
import { fingerprint } from './fingerprint.ts';
import { identityOf, stableUrl } from './identity.ts';
import { FORGET_MS, type KnownEntry, MAX_WAS } from './known-entry.ts';
import type { ListEntry } from './list-entry.ts';
import { recognise } from './recognise.ts';

export type SettleContext = {
  /** Of other line-ups and of the file. */
  readonly takenIds: ReadonlySet<string>;
  readonly takenNumbers: ReadonlySet<number>;
  /** Numbers that channels had before anything was kept here, by id. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly renumberFrom?: number;
  readonly edition: number;
  readonly nowMs: number;
};

export type Settled = {
  /** In the order of the list, then those that have gone. */
  readonly rows: readonly KnownEntry[];
  readonly changes: LineUpChanges;
};

/** Ids of what a refresh does to the channels of a line-up. */
export type LineUpChanges = {
  readonly added: readonly string[];
  readonly gone: readonly string[];
  /** Were gone, and are here again. */
  readonly back: readonly string[];
  readonly renamed: readonly { readonly id: string; readonly from: string; readonly to: string }[];
  readonly renumbered: readonly string[];
};

export function settle(
  entries: readonly ListEntry[],
  known: readonly KnownEntry[],
  context: SettleContext,
): Settled {
  const { found, isAsBefore } = recognise(entries, known);
  const former = entries.map((_, index) => {
    const at = found[index];
    return at === undefined ? undefined : known[at];
  });
  const ids = newIds(entries, former, known, context.takenIds);
  const numbers = new NumberPool(entries, former, known, context);
  const rows = entries.map((entry, index) => {
    const before = former[index];
    const id = before?.id ?? (ids.get(index) as string);
    const number = numbers.of(entry, before, id);
    const { number: _, ...rest } = entry;
    const isChanged = before !== undefined && !isAsBefore(index);
    const was = isChanged ? formerKeys(before, entry) : before?.was;
    return {
      ...rest,
      id,
      ...number,
      born: before?.born ?? context.edition,
      ...(was === undefined ? {} : { was }),
      ...(before?.as === undefined ? {} : { as: before.as }),
    };
  });
  const stayed = new Set(found);
  const gone = known
    .filter((_, index) => !stayed.has(index))
    .map((row) => (row.goneMs === undefined ? { ...row, goneMs: context.nowMs } : row))
    .filter(({ goneMs = 0 }) => context.nowMs - goneMs < FORGET_MS);
  return { rows: [...rows, ...gone], changes: changesOf(rows, former, known, stayed) };
}

/** What it was known by that it is not known by any more. */
function formerKeys(before: KnownEntry, now: ListEntry): readonly string[] | undefined {
  const [old, current] = [identityOf(before), identityOf(now)];
  const lost = (['guide', 'nameAndGroup', 'url'] as const).flatMap((field) => {
    const key = old[field];
    return key === undefined || key === current[field] ? [] : [key];
  });
  if (lost.length === 0) return before.was;
  return [...new Set([...(before.was ?? []), ...lost])].slice(-MAX_WAS);
}

function newIds(
  entries: readonly ListEntry[],
  former: readonly (KnownEntry | undefined)[],
  known: readonly KnownEntry[],
  takenIds: ReadonlySet<string>,
): ReadonlyMap<number, string> {
  const fresh = [...entries.keys()].filter((index) => former[index] === undefined);
  if (fresh.length === 0) return new Map();
  const taken = new Set([...takenIds, ...known.map(({ id }) => id)]);
  const used = new Set<number>();
  const wanted = fresh.map((index) => {
    const entry = entries[index] as ListEntry;
    const stable = fingerprint(...stableParts(entry));
    const isTwin = used.has(stable);
    used.add(stable);
    const key = () => [...stableParts(entry), ...(isTwin ? [entry.url] : [])].join('\n');
    return { id: idFromName(entry.guide ?? entry.name), key };
  });
  const ids = assignIds(wanted, taken);
  return new Map(fresh.map((index, at) => [index, ids[at] as string]));
}

/** Together different for nearly all, and without what changes with an account. */
function stableParts(entry: ListEntry): readonly string[] {
  const { host, path } = stableUrl(entry.url);
  return [`${host}${path}`, entry.name, entry.group ?? ''];
}

/** As for numbers that people give; within what every player takes. */
const MAX_NUMBER = 99_999;

type Numbered = { readonly number?: number; readonly numberedFrom?: number };

/** Numbers are given in the order of the list, each once over all line-ups. */
class NumberPool {
  readonly #taken: Set<number>;
  readonly #former: ReadonlyMap<string, number>;
  readonly #renumberFrom: number | undefined;
  #next: number;
  #isUsedUp = false;

  constructor(
    entries: readonly ListEntry[],
    former: readonly (KnownEntry | undefined)[],
    known: readonly KnownEntry[],
    { takenNumbers, numbers, renumberFrom }: SettleContext,
  ) {
    this.#renumberFrom = renumberFrom;
    this.#former = numbers;
    this.#taken = new Set(takenNumbers);
    for (const { number } of known) if (number !== undefined) this.#taken.add(number);
    let highest = renumberFrom === undefined ? highestOf(this.#taken) : renumberFrom - 1;
    if (renumberFrom === undefined) {
      for (const [index, { number = 0 }] of entries.entries()) {
        if (former[index] === undefined) highest = Math.max(highest, Math.floor(number));
      }
    }
    this.#next = highest + 1;
  }

  of(entry: ListEntry, before: KnownEntry | undefined, id: string): Numbered {
    if (entry.kind !== undefined) return {};
    const from = this.#renumberFrom;
    if (before?.number !== undefined && before.numberedFrom === from) {
      return pick(before.number, from);
    }
    if (from !== undefined) return pick(this.#free(from), from);
    // It had ours, which no rule asks for any more
    const number = entry.number ?? this.#former.get(id);
    if (number !== undefined && !this.#taken.has(number)) {
      this.#taken.add(number);
      return { number };
    }
    return pick(this.#free(1), undefined);
  }

  #free(lowest: number): number | undefined {
    if (this.#isUsedUp) return undefined;
    const count = MAX_NUMBER - lowest + 1;
    for (let step = 0; step < count; step++) {
      const number = this.#next > MAX_NUMBER || this.#next < lowest ? lowest : this.#next;
      this.#next = number + 1;
      if (this.#taken.has(number)) continue;
      this.#taken.add(number);
      return number;
    }
    this.#isUsedUp = true;
    return undefined;
  }
}

function pick(number: number | undefined, numberedFrom: number | undefined): Numbered {
  return {
    ...(number === undefined ? {} : { number }),
    ...(numberedFrom === undefined ? {} : { numberedFrom }),
  };
}

function highestOf(numbers: Iterable<number>): number {
  let highest = 0;
  for (const number of numbers) highest = Math.max(highest, Math.floor(number));
  return highest;
}

function changesOf(
  rows: readonly KnownEntry[],
  former: readonly (KnownEntry | undefined)[],
  known: readonly KnownEntry[],
  stayed: ReadonlySet<number | undefined>,
): LineUpChanges {
  const added: string[] = [];
  const back: string[] = [];
  const renamed: { id: string; from: string; to: string }[] = [];
  const renumbered: string[] = [];
  for (const [index, row] of rows.entries()) {
    const before = former[index];
    if (before === undefined) added.push(row.id);
    else if (before.goneMs !== undefined) back.push(row.id);
    if (before === undefined) continue;
    if (before.name !== row.name) renamed.push({ id: row.id, from: before.name, to: row.name });
    if (before.number !== row.number) renumbered.push(row.id);
  }
  const gone = known
    .filter((row, index) => row.goneMs === undefined && !stayed.has(index))
    .map(({ id }) => id);
  return { added, gone, back, renamed, renumbered };
}
