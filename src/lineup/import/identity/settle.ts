// This file gives the entries of a list that was read the ids and numbers they keep.

import type { ListEntries } from '../list-entries.ts';
import type { ListEntry } from '../list-entry.ts';
import { GivenPacker, type KnownRows, packKnown } from '../packed-entries.ts';
import { identityOf } from './identity.ts';
import {
  type EntryCounts,
  FORGET_MS,
  type Given,
  type KnownEntry,
  MAX_WAS,
} from './known-entry.ts';
import { type KnownMark, KnownMarks } from './known-marks.ts';
import { newIds } from './new-ids.ts';
import { type NumberContext, NumberPool } from './number-pool.ts';
import { type Recognised, recognise } from './recognise.ts';

export type SettleContext = NumberContext & {
  /** Of other line-ups and of the file. */
  readonly takenIds: ReadonlySet<string>;
  readonly edition: number;
  readonly nowMs: number;
};

export type Settled = {
  /** In the order of the list, then those that have gone. */
  readonly rows: KnownRows;
  readonly counts: EntryCounts;
  /** Each entry is shown under its own id, which nobody else has. */
  readonly isAlone: boolean;
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

export function settle(entries: ListEntries, known: KnownRows, context: SettleContext): Settled {
  const marks = new KnownMarks(known);
  const recognised = recognise(entries, known, marks);
  const { found } = recognised;
  let knownIds: ReadonlySet<string> | undefined;
  const isTaken = (id: string) => {
    knownIds ??= new Set(marks.ids);
    return knownIds.has(id) || context.takenIds.has(id);
  };
  const ids = newIds(entries, found, isTaken).values();
  const numbers = new NumberPool(() => marks.numbers(), highestNew(entries, found), context);
  const former = formerKeysOf(entries, recognised);
  const rows = new GivenPacker(entries.rows.pieces);
  const changes = new Changes();
  let channels = 0;
  let isAlone = true;
  for (const [index, at] of found.entries()) {
    const before = marks.at(at);
    const id = before?.id ?? (ids.next().value as string);
    const isLive = entries.isLive[index] as boolean;
    const number = isLive ? numbers.of(entries.numbers[index] as number, before, id) : {};
    const isHere = before !== undefined && before.goneMs === undefined;
    const was = former.get(index) ?? before?.was;
    const given: Given = {
      id,
      ...number,
      born: isHere ? before.born : context.edition,
      ...(was === undefined ? {} : { was }),
      ...(before?.as === undefined ? {} : { as: before.as }),
    };
    changes.took(given, before, { index, at, nameKey: entries.nameKeys[index] as number });
    rows.add(given);
    if (isLive) channels++;
    isAlone &&= given.as === undefined && !context.takenIds.has(id);
  }
  const gone: string[] = [];
  const kept = packKnown(leftOver(known, found, context.nowMs, gone));
  const counts = { channels, films: found.length - channels, gone: kept.length };
  return { rows: rows.end(kept), counts, isAlone, changes: changes.all(entries, known, gone) };
}

/** That the list gives to any that is new. */
function highestNew({ numbers }: ListEntries, found: Int32Array): number {
  let highest = 0;
  for (const [index, at] of found.entries()) {
    if (at < 0) highest = Math.max(highest, Math.floor(numbers[index] as number));
  }
  return highest;
}

/** By the index of each that is known by something else than before: what it was known by. */
function formerKeysOf({ rows }: ListEntries, { altered }: Recognised) {
  const former = new Map<number, readonly string[]>();
  for (const [index, entry] of rows.at(new Set(altered.keys()))) {
    const keys = formerKeys(altered.get(index) as KnownEntry, entry);
    if (keys !== undefined) former.set(index, keys);
  }
  return former;
}

/** Those that the list has no more and that are remembered; puts to `gone` the ids of those it had. */
function* leftOver(
  known: KnownRows,
  found: Int32Array,
  nowMs: number,
  gone: string[],
): Generator<KnownEntry, void> {
  const stayed = new Uint8Array(known.length);
  let left = known.length;
  for (const row of found) {
    if (row < 0) continue;
    stayed[row] = 1;
    left--;
  }
  let index = 0;
  for (const row of left > 0 ? known : []) {
    if (stayed[index++] === 1) continue;
    if (row.goneMs === undefined) gone.push(row.id);
    const goneMs = row.goneMs ?? nowMs;
    if (nowMs - goneMs < FORGET_MS) yield { ...row, goneMs };
  }
}

/** What it was known by that it is not known by any more. */
function formerKeys(before: KnownEntry, now: ListEntry): readonly string[] | undefined {
  const [old, current] = [identityOf(before), identityOf(now)];
  const lost = (['guide', 'nameAndGroup'] as const).flatMap((field) => {
    const key = old[field];
    return key === undefined || key === current[field] ? [] : [key];
  });
  if (lost.length === 0) return before.was;
  return [...new Set([...(before.was ?? []), ...lost])].slice(-MAX_WAS);
}

type Place = { readonly index: number; readonly at: number; readonly nameKey: number };

class Changes {
  readonly #added: string[] = [];
  readonly #back: string[] = [];
  readonly #renumbered: string[] = [];
  readonly #renamed: { readonly id: string; readonly index: number; readonly at: number }[] = [];

  /** `index` is its place in the list, `at` that among what was known. */
  took({ id, number }: Given, before: KnownMark | undefined, { index, at, nameKey }: Place): void {
    if (before === undefined) {
      this.#added.push(id);
      return;
    }
    if (before.goneMs !== undefined) this.#back.push(id);
    if (before.nameKey !== nameKey) this.#renamed.push({ id, index, at });
    if (before.number !== number) this.#renumbered.push(id);
  }

  all({ rows }: ListEntries, known: KnownRows, gone: readonly string[]): LineUpChanges {
    const from = namesAt(known, new Set(this.#renamed.map(({ at }) => at)));
    const to = namesAt(rows, new Set(this.#renamed.map(({ index }) => index)));
    const renamed = this.#renamed.map(({ id, index, at }) => {
      return { id, from: from.get(at) ?? '', to: to.get(index) ?? '' };
    });
    const [added, back, renumbered] = [this.#added, this.#back, this.#renumbered];
    return { added, gone, back, renamed, renumbered };
  }
}

function namesAt(
  rows: Pick<KnownRows | ListEntries['rows'], 'at'>,
  indexes: ReadonlySet<number>,
): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [index, { name }] of rows.at(indexes)) names.set(index, name);
  return names;
}
