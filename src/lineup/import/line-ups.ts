// This file keeps the line-ups an operator named fresh, and holds the channels that come of them.
import { type Backoff, backoffDelayMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { type ErrorRecord, errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { isUrl } from '../../base/place.ts';
import type { Random } from '../../base/random.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import type { SharedStore } from '../../channel/shared-store.ts';
import type { ChannelConfig } from '../../config/config.ts';
import { formatMatch } from '../../config/match.ts';
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import type { Catalogue } from '../catalogue.ts';
import type { LineUpError } from '../errors.ts';
import type { Film, Particulars, Series } from '../films.ts';
import type { EpisodeRow, FilmRow, SeriesRow } from './catalogue-row.ts';
import { ownChannelOf, RowReader } from './channel-row.ts';
import { editionNumber, LINE_UP_KIND } from './editions.ts';
import { HeldCatalogue } from './held-catalogue.ts';
import type {
  Combined,
  ImportAnswer,
  KeepAnswer,
  KeptLineUp,
  LineUpInput,
} from './line-up-messages.ts';
import type { LineUpThread } from './line-up-thread.ts';
import { eachRow } from './packed-rows.ts';
import { slowPattern } from './pattern-watch.ts';
import { filmNumberIn } from './read-account.ts';
import { accountProvider } from './row-source.ts';
import { patternsOf } from './rules.ts';
import { TakenChannels } from './taken-channels.ts';
import { WaitingKeeper } from './waiting-keeper.ts';

export type LineUpsParts = {
  readonly thread: Pick<LineUpThread, 'call' | 'onStuck' | 'rest'>;
  readonly shared: SharedStore;
  readonly isStoreUp: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Runs every minute until it is disposed. */
  readonly eachMinute: (name: string, run: () => void) => Disposable;
  /** Numbers that channels were given, by id. */
  readonly numbers: () => ReadonlyMap<string, number>;
};

export type LineUpStatus = {
  readonly name: string;
  readonly kept?: KeptLineUp;
  /** Why it could not be read the last time. */
  readonly error?: ErrorRecord;
  readonly isReading: boolean;
};

const RETRY: Backoff = { baseMs: 2_000, maxMs: 300_000 };
/** Serving does not wait longer than this for lists that were never read. */
const START_WAIT_MS = 10_000;
/** Who starts again and again does not ask providers each time. */
const FRESH_MS = 5 * 60_000;
/** Those who refresh at the same minute are spread over this share of the time between. */
const JITTER = 0.1;

/** Some ten megabytes. */
const MANY_CHANNELS = 10_000;
/** A thread that ends gives its memory back so much later. */
const LET_GO_MS = 60;

export class LineUps implements AsyncDisposable {
  readonly #parts: LineUpsParts;
  readonly #errors = new Map<string, ErrorRecord>();
  /** By key: the words of a pattern that hung; it is not tried again before the rules change. */
  readonly #condemned = new Map<string, string>();
  readonly #imports = new SingleFlight<ImportAnswer | undefined>();
  readonly #retrying = new Set<string>();
  readonly #dueMs = new Map<string, number>();
  readonly #ended = new AbortController();
  readonly #jobs = new DisposableStack();
  #settings: readonly LineUpSetting[] = [];
  #own: readonly ChannelConfig[] = [];
  #changed: () => void = () => {};
  #kept = new Map<string, KeptLineUp>();
  #edition = -1;
  readonly #channels = new TakenChannels();
  readonly #catalogue: HeldCatalogue;
  readonly #keeper: WaitingKeeper;
  #combining: Promise<void> = Promise.resolve();

  constructor(parts: LineUpsParts) {
    this.#parts = parts;
    this.#catalogue = new HeldCatalogue(parts.clock, (film) => this.#askFilm(film));
    this.#keeper = new WaitingKeeper({
      ...parts,
      signal: this.#ended.signal,
      waiting: () => this.status().flatMap(({ kept, name }) => (kept?.isWaiting ? [name] : [])),
      keep: () => this.#keepWaiting(),
    });
    parts.thread.onStuck = (tried) => {
      const setting = this.#settings[tried.lineUp];
      const match = setting && patternsOf(setting.rules)[tried.index];
      if (setting !== undefined && match !== undefined)
        this.#condemned.set(setting.key, formatMatch(match));
    };
  }

  /** The file's own by their numbers, those without one as they stand there; then those of line-ups. */
  get channels(): readonly ChannelConfig[] {
    return this.#channels.all;
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** What accounts allow, by the provider that their streams count against. */
  get accountLimits(): ReadonlyMap<string, number> {
    const limits = new Map<string, number>();
    for (const { key, maxConnections } of this.#kept.values()) {
      if (maxConnections !== undefined) limits.set(accountProvider(key), maxConnections);
    }
    return limits;
  }

  get isEmpty(): boolean {
    return this.#settings.length === 0;
  }

  /**
   * Resolves once each was read, in an earlier run or now, or has failed, or after a while. What
   * comes later calls `changed`.
   */
  async start(
    settings: readonly LineUpSetting[],
    own: readonly ChannelConfig[],
    changed: () => void,
  ): Promise<void> {
    const { shared, eachMinute } = this.#parts;
    this.#changed = changed;
    this.#jobs.use(shared.watch(LINE_UP_KIND, () => void this.#lookAtStore()));
    this.#jobs.use(eachMinute('line-ups', () => this.#minute()));
    await this.apply(settings, own);
    await this.#waitForFirst();
  }

  /** Takes over other settings or channels of the file; what is new is read behind it. */
  async apply(settings: readonly LineUpSetting[], own: readonly ChannelConfig[]): Promise<void> {
    const before = new Map(this.#settings.map((setting) => [setting.key, setting]));
    this.#settings = settings;
    this.#own = own;
    for (const setting of settings) {
      if (Bun.deepEquals(before.get(setting.key)?.rules, setting.rules)) continue;
      this.#condemned.delete(setting.key);
    }
    await this.#combine();
    for (const setting of settings) this.#plan(setting, before.has(setting.key));
    this.#refreshDue();
  }

  /** Reads each anew; one that fails keeps the channels it had. */
  async refresh(): Promise<void> {
    await Promise.all(this.#settings.map((setting) => this.#import(setting)));
  }

  status(): readonly LineUpStatus[] {
    return this.#settings.map(({ key, shown }) => {
      const kept = this.#kept.get(key);
      const error = this.#errors.get(key);
      return {
        name: shown,
        ...(kept === undefined ? {} : { kept }),
        ...(error === undefined ? {} : { error }),
        isReading: this.#imports.has(key),
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#jobs[Symbol.dispose]();
  }

  async #waitForFirst(): Promise<void> {
    const missing = this.#settings.filter(({ key }) => !this.#kept.has(key));
    const all = Promise.all(missing.map((setting) => this.#import(setting)));
    const late = Promise.withResolvers<void>();
    using _timer = this.#parts.clock.after(START_WAIT_MS, late.resolve);
    await Promise.race([all.then(() => this.#combining), late.promise]);
  }

  /** When it is read next; `isKnown`: it was there before, and has its time already. */
  #plan({ key, place, refreshMs }: LineUpSetting, isKnown: boolean): void {
    const { clock, random } = this.#parts;
    const nowMs = clock.nowMs();
    const kept = this.#kept.get(key);
    const later = refreshMs * (1 + (random() - 0.5) * JITTER);
    if (kept === undefined || kept.isOutdated) this.#dueMs.set(key, nowMs);
    else if (isKnown) this.#dueMs.set(key, Math.min(this.#dueMs.get(key) ?? nowMs, nowMs + later));
    else if (!isUrl(place) || nowMs - kept.fetchedMs > FRESH_MS) this.#dueMs.set(key, nowMs);
    else this.#dueMs.set(key, kept.fetchedMs + later);
  }

  #minute(): void {
    this.#refreshDue();
    void this.#lookAtStore();
  }

  #refreshDue(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const setting of this.#settings) {
      if ((this.#dueMs.get(setting.key) ?? 0) <= nowMs) void this.#import(setting);
    }
  }

  /** However many want it, it is read once at a time; never rejects. Undefined where it failed. */
  #import(setting: LineUpSetting): Promise<ImportAnswer | undefined> {
    const { key } = setting;
    return this.#imports.run(key, async () => {
      for (let wanted = setting; ; ) {
        const answer = await this.#importOnce(wanted);
        // Rules that came meanwhile found this one under way, and would wait for the next
        const newest = this.#settings.find((each) => each.key === key);
        const isOver = newest === undefined || newest === wanted || answer === undefined;
        if (isOver || this.#kept.get(key)?.isOutdated !== true) return answer;
        wanted = newest;
      }
    });
  }

  async #importOnce(setting: LineUpSetting): Promise<ImportAnswer | undefined> {
    const { clock, random } = this.#parts;
    const answer = await this.#tryImport(setting);
    const later = setting.refreshMs * (1 + (random() - 0.5) * JITTER);
    this.#dueMs.set(setting.key, clock.nowMs() + later);
    if (answer === undefined) void this.#retry(setting);
    else await this.#combine();
    if (answer?.kind === 'taken') this.#changed();
    return answer;
  }

  async #tryImport(setting: LineUpSetting): Promise<ImportAnswer | undefined> {
    const { thread, clock, log } = this.#parts;
    const { key, shown } = setting;
    const startMs = clock.monotonicMs();
    try {
      this.#refuseCondemned(setting);
      const answer = await thread.call({ what: 'import', key, input: this.#input() });
      this.#errors.delete(key);
      const ms = Math.round(clock.monotonicMs() - startMs);
      this.#say(shown, answer, ms);
      return answer;
    } catch (error) {
      if (this.#ended.signal.aborted) return undefined;
      const record = errorRecord(this.#hangOf(setting) ?? error);
      const { pattern } = record.detail;
      if (record.code === 'LINEUP_PATTERN') this.#condemned.set(key, String(pattern));
      this.#errors.set(key, record);
      const fields = { lineUp: shown, ...errorFields(record) };
      log.error('line-up not loaded: what was there before stays', fields);
      return undefined;
    }
  }

  #say(lineUp: string, answer: ImportAnswer, ms: number): void {
    const { log } = this.#parts;
    if (answer.kind === 'same') {
      log.info('line-up is unchanged', { lineUp, ms });
      return;
    }
    const { channels, problems, unusedRules, changeCounts } = answer;
    const { renumbered: _, ...counts } = changeCounts;
    const fields = { ...counts, problems: problems.counts, ms };
    log.info('line-up loaded', { lineUp, channels, ...fields });
    if (unusedRules.length > 0)
      log.warn('rules that found nothing', { lineUp, rules: unusedRules });
    for (const { message, ...where } of problems.first) {
      log.debug('line-up entry', { lineUp, ...where, problem: message });
    }
  }

  #refuseCondemned(setting: LineUpSetting): void {
    const hang = this.#hangOf(setting);
    if (hang !== undefined) throw hang;
  }

  #hangOf({ key }: LineUpSetting): LineUpError | undefined {
    const words = this.#condemned.get(key);
    return words === undefined ? undefined : slowPattern(words);
  }

  async #retry(setting: LineUpSetting): Promise<void> {
    const { clock, random } = this.#parts;
    const { signal } = this.#ended;
    if (this.#retrying.has(setting.key)) return;
    this.#retrying.add(setting.key);
    for (let attempt = 0; ; attempt++) {
      await sleep(clock, backoffDelayMs(RETRY, attempt, random), signal);
      const current = this.#settings.find(({ key }) => key === setting.key);
      if (signal.aborted || current === undefined || !this.#errors.has(setting.key)) break;
      if (this.#condemned.has(setting.key)) break;
      if ((await this.#import(current)) !== undefined) break;
    }
    this.#retrying.delete(setting.key);
  }

  /** Our own thread writes too, and what it wrote is put together when it is done. */
  async #lookAtStore(): Promise<void> {
    if (this.#imports.size > 0 || this.isEmpty) return;
    try {
      if ((await editionNumber(this.#parts.shared)) <= this.#edition) return;
      await this.#combine();
      this.#changed();
    } catch (error) {
      this.#parts.log.warn('line-ups of others not looked at', errorFields(errorRecord(error)));
    }
  }

  /** Ids may be others where another node was first. */
  async #keepWaiting(): Promise<KeepAnswer> {
    const answer = await this.#parts.thread.call({ what: 'keep', input: this.#input() });
    if (!answer.isKept) return answer;
    await this.#combine();
    this.#changed();
    return answer;
  }

  /** One after another, each with what is newest when its turn comes. Never rejects. */
  #combine(): Promise<void> {
    this.#combining = this.#combining.then(() => this.#combineNow());
    return this.#combining;
  }

  async #combineNow(): Promise<void> {
    const own = this.#own;
    if (this.#settings.length === 0) {
      await this.#channels.take([], own);
      this.#catalogue.replace([], []);
      return;
    }
    try {
      const { thread } = this.#parts;
      const combined = await thread.call({ what: 'combine', input: this.#input() });
      const { channels, kept, edition } = combined;
      thread.rest();
      // What it holds goes before as much as is held here comes a second time
      if (this.channels.length > MANY_CHANNELS) await sleep(this.#parts.clock, LET_GO_MS);
      await this.#channels.take(channels, own);
      await this.#takeCatalogue(combined);
      this.#keep(kept);
      this.#edition = edition;
      void this.#keeper.run();
    } catch (error) {
      const fields = errorFields(errorRecord(error));
      this.#parts.log.error('line-ups not put together: their channels stay as they were', fields);
      this.#channels.takeOwn(own);
    }
  }

  #keep(lineUps: readonly KeptLineUp[]): void {
    const before = this.#kept;
    this.#kept = new Map(lineUps.map((lineUp) => [lineUp.key, lineUp]));
    for (const { key, fetchedMs } of lineUps) {
      // Another has read it, and may have been told to take what was refused here
      if (before.get(key)?.fetchedMs !== fetchedMs) this.#errors.delete(key);
    }
  }

  async #takeCatalogue(rows: Pick<Combined, 'films' | 'series'>): Promise<void> {
    const reader = new RowReader();
    const films: Film[] = [];
    const series: Series[] = [];
    await eachRow(rows.films, (row: FilmRow) => {
      films.push(this.#catalogue.film(row, reader));
    });
    await eachRow(rows.series, (row: SeriesRow) => {
      series.push(this.#catalogue.seriesOf(row, reader, (one) => this.#askEpisodes(one)));
    });
    this.#catalogue.replace(films, series);
  }

  async #askEpisodes(series: SeriesRow): Promise<readonly EpisodeRow[]> {
    const setting = this.#settings.find(({ key }) => key === series.account?.key);
    if (setting === undefined) return [];
    return await this.#parts.thread.call({ what: 'episodes', setting, series });
  }

  #askFilm({ source }: Film): Promise<Particulars> | undefined {
    for (const setting of this.#settings) {
      const number = setting.account && filmNumberIn(setting.account, source.url);
      if (number !== undefined) return this.#parts.thread.call({ what: 'film', setting, number });
    }
    return undefined;
  }

  #input(): LineUpInput {
    const numbers = this.#parts.numbers();
    const own = this.#own.map((channel) => {
      const known = channel.number ?? numbers.get(channel.id);
      return ownChannelOf(known === undefined ? channel : { ...channel, number: known });
    });
    return { settings: this.#settings, own, numbers };
  }
}
