// This file opens the sources of a channel, in order and by their health, within what providers
// allow.
import { assert } from '../../base/assert.ts';
import { type Clock, Patience, within } from '../../base/clock.ts';
import { errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { SourceConfig } from '../../config/config.ts';
import type { Outbound } from '../../net/outbound.ts';
import { type ScopedOutbound, scoped } from '../../net/scoped-outbound.ts';
import type {
  Holder,
  Lease,
  LeaseWait,
  ProviderLeases,
} from '../../source/failover/provider-leases.ts';
import { type OpenSource, openSource, streamOf } from '../../source/open-source.ts';
import { type Look, lookOver } from '../../source/stream/first-answer.ts';
import type { FirstStream } from '../../source/stream/open-stream.ts';
import { VIEWER_WAIT_MS } from '../answers.ts';
import { ChannelPlaces, type Claim, ProviderBusyError } from './channel-places.ts';
import { SourceStandings } from './source-standings.ts';

export type ChannelSourcesDeps = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbound: Outbound;
  readonly leases: ProviderLeases;
  /** Where a source that is to play is looked at; absent: here, as those on trial are. */
  readonly look?: Look;
  /** The channel, as others see it who want its place. */
  readonly holder: Holder;
  readonly count: (what: 'playlist', outcome: string) => void;
};

/** A source opened and not yet taken into use. */
export type OpenedSource = {
  readonly index: number;
  readonly found: OpenSource;
  readonly lease: Lease | undefined;
  /** Reaches it over connections that are closed with it. */
  readonly outbound: ScopedOutbound;
};

/** A box that zaps asks for the next channel before we have seen it leave the last. */
const ZAP_MS = 300;
/** However many sources there are, each is given this long to answer. */
const OPEN_MIN_MS = 2000;
/** Whoever waits for what is opened aside has waited before. */
const ASIDE_MS = 5000;
/** What was told to close takes a moment; what does not close is not waited for. */
const LET_GO_MS = 2000;
/** A viewer waits so long for another one to be gone, then for that to be closed, then to see. */
const IDLE_WAIT_MS = VIEWER_WAIT_MS - OPEN_MIN_MS;
const CLOSE_MS = 1000;

export class ChannelSources {
  /** Which there are, and how they do. */
  readonly standings: SourceStandings;
  readonly #deps: ChannelSourcesDeps;
  readonly #places: ChannelPlaces;
  #outbound: ScopedOutbound | undefined;
  /** Of the active source: it may not have been taken into use. */
  #stream: FirstStream | undefined;
  /** Resolves once nothing of what played last is open. */
  #letGo: Promise<unknown> = Promise.resolve();

  /** `slate`: what plays where nothing else does. */
  constructor(
    sources: readonly SourceConfig[],
    slate: SourceConfig | undefined,
    deps: ChannelSourcesDeps,
  ) {
    this.#deps = deps;
    this.standings = new SourceStandings(sources, slate, deps);
    this.#places = new ChannelPlaces(deps.clock, deps.leases, deps.holder);
  }

  /** For a channel that nobody watches: something can be had, and from nobody who has it. */
  isAnyFree(): boolean {
    const { standings } = this;
    return standings.indexes().some((index) => {
      return standings.isReady(index) && this.#places.isFree(standings.providerOf(index));
    });
  }

  /** It could be had over the connection of the one that plays, and no other. */
  sharesPlace(index: number): boolean {
    const provider = this.standings.providerOf(index);
    return provider !== undefined && provider === this.#places.own?.provider;
  }

  /** The first of `indexes` that opens; throws the last error where none does. */
  async openFirst(
    indexes: readonly number[],
    signal: AbortSignal,
    claim: Claim = {},
  ): Promise<OpenedSource> {
    assert(indexes.length > 0, 'there is a source to try');
    const { clock, look } = this.#deps;
    const startedMs = clock.monotonicMs();
    const eachMs = Math.max(OPEN_MIN_MS, VIEWER_WAIT_MS / Math.max(1, indexes.length));
    let last: unknown;
    const busy: number[] = [];
    for (const index of indexes) {
      try {
        return this.#came(await this.open(index, eachMs, signal, claim, look));
      } catch (error) {
        last = error;
        if (this.#failedToOpen(index, error, signal)) busy.push(index);
        if (signal.aborted) break;
      }
    }
    if (claim.waits !== true || busy.length === 0 || signal.aborted) throw last;
    const idleByMs = startedMs + IDLE_WAIT_MS;
    return this.#openOnceFree(busy, { idleByMs, untilMs: idleByMs + CLOSE_MS }, signal);
  }

  /** As `open`, where a place is free; a stream stays open where the channel can play it. */
  openAside(index: number, signal: AbortSignal, holder: Holder): Promise<OpenedSource> {
    return this.open(index, ASIDE_MS, signal, { holder }, this.#deps.look);
  }

  /** The active source as it is now; undefined where another was taken meanwhile. */
  async reopen(signal: AbortSignal): Promise<OpenSource | undefined> {
    const { clock } = this.#deps;
    using outbound = scoped(this.#deps.outbound);
    const index = this.standings.activeIndex;
    using patience = new Patience(clock, VIEWER_WAIT_MS, signal);
    const look = lookOver(outbound, clock);
    const found = await openSource(this.standings.configOf(index), look, patience.signal);
    await streamOf(found)?.close();
    return index === this.standings.activeIndex ? found : undefined;
  }

  /**
   * Takes a connection of its own, as `claim` says. `look` decides in which thread a stream that is
   * found stays open. Throws AppError.
   */
  async open(
    index: number,
    withinMs: number,
    signal: AbortSignal,
    claim: Claim = {},
    look?: Look,
  ): Promise<OpenedSource> {
    const provider = this.standings.providerOf(index);
    const closing = this.#closing(claim);
    // The same source anew: it may count every connection
    if (index === this.standings.activeIndex) await closing.hold?.();
    const lease = await this.#places.take(provider, withinMs, signal, closing);
    try {
      return await this.#openWith(lease, index, withinMs, signal, look);
    } catch (error) {
      this.#places.giveBack(lease);
      throw error;
    }
  }

  /** What the channel has open is closed by its loops and here. */
  #closing({ hold, ...claim }: Claim): Claim {
    if (hold === undefined) return claim;
    return {
      ...claim,
      hold: async () => {
        await Promise.all([hold(), this.#stream?.close()]);
        this.#outbound?.[Symbol.dispose]();
      },
    };
  }

  /** It feeds the channel from now on. `closed`: when all that the last one had open is closed. */
  use({ index, found, lease, outbound }: OpenedSource, closed: Promise<unknown>): void {
    const left = this.#closeWith(closed);
    this.#outbound = outbound;
    this.#stream = streamOf(found);
    this.standings.plays(index);
    this.#places.use(lease, left);
  }

  /** It was opened and is not taken into use after all. Resolves once it is closed. */
  async giveBack({ found, lease, outbound }: OpenedSource): Promise<void> {
    const stream = streamOf(found)?.close();
    outbound[Symbol.dispose]();
    if (stream !== undefined) await stream;
    this.#places.giveBack(lease);
  }

  /** Nothing is played any more. */
  release(closed: Promise<unknown>): void {
    this.#letGo = this.#closeWith(closed);
    this.#places.use(undefined, this.#letGo);
  }

  /** Over the connections of what played, and with all that `closed` waits for. */
  #closeWith(closed: Promise<unknown>): Promise<unknown> {
    const unused = this.#stream?.close();
    this.#outbound?.[Symbol.dispose]();
    this.#outbound = undefined;
    this.#stream = undefined;
    return unused === undefined ? closed : Promise.all([closed, unused]);
  }

  #openWith(
    lease: Lease | undefined,
    index: number,
    withinMs: number,
    signal: AbortSignal,
    look?: Look,
  ): Promise<OpenedSource> {
    const config = this.standings.configOf(index);
    return this.#places.patiently(lease, withinMs, signal, async (patient) => {
      // Whoever comes as the last one leaves must not make an upstream see two
      if (!patient.aborted) await within(this.#deps.clock, this.#letGo, LET_GO_MS);
      const outbound = scoped(this.#deps.outbound);
      try {
        const here = lookOver(outbound, this.#deps.clock);
        const found = await openSource(config, look ?? here, patient);
        return { index, found, lease, outbound };
      } catch (error) {
        outbound[Symbol.dispose]();
        throw error;
      }
    });
  }

  /** All that could play waits for a place: the first that somebody leaves by then is taken. */
  async #openOnceFree(
    indexes: readonly number[],
    patience: LeaseWait,
    signal: AbortSignal,
  ): Promise<OpenedSource> {
    const providers = new Set(indexes.flatMap((index) => this.standings.providerOf(index) ?? []));
    const hopesUntilMs = this.#deps.clock.monotonicMs() + ZAP_MS;
    const zapping = { ...patience, hopesUntilMs };
    const lease = await this.#places.whenLeft([...providers], zapping, signal);
    const fitting = indexes.filter((index) => this.standings.providerOf(index) === lease.provider);
    let last: unknown;
    for (const index of fitting) {
      try {
        return this.#came(await this.#openWith(lease, index, OPEN_MIN_MS, signal, this.#deps.look));
      } catch (error) {
        last = error;
        this.#failedToOpen(index, error, signal);
        if (signal.aborted) break;
      }
    }
    lease[Symbol.dispose]();
    throw last;
  }

  #came(opened: OpenedSource): OpenedSource {
    this.#deps.count('playlist', 'ok');
    return opened;
  }

  /** True where nothing is wrong with it: its provider has no place left. */
  #failedToOpen(index: number, error: unknown, signal: AbortSignal): boolean {
    const { log, count } = this.#deps;
    const record = errorRecord(error);
    const isBusy = error instanceof ProviderBusyError;
    count('playlist', record.code);
    if (signal.aborted) return isBusy;
    if (!isBusy) this.standings.failed(index, record);
    log.warn('source not to be had', {
      source: index,
      ...errorFields(record),
      ...this.standings.standing(index),
    });
    return isBusy;
  }
}
