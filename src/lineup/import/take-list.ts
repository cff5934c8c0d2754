// This file makes of a list that was read the entries that are kept of its line-up.
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import { combine } from './combine.ts';
import { type Edition, type KnownLineUp, wasAway } from './editions.ts';
import { FORGET_MS, type Given, type KnownEntry } from './identity/known-entry.ts';
import { type LineUpChanges, type Settled, settle } from './identity/settle.ts';
import { inheritedKey, readAs } from './line-up-keys.ts';
import type { ImportAnswer, LineUpInput, ShownChannel } from './line-up-messages.ts';
import { givenIn, type KnownRows, knownRows, regiven } from './packed-entries.ts';
import type { ReadList } from './read-list.ts';
import { guardAgainstShrinking, type ListSize } from './shrink-guard.ts';

export type Input = Required<LineUpInput>;

export type NextEdition<T> = {
  readonly lineUps: Map<string, KnownLineUp>;
  /** Line-ups whose entries are others now. */
  readonly changed: Set<string>;
  readonly result: T;
};

export type ListToTake = {
  readonly setting: LineUpSetting;
  readonly read: ReadList;
  readonly mayShrink: boolean;
  readonly isDetailed: boolean;
};

/** Enough to see whether it is the right list. */
const FIRST_CHANNELS = 10;
const FIRST_MERGES = 100;
const NONE: ReadonlySet<string> = new Set();

/** Throws LineUpError where the list is no successor of what was there. */
export function takeList(
  { setting, read, mayShrink, isDetailed }: ListToTake,
  edition: Edition,
  input: Input,
  nowMs: number,
): NextEdition<ImportAnswer> {
  const { key, shown } = setting;
  const known = edition.lineUps.get(key);
  const size = { ...read, takenCount: read.entries.rows.length };
  guardAgainstShrinking(shown, size, mayShrink ? undefined : sizeBefore(setting, known));
  const inherited =
    known === undefined ? inheritedKey(read.entries, edition.lineUps, input.settings) : undefined;
  const from = rowsBefore(edition.lineUps.get(inherited ?? key), nowMs);
  const settled = settleOne(setting, { read, from }, edition, input, nowMs);
  const { rows, counts, isAlone, changes } = settled;
  const { entries: _, ...of } = read;
  const record = { ...of, counts, fetchedMs: nowMs, readAs: readAs(setting) };
  const lineUps = present(edition, input, nowMs).set(key, { record, rows });
  if (inherited !== undefined) lineUps.delete(inherited);
  const changed = new Set([key]);
  const joined = isAlone ? NONE : keepShown(lineUps, changed, input, nowMs);
  const { problems, unusedRules } = read;
  const { channels, films } = counts;
  const kept = (lineUps.get(key) as KnownLineUp).rows;
  const first = firstOf(kept);
  const said = { channels, films, problems, unusedRules, changeCounts: countsOf(changes), first };
  const named = isDetailed ? { changes } : {};
  return {
    lineUps,
    changed,
    result: { kind: 'taken', ...said, ...named, ...mergesOf(kept, joined) },
  };
}

/** What was there when no configuration named it has gone with it. */
function rowsBefore(known: KnownLineUp | undefined, nowMs: number): KnownRows {
  if (known === undefined) return knownRows([]);
  if (!wasAway(known.record, nowMs)) return known.rows;
  const goneMs = known.record.absentMs ?? nowMs;
  return regiven(known.rows, (given) => ({ goneMs, ...given }));
}

function sizeBefore(setting: LineUpSetting, known: KnownLineUp | undefined): ListSize | undefined {
  if (known === undefined || known.record.readAs !== readAs(setting)) return known?.record;
  const { channels, films } = known.record.counts;
  return { ...known.record, takenCount: channels + films };
}

/** Those that are named no more are kept for a while, with the ids that their channels have. */
export function present(
  edition: Edition,
  { settings }: Pick<LineUpInput, 'settings'>,
  nowMs: number,
): Map<string, KnownLineUp> {
  const named = new Set(settings.map(({ key }) => key));
  const lineUps = new Map<string, KnownLineUp>();
  for (const [key, { record, rows }] of edition.lineUps) {
    const { absentMs = nowMs, ...rest } = record;
    // What was away is back once it was read
    if (named.has(key)) lineUps.set(key, { record: wasAway(record, nowMs) ? record : rest, rows });
    else if (nowMs - absentMs < FORGET_MS)
      lineUps.set(key, { record: { ...rest, absentMs }, rows });
  }
  return lineUps;
}

function settleOne(
  setting: LineUpSetting,
  { read, from }: { readonly read: ReadList; readonly from: KnownRows },
  edition: Edition,
  { own, numbers, settings }: Input,
  nowMs: number,
): Settled {
  const takenIds = new Set(own.map(({ id }) => id));
  let isAlone = !settings.some(({ merge }) => merge);
  const takenNumbers = new Set(own.flatMap(({ number }) => number ?? []));
  for (const [key, { rows }] of edition.lineUps) {
    if (key === setting.key) continue;
    for (const { id, number, as } of givenIn(rows)) {
      isAlone &&= as === undefined && !takenIds.has(id);
      takenIds.add(id);
      if (number !== undefined) takenNumbers.add(number);
      if (as !== undefined) takenIds.add(as.id);
      if (as?.number !== undefined) takenNumbers.add(as.number);
    }
  }
  const { renumberFrom } = setting.rules;
  const settled = settle(read.entries, from, {
    takenIds,
    takenNumbers,
    numbers,
    ...(renumberFrom === undefined ? {} : { renumberFrom }),
    edition: edition.number + 1,
    nowMs,
  });
  return { ...settled, isAlone: isAlone && settled.isAlone };
}

/**
 * Remembers which channel each entry is shown in: whoever gave that its id may go, and the channel
 * stays what it is called. Returns the entries that are another source of one.
 */
function keepShown(
  lineUps: Map<string, KnownLineUp>,
  changed: Set<string>,
  { settings, own }: Input,
  nowMs: number,
): ReadonlySet<string> {
  const entries = settings.map((setting) => {
    const known = lineUps.get(setting.key);
    const isBack = known !== undefined && wasAway(known.record, nowMs);
    return { setting, rows: [...(known?.rows ?? [])], isBack };
  });
  const { shownAs, joined } = combine(own, entries);
  for (const { setting } of entries) {
    const known = lineUps.get(setting.key);
    if (known === undefined) continue;
    const rows = regiven(known.rows, (given) => shownIn(given, shownAs.get(given.id)));
    if (rows === known.rows) continue;
    lineUps.set(setting.key, { ...known, rows });
    changed.add(setting.key);
  }
  return joined;
}

/** Itself where it was shown there before, or is not there. */
function shownIn(given: Given, as: Given['as']): Given {
  if (given.goneMs !== undefined || Bun.deepEquals(given.as, as)) return given;
  const { as: _, ...rest } = given;
  return as === undefined ? rest : { ...rest, as };
}

function countsOf({ added, gone, back, renamed, renumbered }: LineUpChanges) {
  return {
    added: added.length,
    gone: gone.length,
    back: back.length,
    renamed: renamed.length,
    renumbered: renumbered.length,
  };
}

function firstOf(rows: Iterable<KnownEntry>): readonly ShownChannel[] {
  const first: ShownChannel[] = [];
  for (const { id, name, number, group, goneMs, kind } of rows) {
    if (first.length === FIRST_CHANNELS) break;
    if (goneMs !== undefined || kind !== undefined) continue;
    first.push({
      id,
      name: name || id,
      ...(number === undefined ? {} : { number }),
      ...(group === undefined ? {} : { group }),
    });
  }
  return first;
}

function mergesOf(rows: Iterable<KnownEntry>, joined: ReadonlySet<string>) {
  if (joined.size === 0) return { merged: 0, merges: [] };
  const merged = [...rows].filter(({ id, goneMs }) => goneMs === undefined && joined.has(id));
  const first = merged.slice(0, FIRST_MERGES);
  return {
    merged: merged.length,
    merges: first.map(({ name, id, as }) => ({ name, id: as?.id ?? id })),
  };
}
