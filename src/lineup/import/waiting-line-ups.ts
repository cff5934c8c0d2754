// This file keeps line-ups that were read while the shared store takes nothing, until it takes them.
import type { SharedStore } from '../../channel/shared-store.ts';
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import { LineUpError } from '../errors.ts';
import {
  type Edition,
  editionNumber,
  type KnownLineUp,
  loadEdition,
  loadHeld,
  saveEdition,
  WAITING_KIND,
} from './editions.ts';
import { underPresentKeys } from './line-up-keys.ts';
import { EntryPacker } from './list-entries.ts';
import type { ReadList } from './read-list.ts';
import { type Input, takeList } from './take-list.ts';

/** `number` is that of the store's edition that it stands on. */
export type CurrentEdition = Edition & {
  /** Line-ups of it that the store does not have so. */
  readonly waiting: ReadonlySet<string>;
};

/**
 * What is permanent is what the store has: ids that are given meanwhile hold here alone. Where nobody
 * else wrote by then they are taken over as they are; else what others gave stands, and what waits is
 * settled anew on top of it, with the ids it had where they are free.
 */
export class WaitingLineUps {
  readonly #copy: SharedStore;
  readonly #isStoreUp: () => boolean;

  /** `copy`: of this machine alone. */
  constructor(copy: SharedStore, isStoreUp: () => boolean) {
    this.#copy = copy;
    this.#isStoreUp = isStoreUp;
  }

  get isStoreUp(): boolean {
    return this.#isStoreUp();
  }

  /** What was worked out from this edition of the store; undefined where that is another, or none. */
  async after(number: number): Promise<CurrentEdition | undefined> {
    const held = await loadHeld(this.#copy);
    return held?.follows === number ? await this.load() : undefined;
  }

  /** Undefined where nothing waits. */
  async load(): Promise<CurrentEdition | undefined> {
    const held = await loadHeld(this.#copy);
    if (held === undefined) return undefined;
    const { lineUps } = await loadEdition(this.#copy, WAITING_KIND);
    return { number: held.follows, lineUps, waiting: new Set(held.waiting) };
  }

  /** In place of all that waited. */
  async put({ number, lineUps, waiting }: CurrentEdition): Promise<void> {
    const before = await loadHeld(this.#copy);
    // Of another edition nothing may stay that has the same key
    const changed = before?.follows === number ? waiting : new Set(lineUps.keys());
    await this.#save(lineUps, changed, { follows: number, waiting: [...waiting] });
  }

  async clear(): Promise<void> {
    if ((await loadHeld(this.#copy)) !== undefined) await this.#save(new Map(), new Set());
  }

  async #save(
    lineUps: ReadonlyMap<string, KnownLineUp>,
    changed: ReadonlySet<string>,
    held?: { readonly follows: number; readonly waiting: readonly string[] },
  ): Promise<void> {
    const next = (await editionNumber(this.#copy, WAITING_KIND)) + 1;
    const where = { kind: WAITING_KIND, ...(held === undefined ? {} : { held }) };
    await saveEdition(next, lineUps, changed, { store: this.#copy }, where);
  }
}

/** Keys under which `lineUps` have what waits in `edition`, whatever keys that has there. */
export function sameIn(
  lineUps: ReadonlyMap<string, KnownLineUp>,
  { lineUps: known, waiting }: CurrentEdition,
): ReadonlySet<string> {
  const rows = new Set([...waiting].map((key) => known.get(key)?.rows));
  const same = [...lineUps].filter(([, lineUp]) => rows.has(lineUp.rows));
  return new Set(same.map(([key]) => key));
}

/** What waits in `held`, on top of what others wrote meanwhile; what they read later stands. */
export function rebase(held: CurrentEdition, edition: Edition, input: Input): CurrentEdition {
  const { number } = edition;
  const { settings } = input;
  const former = underPresentKeys(held.lineUps, settings);
  const keys = sameIn(former, held);
  let lineUps = underPresentKeys(edition.lineUps, settings);
  for (const setting of settings) {
    const lineUp = keys.has(setting.key) ? former.get(setting.key) : undefined;
    if (lineUp === undefined) continue;
    lineUps = taken(setting, lineUp, { number, lineUps }, input) ?? lineUps;
  }
  const others = [...lineUps].filter(([key, { rows }]) => edition.lineUps.get(key)?.rows !== rows);
  return { number, lineUps, waiting: new Set(others.map(([key]) => key)) };
}

/** Undefined where what others have of it was read later, or is more than twice as much. */
function taken(
  setting: LineUpSetting,
  lineUp: KnownLineUp,
  edition: Edition,
  input: Input,
): ReadonlyMap<string, KnownLineUp> | undefined {
  const { key } = setting;
  const { fetchedMs, readAs } = lineUp.record;
  const known = edition.lineUps.get(key);
  if (known !== undefined && known.record.fetchedMs >= fetchedMs) return undefined;
  try {
    const list = { setting, read: readAgain(lineUp), mayShrink: false, isDetailed: false };
    const { lineUps } = takeList(list, edition, input, fetchedMs);
    const { record, rows } = lineUps.get(key) as KnownLineUp;
    return lineUps.set(key, { record: { ...record, readAs }, rows });
  } catch (error) {
    if (error instanceof LineUpError) return undefined;
    throw error;
  }
}

/** As its list had it, with the ids and numbers it was given: those are asked for again. */
function readAgain({ record, rows }: KnownLineUp): ReadList {
  const entries = new EntryPacker(0);
  for (const row of rows) {
    const { id: formerId, numberedFrom: _, born: __, was: ___, as: ____, goneMs, ...entry } = row;
    if (goneMs === undefined) entries.add(entry, formerId);
  }
  const { listedCount, liveCount = 0, problems, unusedRules, validators, maxConnections } = record;
  return {
    entries: entries.end(),
    ...{ listedCount, liveCount, problems, unusedRules, validators },
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}
