// This file opens the sources of a channel, in order and by their health, within what providers
// allow.
import { assert } from '../base/assert.ts';
import { type Clock, Patience, sleep } from '../base/clock.ts';
import { AppError, type ErrorRecord, errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { SourceConfig } from '../config/config.ts';
import type { Outbound } from '../net/outbound.ts';
import { type ScopedOutbound, scoped } from '../net/scoped-outbound.ts';
import { BUSY_STATUS, SourceStatusError } from '../source/errors.ts';
import type { Lease, ProviderLeases } from '../source/failover/provider-leases.ts';
import { type HealthReport, SourceHealth } from '../source/failover/source-health.ts';
import { type OpenSource, openSource, streamOf } from '../source/open-source.ts';
import { type Look, lookOver } from '../source/stream/first-answer.ts';
import type { FirstStream } from '../source/stream/open-stream.ts';
import { VIEWER_WAIT_MS } from './answers.ts';

export type ChannelSourcesDeps = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbound: Outbound;
  readonly leases: ProviderLeases;
  /** Where a source that is to play is looked at; absent: here, as those on trial are. */
  readonly look?: Look;
  readonly count: (what: 'playlist', outcome: string) => void;
};

export type SourceReport = HealthReport & {
  /** Place in the configuration, from 0; the slate comes after all. */
  readonly source: number;
  readonly kind: SourceConfig['kind'] | 'slate';
  readonly provider?: string;
  readonly active: boolean;
};

/** A source opened and not yet taken into use. */
export type OpenedSource = {
  readonly index: number;
  readonly found: OpenSource;
  readonly lease: Lease | undefined;
  /** Reaches it over connections that are closed with it. */
  readonly outbound: ScopedOutbound;
};

/** All connections of a provider are out: nothing is wrong with the source itself. */
export class ProviderBusyError extends AppError {
  constructor(provider: string, limit: number) {
    const message = `Cannot open the source: provider "${provider}" allows ${limit} connections, all are in use`;
    super('SOURCE_PROVIDER_BUSY', message, { provider, limit });
  }
}

/** However many sources there are, each is given this long to answer. */
const OPEN_MIN_MS = 2000;
/** A provider may count the connection that was just closed for a moment more. */
const JUST_LEFT_MS = 5000;
const JUST_LEFT_RETRY_MS = 1000;

/** Closes what the channel has open upstream. */
type Hold = () => Promise<unknown>;

type Source = {
  readonly config: SourceConfig;
  readonly health: SourceHealth;
  readonly isSlate: boolean;
};

export class ChannelSources {
  readonly #deps: ChannelSourcesDeps;
  readonly #sources: readonly Source[];
  #activeIndex = 0;
  #lease: Lease | undefined;
  #outbound: ScopedOutbound | undefined;
  /** Of the active source: it may not have been taken into use. */
  #stream: FirstStream | undefined;

  /** `slate`: what plays where nothing else does. */
  constructor(
    sources: readonly SourceConfig[],
    slate: SourceConfig | undefined,
    deps: ChannelSourcesDeps,
  ) {
    assert(sources.length > 0, 'a channel has a source');
    this.#deps = deps;
    const create = (config: SourceConfig, isSlate: boolean): Source => {
      return { config, health: new SourceHealth(deps.random), isSlate };
    };
    const own = sources.map((config) => create(config, false));
    this.#sources = slate === undefined ? own : [...own, create(slate, true)];
  }

  get activeIndex(): number {
    return this.#activeIndex;
  }

  /** Tells a source from others, over restarts; nothing of its address can be read off. */
  keyOf(index: number): string {
    const { config } = this.#at(index);
    const { kind } = config;
    const at = kind === 'loop' ? config.files : kind === 'template' ? config.template : config.url;
    return Bun.hash.wyhash(JSON.stringify([kind, at])).toString(36);
  }

  get playsSlate(): boolean {
    return this.isSlate(this.#activeIndex);
  }

  isSlate(index: number): boolean {
    return this.#at(index).isSlate;
  }

  /** For a viewer who waits: those that cool down come after the others, for want of anything. */
  inOrder(): number[] {
    const nowMs = this.#deps.clock.monotonicMs();
    const rank = ({ health, isSlate }: Source) => (isSlate ? 2 : health.isCooling(nowMs) ? 1 : 0);
    return [...this.#sources.keys()].sort((a, b) => rank(this.#at(a)) - rank(this.#at(b)) || a - b);
  }

  isAnyReady(): boolean {
    return this.#sources.some((_, index) => this.#isReady(index));
  }

  /** Those that viewers of the active one can be sent to. */
  alternatives(): number[] {
    return this.inOrder().filter((index) => index !== this.#activeIndex && this.#isReady(index));
  }

  /** Those that come before the active one and may be tried again. */
  better(): number[] {
    const nowMs = this.#deps.clock.monotonicMs();
    // Anything is better than the slate
    const isDue = (health: SourceHealth) =>
      this.playsSlate ? health.isWorthATry(nowMs) : !health.isCooling(nowMs);
    return [...this.#sources.keys()].filter(
      (index) => index < this.#activeIndex && isDue(this.#at(index).health),
    );
  }

  /**
   * The first of `indexes` that opens; throws the last error where none does. `hold` closes what
   * the channel has open: another source of the same provider gets its place.
   */
  async openFirst(
    indexes: readonly number[],
    signal: AbortSignal,
    hold?: () => Promise<unknown>,
  ): Promise<OpenedSource> {
    const { clock, log, count } = this.#deps;
    assert(indexes.length > 0, 'there is a source to try');
    const eachMs = Math.max(OPEN_MIN_MS, VIEWER_WAIT_MS / Math.max(1, indexes.length));
    let last: unknown;
    for (const index of indexes) {
      try {
        const opened = await this.open(index, eachMs, signal, { hold, look: this.#deps.look });
        count('playlist', 'ok');
        return opened;
      } catch (error) {
        last = error;
        count('playlist', errorRecord(error).code);
        if (signal.aborted) break;
        if (!(error instanceof ProviderBusyError)) {
          this.#at(index).health.failed(clock.monotonicMs(), errorRecord(error));
        }
        log.warn('source not to be had', { source: index, ...errorFields(errorRecord(error)) });
      }
    }
    throw last;
  }

  /** The active source as it is now; undefined where another was taken meanwhile. */
  async reopen(signal: AbortSignal): Promise<OpenSource | undefined> {
    const { clock } = this.#deps;
    using outbound = scoped(this.#deps.outbound);
    const index = this.#activeIndex;
    using patience = new Patience(clock, VIEWER_WAIT_MS, signal);
    const look = lookOver(outbound, clock);
    const found = await openSource(this.#at(index).config, look, patience.signal);
    await streamOf(found)?.close();
    return index === this.#activeIndex ? found : undefined;
  }

  /**
   * Without `hold` a connection of its own is taken. `look` decides in which thread a stream that
   * is found stays open. Throws AppError.
   */
  async open(
    index: number,
    withinMs: number,
    signal: AbortSignal,
    how: { readonly hold?: Hold | undefined; readonly look?: Look | undefined } = {},
  ): Promise<OpenedSource> {
    const { clock } = this.#deps;
    const { config } = this.#at(index);
    // The same source anew: its provider may count every connection
    if (index === this.#activeIndex) await this.#hold(how.hold);
    const lease = await this.#takeLease(config, how.hold);
    using patience = new Patience(clock, withinMs, signal);
    const outbound = scoped(this.#deps.outbound);
    const look = how.look ?? lookOver(outbound, clock);
    try {
      for (;;) {
        try {
          const found = await openSource(config, look, patience.signal);
          return { index, found, lease, outbound };
        } catch (error) {
          if (!this.#mayStillCount(config, error) || patience.signal.aborted) throw error;
          await sleep(clock, JUST_LEFT_RETRY_MS, patience.signal);
        }
      }
    } catch (error) {
      outbound[Symbol.dispose]();
      if (lease !== this.#lease) lease?.[Symbol.dispose]();
      throw error;
    }
  }

  /** It feeds the channel from now on. `closed`: when all that the last one had open is closed. */
  use({ index, found, lease, outbound }: OpenedSource, closed: Promise<unknown>): void {
    const left = this.#lease;
    const unused = this.#stream?.close();
    this.#stream = streamOf(found);
    this.#outbound?.[Symbol.dispose]();
    this.#outbound = outbound;
    this.#activeIndex = index;
    this.#lease = lease;
    if (left !== undefined && left !== lease) this.#release(left, closed, unused);
  }

  /** It was opened and is not taken into use after all. */
  giveBack({ found, lease, outbound }: OpenedSource): void {
    const stream = streamOf(found)?.close();
    outbound[Symbol.dispose]();
    if (lease === undefined || lease === this.#lease) return;
    if (stream === undefined) lease[Symbol.dispose]();
    else this.#release(lease, stream);
  }

  /** Nothing is played any more. */
  release(closed: Promise<unknown>): void {
    const left = this.#lease;
    const unused = this.#stream?.close();
    this.#stream = undefined;
    this.#outbound?.[Symbol.dispose]();
    this.#outbound = undefined;
    this.#lease = undefined;
    if (left !== undefined) this.#release(left, closed, unused);
  }

  good(): void {
    this.#at(this.#activeIndex).health.good(this.#deps.clock.monotonicMs());
  }

  failed(index: number, error: ErrorRecord): void {
    this.#at(index).health.failed(this.#deps.clock.monotonicMs(), error);
  }

  /** It ended, and may go on in a moment: that is no failure. */
  ended(index: number, error: ErrorRecord): void {
    this.#at(index).health.ended(this.#deps.clock.monotonicMs(), error);
  }

  rest(): void {
    this.#at(this.#activeIndex).health.rest();
  }

  reports(isOpen: boolean): SourceReport[] {
    const nowMs = this.#deps.clock.monotonicMs();
    return this.#sources.map(({ config, health, isSlate }, source) => {
      const provider = providerOf(config);
      return {
        source,
        kind: isSlate ? 'slate' : config.kind,
        ...(provider === undefined ? {} : { provider }),
        active: isOpen && source === this.#activeIndex,
        ...health.report(nowMs),
      };
    });
  }

  #at(index: number): Source {
    return this.#sources[index] as Source;
  }

  #isReady(index: number): boolean {
    return !this.#at(index).health.isCooling(this.#deps.clock.monotonicMs());
  }

  /** Where none is free, the place that the channel has serves the next source of its provider. */
  async #takeLease(
    config: SourceConfig,
    hold: (() => Promise<unknown>) | undefined,
  ): Promise<Lease | undefined> {
    const { leases } = this.#deps;
    const provider = providerOf(config);
    if (provider === undefined) return undefined;
    const free = leases.take(provider);
    if (free !== undefined) return free;
    const own = this.#lease;
    if (own?.provider === provider && hold !== undefined) {
      await this.#hold(hold);
      this.#outbound?.[Symbol.dispose]();
      leases.left(provider);
      return own;
    }
    throw new ProviderBusyError(provider, leases.limitOf(provider) ?? 0);
  }

  async #hold(hold: Hold | undefined): Promise<void> {
    if (hold !== undefined) await Promise.all([hold(), this.#stream?.close()]);
  }

  #release(lease: Lease, ...closed: readonly (Promise<unknown> | undefined)[]): void {
    void Promise.allSettled(closed).then(() => lease[Symbol.dispose]());
  }

  /** A refusal that may be the last connection's, not this one's. */
  #mayStillCount(config: SourceConfig, error: unknown): boolean {
    const provider = providerOf(config);
    if (provider === undefined || !(error instanceof SourceStatusError)) return false;
    return this.#deps.leases.leftAgoMs(provider) < JUST_LEFT_MS && BUSY_STATUS.has(error.status);
  }
}

function providerOf(config: SourceConfig): string | undefined {
  return 'provider' in config ? config.provider : undefined;
}
