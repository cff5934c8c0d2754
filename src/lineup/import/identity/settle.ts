// This file gives the entries of a list that was read the ids and numbers they keep.

import type { ListEntries } from '../list-entries.ts';
import type { ListEntry } from '../list-entry.ts';
import { type PackedRows, RowPacker } from '../packed-rows.ts';
import { fingerprint } from './fingerprint.ts';
import { identityOf } from './identity.ts';
import { type EntryCounts, FORGET_MS, type KnownEntry, MAX_WAS } from './known-entry.ts';
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
  readonly rows: PackedRows<KnownEntry>;
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

export function settle(
  entries: ListEntries,
  known: PackedRows<KnownEntry>,
  context: SettleContext,
): Settled {
  const marks = new KnownMarks(known);
  const recognised = recognise(entries, known, marks);
  const { found } = recognised;
  let knownIds: ReadonlySet<string> | undefined;
  const isTaken = (id: string) => {
    knownIds ??= new Set(marks.ids);
    return knownIds.has(id) || context.takenIds.has(id);
  };
  const { ids, highestNumber } = newIds(entries, found, isTaken);
  const numbers = new NumberPool(() => marks.numbers(), highestNumber, context);
  const rows = new RowPacker<KnownEntry>();
  const changes = new Changes();
  let channels = 0;
  let isAlone = true;
  let index = 0;
  for (const entry of entries.rows) {
    const at = found[index] as number;
    const before = marks.at(at);
    const id = before?.id ?? (ids.get(index) as string);
    const number = numbers.of(entry, before, id);
    const row = settledRow(entry, before, recognised.altered.get(index));
    const isHere = before !== undefined && before.goneMs === undefined;
    const settled = { ...row, id, ...number, born: isHere ? before.born : context.edition };
    changes.took(settled, before, at);
    rows.add(settled);
    if (settled.kind === undefined) channels++;
    isAlone &&= settled.as === undefined && !context.takenIds.has(id);
    index++;
  }
  const gone = keepGone(known, found, context.nowMs, rows);
  const all = rows.end();
  const counts = { channels, films: index - channels, gone: all.length - index };
  return { rows: all, counts, isAlone, changes: changes.all(known, gone) };
}

/** What it keeps of what was known of it. */
function settledRow(
  entry: ListEntry,
  before: KnownMark | undefined,
  altered: KnownEntry | undefined,
): Pick<KnownEntry, keyof ListEntry | 'was' | 'as'> {
  const { number: _, formerId: __, ...rest } = entry;
  const was = altered === undefined ? before?.was : formerKeys(altered, entry);
  return {
    ...rest,
    ...(was === undefined ? {} : { was }),
    ...(before?.as === undefined ? {} : { as: before.as }),
  };
}

/** Puts those that the list has no more behind the others; returns the ids of those it had before. */
function keepGone(
  known: PackedRows<KnownEntry>,
  found: Recognised['found'],
  nowMs: number,
  rows: RowPacker<KnownEntry>,
): readonly string[] {
  const stayed = new Uint8Array(known.length);
  let left = known.length;
  for (const row of found) {
    if (row < 0) continue;
    stayed[row] = 1;
    left--;
  }
  const gone: string[] = [];
  let index = 0;
  for (const row of left > 0 ? known : []) {
    if (stayed[index++] === 1) continue;
    if (row.goneMs === undefined) gone.push(row.id);
    const goneMs = row.goneMs ?? nowMs;
    if (nowMs - goneMs < FORGET_MS) rows.add({ ...row, goneMs });
  }
  return gone;
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

class Changes {
  readonly #added: string[] = [];
  readonly #back: string[] = [];
  readonly #renumbered: string[] = [];
  /** By the index of what was known. */
  readonly #renamed = new Map<number, { readonly id: string; readonly to: string }>();

  took({ id, name, number }: KnownEntry, before: KnownMark | undefined, at: number): void {
    if (before === undefined) {
      this.#added.push(id);
      return;
    }
    if (before.goneMs !== undefined) this.#back.push(id);
    if (before.nameKey !== fingerprint(name)) this.#renamed.set(at, { id, to: name });
    if (before.number !== number) this.#renumbered.push(id);
  }

  all(known: PackedRows<KnownEntry>, gone: readonly string[]): LineUpChanges {
    const before = known.pick(new Set(this.#renamed.keys()));
    const renamed = [...this.#renamed].map(([at, { id, to }]) => {
      return { id, from: before.get(at)?.name ?? '', to };
    });
    const [added, back, renumbered] = [this.#added, this.#back, this.#renumbered];
    return { added, gone, back, renamed, renumbered };
  }
}
