// This file does what is asked of the thread of the line-ups.
import { assertNever } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { AppError } from '../base/errors.ts';
import type { SharedStore } from '../channel/shared-store.ts';
import type { LineUpSetting } from '../config/resolve-lineups.ts';
import type { Outbound } from '../net/outbound.ts';
import { catalogueOf, type EpisodeRow, episodeRowsOf } from './catalogue-row.ts';
import { CHANNEL_NUMBER_KIND } from './channel-number.ts';
import { aloneRows, combine } from './combine.ts';
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
import { readAs, underPresentKeys } from './line-up-keys.ts';
import type {
  Combined,
  ImportAnswer,
  KeptLineUp,
  LineUpAnswers,
  LineUpCall,
  LineUpInput,
} from './line-up-messages.ts';
import { PackedRows } from './packed-rows.ts';
import { PatternWatch } from './pattern-watch.ts';
import { readEpisodes } from './read-account.ts';
import { readList } from './read-list.ts';
import { type NextEdition, present, takeList } from './take-list.ts';

export type LineUpDeskOptions = {
  readonly store: () => Promise<SharedStore>;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly patternCells: SharedArrayBuffer;
  /** Differs between all who write to one store. */
  readonly writer: string;
  /** Nothing is written: what would be is kept here. */
  readonly isTrial?: boolean;
};

/** Others wrote first; nobody is that unlucky. */
const MAX_TRIES = 10;
const NONE: ReadonlySet<string> = new Set();

export class LineUpDesk implements AsyncDisposable {
  readonly #options: LineUpDeskOptions;
  readonly #ended = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #edition: Edition | undefined;

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
    const { outbound, patternCells, clock } = this.#options;
    const { lineUps } = await this.#inTurn(() => this.#current(call.input));
    const before = lineUps.get(call.key)?.record;
    const isAsBefore = before?.readAs === readAs(setting);
    const read = await readList(setting, isAsBefore ? before.validators : {}, {
      outbound,
      watch: new PatternWatch(patternCells, index, clock),
      signal: this.#ended.signal,
    });
    return await this.#inTurn(async () => {
      if (read === 'same') return await this.#same(call);
      const input = await this.#numbered(call.input);
      const list = { setting, read, mayShrink: call.mayShrink === true };
      return await this.#write(input, (edition, nowMs) => takeList(list, edition, input, nowMs));
    });
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
    work: (edition: Edition, nowMs: number) => NextEdition<T>,
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
      this.#edition = await loadEdition(store);
    }
    const { number, lineUps } = this.#edition;
    return { number, lineUps: underPresentKeys(lineUps, settings) };
  }

  async #combine(input: LineUpInput): Promise<Combined> {
    const { settings, own } = input;
    const edition = await this.#current(input);
    const lineUps = settings.flatMap((setting) => {
      const known = edition.lineUps.get(setting.key);
      return known === undefined ? [] : [{ setting, ...known }];
    });
    const alone = aloneRows(own, lineUps);
    const { rows, joined } = alone ? { rows: alone, joined: NONE } : combine(own, lineUps);
    const channels = rows instanceof PackedRows ? rows : PackedRows.of(rows);
    const beside = catalogueOf(lineUps.filter(({ record }) => record.counts.films > 0));
    const [films, series] = [PackedRows.of(beside.films), PackedRows.of(beside.series)];
    return {
      edition: edition.number,
      kept: lineUps.map(({ setting, ...known }) => keptOf(setting, known, joined)),
      rows: { channels: channels.pieces, films: films.pieces, series: series.pieces },
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

function keptOf(
  setting: LineUpSetting,
  { record, rows }: KnownLineUp,
  joined: ReadonlySet<string>,
): KeptLineUp {
  const { fetchedMs, counts, problems, unusedRules, maxConnections } = record;
  const merged = joined.size === 0 ? 0 : [...rows].filter(({ id }) => joined.has(id)).length;
  return {
    key: setting.key,
    fetchedMs,
    ...counts,
    merged,
    problems,
    unusedRules,
    isOutdated: record.readAs !== readAs(setting),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}
