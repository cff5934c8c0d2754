// This file does what is asked of the thread of the line-ups.
import { assertNever } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { AppError } from '../base/errors.ts';
import type { SharedStore } from '../channel/shared-store.ts';
import type { LineUpSetting } from '../config/resolve-lineups.ts';
import type { Outbound } from '../net/outbound.ts';
import { catalogueOf, type EpisodeRow, episodeRowsOf } from './catalogue-row.ts';
import { CHANNEL_NUMBER_KIND } from './channel-number.ts';
import { aloneRows, areAlone, combine, type Rows } from './combine.ts';
import {
  claimEdition,
  type Edition,
  type EditionDeps,
  editionNumber,
  type KnownLineUp,
  loadEdition,
  saveEdition,
} from './editions.ts';
import { LineUpError } from './errors.ts';
import { FORGET_MS, type KnownEntry } from './known-entry.ts';
import { inheritedKey, readAs, underPresentKeys } from './line-up-keys.ts';
import type {
  Combined,
  ImportAnswer,
  KeptLineUp,
  LineUpAnswers,
  LineUpCall,
  LineUpInput,
  PieceOf,
  ShownChannel,
} from './line-up-messages.ts';
import { PatternWatch } from './pattern-watch.ts';
import { readEpisodes } from './read-account.ts';
import { type ReadList, readList } from './read-list.ts';
import { type Settled, settle } from './settle.ts';
import { guardAgainstShrinking } from './shrink-guard.ts';

export type LineUpDeskOptions = {
  readonly store: () => Promise<SharedStore>;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly patternCells: SharedArrayBuffer;
  /** Differs between all who write to one store. */
  readonly writer: string;
  /** Nothing is written: what would be is kept here. */
  readonly isTrial?: boolean;
  /** Calls the collector: a list leaves far more behind than is kept of it. */
  readonly collect: () => void;
};

/** Channels of one piece: read within two milliseconds on the serving thread. */
const PIECE_CHANNELS = 250;
/** Enough to see whether it is the right list. */
const FIRST_CHANNELS = 10;
const FIRST_MERGES = 100;
/** Others wrote first; nobody is that unlucky. */
const MAX_TRIES = 10;

export class LineUpDesk implements AsyncDisposable {
  readonly #options: LineUpDeskOptions;
  readonly #ended = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #edition: Edition | undefined;
  #rows: Readonly<Record<PieceOf, Rows>> = { channels: [], films: [], series: [] };

  constructor(options: LineUpDeskOptions) {
    this.#options = options;
  }

  /** Rejects with AppError. */
  async call<C extends LineUpCall>(call: C): Promise<LineUpAnswers[C['what']]> {
    return (await this.#run(call)) as LineUpAnswers[C['what']];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#turn;
  }

  async #run(call: LineUpCall): Promise<LineUpAnswers[LineUpCall['what']]> {
    switch (call.what) {
      case 'import':
        return await this.#import(call);
      case 'combine':
        return await this.#inTurn(() => this.#combine(call.input));
      case 'piece': {
        const from = call.index * PIECE_CHANNELS;
        return JSON.stringify(this.#rows[call.of].slice(from, from + PIECE_CHANNELS));
      }
      case 'episodes':
        return await this.#episodes(call);
      default:
        return assertNever(call);
    }
  }

  async #episodes({
    setting,
    series,
  }: Extract<LineUpCall, { what: 'episodes' }>): Promise<readonly EpisodeRow[]> {
    const { account, userAgent } = setting;
    if (account === undefined || series.account === undefined) return [];
    const deps = { outbound: this.#options.outbound, signal: this.#ended.signal };
    const episodes = await readEpisodes(account, userAgent, series.account.number, deps);
    return episodeRowsOf(series.id, episodes, setting);
  }

  /** Lists are fetched side by side; what comes of them is worked out one after another. */
  async #import(call: Extract<LineUpCall, { what: 'import' }>): Promise<ImportAnswer> {
    const index = call.input.settings.findIndex(({ key }) => key === call.key);
    const setting = call.input.settings[index] as LineUpSetting;
    const { outbound, patternCells, clock, collect } = this.#options;
    const { lineUps } = await this.#inTurn(() => this.#current(call.input));
    const before = lineUps.get(call.key)?.record;
    const isAsBefore = before?.readAs === readAs(setting);
    const read = await readList(setting, isAsBefore ? before.validators : {}, {
      outbound,
      watch: new PatternWatch(patternCells, index, clock),
      signal: this.#ended.signal,
      collect,
    });
    collect();
    return await this.#inTurn(() =>
      read === 'same' ? this.#same(call) : this.#take(setting, read, call),
    );
  }

  async #take(
    setting: LineUpSetting,
    read: ReadList,
    call: Extract<LineUpCall, { what: 'import' }>,
  ): Promise<ImportAnswer> {
    const input = await this.#numbered(call.input);
    const { mayShrink } = call;
    const settled = await this.#write(input, (edition, nowMs) => {
      const { key } = setting;
      const known = edition.lineUps.get(key);
      guardAgainstShrinking(setting.shown, read, mayShrink === true ? undefined : known?.record);
      const inherited =
        known === undefined
          ? inheritedKey(read.entries, edition.lineUps, input.settings)
          : undefined;
      const from = edition.lineUps.get(inherited ?? key)?.rows ?? [];
      const made = settleOne(setting, { read, from }, edition, input, nowMs);
      const { entries: _, ...of } = read;
      const record = { ...of, fetchedMs: nowMs };
      const lineUp = { record: { ...record, readAs: readAs(setting) }, rows: made.rows };
      const lineUps = present(edition, input, nowMs).set(key, lineUp);
      if (inherited !== undefined) lineUps.delete(inherited);
      const changed = new Set([key]);
      const joined = keepShown(lineUps, changed, input);
      const rows = lineUps.get(key)?.rows ?? [];
      return { lineUps, changed, result: { rows, joined, changes: made.changes } };
    });
    const { rows, changes, joined } = settled;
    const merged = here(rows).filter(({ id }) => joined.has(id));
    const all = here(rows);
    const shown = all.filter(({ kind }) => kind === undefined);
    const { problems, unusedRules } = read;
    const first = shown.slice(0, FIRST_CHANNELS).map(shownOf);
    return {
      kind: 'taken',
      channels: shown.length,
      films: all.length - shown.length,
      problems,
      unusedRules,
      changes,
      first,
      merged: merged.length,
      merges: merged.slice(0, FIRST_MERGES).map(({ name, id, as }) => ({ name, id: as?.id ?? id })),
    };
  }

  async #same({ key, input }: Extract<LineUpCall, { what: 'import' }>): Promise<ImportAnswer> {
    await this.#write(input, (edition, fetchedMs) => {
      const lineUps = present(edition, input, fetchedMs);
      const known = lineUps.get(key);
      if (known !== undefined) {
        lineUps.set(key, { ...known, record: { ...known.record, fetchedMs } });
      }
      return { lineUps, changed: new Set(), result: undefined };
    });
    return { kind: 'same' };
  }

  /** Works out what follows the newest edition, and makes it the newest. */
  async #write<T>(
    input: LineUpInput,
    work: (
      edition: Edition,
      nowMs: number,
    ) => { lineUps: Map<string, KnownLineUp>; changed: Set<string>; result: T },
  ): Promise<T> {
    const { clock, writer } = this.#options;
    const deps: EditionDeps = { store: await this.#options.store(), clock, writer };
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const edition = await this.#current(input);
      const { lineUps, changed, result } = work(edition, clock.nowMs());
      for (const [key, { rows }] of lineUps) {
        // What has another key now stands under it
        if (this.#edition?.lineUps.get(key)?.rows !== rows) changed.add(key);
      }
      if (this.#options.isTrial === true) {
        this.#edition = { number: edition.number, lineUps };
        return result;
      }
      try {
        const number = await claimEdition(edition.number, deps);
        if (number === undefined) continue;
        this.#edition = undefined; // the one before is not held beside what is written now
        this.#options.collect();
        await saveEdition(number, lineUps, changed, deps);
        this.#edition = { number, lineUps };
        return result;
      } catch (error) {
        const reason = error instanceof AppError ? error.code : String(error);
        const message = `Cannot keep line-ups: the shared store cannot be written (${reason})`;
        throw new LineUpError('LINEUP_STORE', message, {}, error);
      }
    }
    throw new LineUpError('LINEUP_STORE', 'Cannot keep line-ups: others write all the time');
  }

  /** As it is in the store, by the names there are now: another process may have written since. */
  async #current({ settings }: LineUpInput): Promise<Edition> {
    const store = await this.#options.store();
    if (this.#edition?.number !== (await editionNumber(store))) {
      this.#edition = undefined; // before the next is read: both would be held at once
      this.#edition = await loadEdition(store);
    }
    const { number, lineUps } = this.#edition as Edition;
    return { number, lineUps: underPresentKeys(lineUps, settings) };
  }

  async #combine(input: LineUpInput): Promise<Combined> {
    const { settings, own } = input;
    const edition = await this.#current(input);
    const lineUps = settings.map((setting) => ({
      setting,
      rows: edition.lineUps.get(setting.key)?.rows ?? [],
    }));
    const isAlone = areAlone(own, lineUps);
    const { rows, joined } = isAlone
      ? { rows: aloneRows(own, lineUps), joined: new Set<string>() }
      : combine(own, lineUps);
    this.#rows = { channels: rows, ...catalogueOf(lineUps) };
    const piecesOf = (of: PieceOf) => Math.ceil(this.#rows[of].length / PIECE_CHANNELS);
    return {
      edition: edition.number,
      kept: settings.flatMap((setting) => {
        const known = edition.lineUps.get(setting.key);
        return known === undefined ? [] : [keptOf(setting, known, joined)];
      }),
      pieces: {
        channels: piecesOf('channels'),
        films: piecesOf('films'),
        series: piecesOf('series'),
      },
    };
  }

  /** With the numbers that the server gave, where whoever asks does not know them. */
  async #numbered(input: LineUpInput): Promise<Required<LineUpInput>> {
    if (input.numbers !== undefined) return { ...input, numbers: input.numbers };
    const stored = await (await this.#options.store()).load(CHANNEL_NUMBER_KIND);
    const numbers = new Map<string, number>();
    for (const [id, number] of stored) if (typeof number === 'number') numbers.set(id, number);
    const own = input.own.map((channel) => {
      const number = channel.number ?? numbers.get(channel.id);
      return number === undefined ? channel : { ...channel, number };
    });
    return { ...input, own, numbers };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }
}

/**
 * Remembers which channel each entry is shown in: whoever gave that its id may go, and the channel
 * stays what it is called. Returns the entries that are another source of one.
 */
function keepShown(
  lineUps: Map<string, KnownLineUp>,
  changed: Set<string>,
  { settings, own }: LineUpInput,
): ReadonlySet<string> {
  const entries = settings.map((setting) => ({
    setting,
    rows: lineUps.get(setting.key)?.rows ?? [],
  }));
  if (areAlone(own, entries)) return new Set();
  const { shownAs, joined } = combine(own, entries);
  for (const { key } of settings) {
    const known = lineUps.get(key);
    const isKept = ({ id, as, goneMs }: KnownEntry) =>
      goneMs !== undefined || Bun.deepEquals(shownAs.get(id), as);
    if (known === undefined || known.rows.every(isKept)) continue;
    const rows = known.rows.map((row) => (isKept(row) ? row : shownIn(row, shownAs.get(row.id))));
    lineUps.set(key, { ...known, rows });
    changed.add(key);
  }
  return joined;
}

function shownIn({ as: _, ...row }: KnownEntry, as: KnownEntry['as']): KnownEntry {
  return as === undefined ? row : { ...row, as };
}

function settleOne(
  setting: LineUpSetting,
  { read, from }: { readonly read: ReadList; readonly from: readonly KnownEntry[] },
  edition: Edition,
  { own, numbers }: Required<LineUpInput>,
  nowMs: number,
): Settled {
  const takenIds = new Set(own.map(({ id }) => id));
  const takenNumbers = new Set(own.flatMap(({ number }) => number ?? []));
  for (const [key, { rows }] of edition.lineUps) {
    if (key === setting.key) continue;
    for (const { id, number, as } of rows) {
      takenIds.add(id);
      if (number !== undefined) takenNumbers.add(number);
      if (as !== undefined) takenIds.add(as.id);
      if (as?.number !== undefined) takenNumbers.add(as.number);
    }
  }
  const { renumberFrom } = setting.rules;
  return settle(read.entries, from, {
    takenIds,
    takenNumbers,
    numbers,
    ...(renumberFrom === undefined ? {} : { renumberFrom }),
    edition: edition.number + 1,
    nowMs,
  });
}

/** Those that are named no more are kept for a while, with the ids that their channels have. */
function present(
  edition: Edition,
  { settings }: LineUpInput,
  nowMs: number,
): Map<string, KnownLineUp> {
  const named = new Set(settings.map(({ key }) => key));
  const lineUps = new Map<string, KnownLineUp>();
  for (const [key, { record, rows }] of edition.lineUps) {
    const { absentMs = nowMs, ...rest } = record;
    if (named.has(key)) lineUps.set(key, { record: rest, rows });
    else if (nowMs - absentMs < FORGET_MS)
      lineUps.set(key, { record: { ...rest, absentMs }, rows });
  }
  return lineUps;
}

function here(rows: readonly KnownEntry[]): readonly KnownEntry[] {
  return rows.filter(({ goneMs }) => goneMs === undefined);
}

function shownOf({ id, name, number, group }: KnownEntry): ShownChannel {
  return {
    id,
    name: name || id,
    ...(number === undefined ? {} : { number }),
    ...(group === undefined ? {} : { group }),
  };
}

function keptOf(
  setting: LineUpSetting,
  { record, rows }: KnownLineUp,
  joined: ReadonlySet<string>,
): KeptLineUp {
  const gone = rows.filter(({ goneMs }) => goneMs !== undefined).length;
  const { fetchedMs, problems, unusedRules, maxConnections } = record;
  return {
    key: setting.key,
    fetchedMs,
    channels: here(rows).filter(({ kind }) => kind === undefined).length,
    films: here(rows).filter(({ kind }) => kind !== undefined).length,
    gone,
    merged: rows.filter(({ id }) => joined.has(id)).length,
    problems,
    unusedRules,
    isOutdated: record.readAs !== readAs(setting),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}
