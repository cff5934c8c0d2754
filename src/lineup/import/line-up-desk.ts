// This file does what is asked of the thread of the line-ups.
import { assertNever } from '../../base/assert.ts';
import { type Clock, within } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import type { SharedStore } from '../../channel/shared-store.ts';
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import type { Outbound } from '../../net/outbound.ts';
import { CHANNEL_NUMBER_KIND } from '../channel-number.ts';
import { LineUpError } from '../errors.ts';
import type { Particulars } from '../films.ts';
import { catalogueOf, type EpisodeRow, episodeRowsOf, particularsOf } from './catalogue-row.ts';
import { aloneChannels, combine } from './combine.ts';
import {
  claimEdition,
  type Edition,
  type EditionDeps,
  editionNumber,
  type KnownLineUp,
  loadEdition,
  saveEdition,
  wasAway,
} from './editions.ts';
import { readAs, underPresentKeys } from './line-up-keys.ts';
import type {
  Combined,
  ImportAnswer,
  KeepAnswer,
  KeptLineUp,
  LineUpAnswers,
  LineUpCall,
  LineUpInput,
} from './line-up-messages.ts';
import { packChannels } from './packed-channels.ts';
import { packRows } from './packed-rows.ts';
import { PatternWatch } from './pattern-watch.ts';
import { readEpisodes, readFilm } from './read-account.ts';
import { readList } from './read-list.ts';
import { type NextEdition, present, takeList } from './take-list.ts';
import { type CurrentEdition, rebase, sameIn, type WaitingLineUps } from './waiting-line-ups.ts';

export type LineUpDeskOptions = {
  readonly store: () => Promise<SharedStore>;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly patternCells: SharedArrayBuffer;
  /** Differs between all who write to one store. */
  readonly writer: string;
  /** Where it is kept while the store takes nothing; without it that is an error. */
  readonly waiting?: () => Promise<WaitingLineUps | undefined>;
  /** Nothing is written: what would be is kept here. */
  readonly isTrial?: boolean;
};

/** A list that comes later has its names as they are free then. */
const ORDER_WAIT_MS = 3000;
/** Others wrote first; nobody is that unlucky. */
const MAX_TRIES = 10;
const NONE: ReadonlySet<string> = new Set();

type ImportCall = Extract<LineUpCall, { what: 'import' }>;

export class LineUpDesk implements AsyncDisposable {
  readonly #options: LineUpDeskOptions;
  readonly #ended = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  /** By key: what is read, or was read last. */
  readonly #reading = new Map<string, Promise<ImportAnswer>>();
  #edition: CurrentEdition | undefined;
  /** What the store said when it took nothing. */
  #refusal: string | undefined;

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
        return await this.#beginImport(call);
      case 'combine':
        return await this.#inTurn(() => this.#combine(call.input));
      case 'keep':
        return await this.#inTurn(() => this.#keep(call.input));
      case 'episodes':
        return await this.#episodes(call);
      case 'film':
        return await this.#film(call);
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

  async #film({
    setting: { account, userAgent },
    number,
  }: Extract<LineUpCall, { what: 'film' }>): Promise<Particulars> {
    if (account === undefined) return {};
    const deps = { outbound: this.#options.outbound, signal: this.#ended.signal };
    return particularsOf(await readFilm(account, userAgent, number, deps));
  }

  #beginImport(call: ImportCall): Promise<ImportAnswer> {
    const reading = this.#import(call);
    this.#reading.set(call.key, reading);
    return reading;
  }

  /** Lists are fetched side by side; what comes of them is worked out one after another. */
  async #import(call: ImportCall): Promise<ImportAnswer> {
    const index = call.input.settings.findIndex(({ key }) => key === call.key);
    const setting = call.input.settings[index] as LineUpSetting;
    const { outbound, patternCells, clock } = this.#options;
    const { lineUps } = await this.#inTurn(() => this.#current(call.input));
    const known = lineUps.get(call.key);
    const before = known?.record;
    const isAsBefore = before?.readAs === readAs(setting) && before.absentMs === undefined;
    const read = await readList(setting, isAsBefore ? before.validators : {}, {
      outbound,
      watch: new PatternWatch(patternCells, index, clock),
      knownCount: known?.rows.length ?? 0,
      signal: this.#ended.signal,
    });
    if (before === undefined) await this.#afterEarlier(call);
    return await this.#inTurn(async () => {
      if (read === 'same') return await this.#same(call);
      const input = await this.#numbered(call.input);
      const { mayShrink = false, isDetailed = false } = call;
      const list = { setting, read, mayShrink, isDetailed };
      return await this.#write(input, (edition, nowMs) => takeList(list, edition, input, nowMs));
    });
  }

  /** Of what two lists call alike the first has the name on every node, whichever answers sooner. */
  async #afterEarlier({ key, input }: ImportCall): Promise<void> {
    const waiting = await this.#options.waiting?.();
    if (waiting === undefined || waiting.isStoreUp) return;
    const at = input.settings.findIndex((setting) => setting.key === key);
    const earlier = input.settings.slice(0, at).map((setting) => this.#reading.get(setting.key));
    await within(this.#options.clock, Promise.allSettled(earlier), ORDER_WAIT_MS);
  }

  async #same({ key, input }: ImportCall): Promise<ImportAnswer> {
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
    const waiting = await this.#options.waiting?.();
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const edition = await this.#current(input);
      const { lineUps, changed, result } = work(edition, clock.nowMs());
      for (const [key, { rows }] of lineUps) {
        // What has another key now stands under it
        if (this.#edition?.lineUps.get(key)?.rows !== rows) changed.add(key);
      }
      for (const key of edition.waiting) changed.add(key);
      const held = { number: edition.number, lineUps, waiting: changed };
      if (this.#options.isTrial === true) {
        this.#edition = held;
        return result;
      }
      if (waiting?.isStoreUp === false) {
        await this.#hold(waiting, held, undefined);
        return result;
      }
      try {
        const number = await claimEdition(edition.number, deps);
        if (number === undefined) continue;
        await saveEdition(number, lineUps, changed, deps);
        this.#edition = { number, lineUps, waiting: NONE };
        this.#refusal = undefined;
        if (edition.waiting.size > 0) await waiting?.clear();
        return result;
      } catch (error) {
        if (waiting === undefined) throw unwritten(error);
        await this.#hold(waiting, held, error);
        return result;
      }
    }
    throw new LineUpError('LINEUP_STORE', 'Cannot keep line-ups: others write all the time');
  }

  /** What was read is served all the same, and is kept once the store takes it. */
  async #hold(waiting: WaitingLineUps, edition: CurrentEdition, error: unknown): Promise<void> {
    this.#refusal = error === undefined ? undefined : codeOf(error);
    try {
      if (edition.waiting.size > 0) await waiting.put(edition);
    } catch (cause) {
      throw unwritten(cause);
    }
    this.#edition = edition;
  }

  async #keep(input: LineUpInput): Promise<KeepAnswer> {
    if ((await this.#current(input)).waiting.size === 0) {
      await (await this.#options.waiting?.())?.clear();
      return { isKept: true };
    }
    await this.#write(input, (edition, nowMs) => {
      return { lineUps: present(edition, input, nowMs), changed: new Set(), result: undefined };
    });
    const isKept = this.#edition?.waiting.size === 0;
    return { isKept, ...(this.#refusal === undefined ? {} : { reason: this.#refusal }) };
  }

  /**
   * As it is in the store, by the names there are now: another process may have written since. With
   * what waits until the store takes it.
   */
  async #current(input: LineUpInput): Promise<CurrentEdition> {
    const store = await this.#options.store();
    const number = await editionNumber(store);
    if (this.#edition?.number !== number) {
      const waiting = await this.#options.waiting?.();
      this.#edition =
        (await waiting?.after(number)) ?? (await this.#rebased(await loadEdition(store), input));
    }
    const lineUps = underPresentKeys(this.#edition.lineUps, input.settings);
    return { number: this.#edition.number, lineUps, waiting: sameIn(lineUps, this.#edition) };
  }

  /** What waits here on top of what others wrote meanwhile. */
  async #rebased(edition: Edition, input: LineUpInput): Promise<CurrentEdition> {
    const held = await (await this.#options.waiting?.())?.load();
    if (held === undefined) return { ...edition, waiting: NONE };
    return rebase(held, edition, await this.#numbered(input));
  }

  async #combine(input: LineUpInput): Promise<Combined> {
    const { settings, own } = input;
    const { clock } = this.#options;
    const edition = await this.#current(input);
    const lineUps = settings.flatMap((setting) => {
      const known = edition.lineUps.get(setting.key);
      if (known === undefined) return [];
      return [{ setting, ...known, isBack: wasAway(known.record, clock.nowMs()) }];
    });
    const alone = aloneChannels(own, lineUps);
    const { rows, joined } = alone ? { rows: [], joined: NONE } : combine(own, lineUps);
    const { films, series } = catalogueOf(lineUps.filter(({ record }) => record.counts.films > 0));
    return {
      edition: edition.number,
      kept: lineUps.map(({ setting, ...known }) => {
        const isWaiting = edition.waiting.has(setting.key);
        return {
          ...keptOf(setting, known, joined),
          ...(isWaiting ? { isWaiting: true as const } : {}),
        };
      }),
      channels: alone ?? packChannels(rows),
      films: packRows(films),
      series: packRows(series),
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

function unwritten(error: unknown): LineUpError {
  const message = `Cannot keep line-ups: the shared store cannot be written (${codeOf(error)})`;
  return new LineUpError('LINEUP_STORE', message, {}, error);
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : String(error);
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
