// This file is one channel as the serving thread sees it: opened when it is asked for, fed, stopped.
import { type Clock, Patience } from '../base/clock.ts';
import { AppError, type ErrorRecord, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ChannelConfig } from '../config/config.ts';
import type { MultivariantPlaylist } from '../media/m3u8/playlist.ts';
import type { Outbound } from '../net/outbound.ts';
import type { Ring } from '../ring/ring.ts';
import type { Timeline } from '../ring/timeline.ts';
import type { ProviderLeases } from '../source/failover/provider-leases.ts';
import type { StreamCounts } from '../source/source.ts';
import { busy, told, type Unavailable, unavailable, VIEWER_WAIT_MS } from './answers.ts';
import { Attendance } from './attendance.ts';
import { ChannelCounts } from './channel-counts.ts';
import { ProviderBusyError } from './channel-places.ts';
import { ChannelRenditions } from './channel-renditions.ts';
import { ChannelSources, type OpenedSource, type SourceReport } from './channel-sources.ts';
import { Failover } from './failover.ts';
import type { Rendition, RenditionSettings } from './rendition.ts';
import type { OpenLoop } from './supply.ts';

export type RelayDeps = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbound: Outbound;
  readonly leases: ProviderLeases;
  readonly ring: Ring;
  readonly timeline: Timeline;
  readonly openLoop: OpenLoop;
  readonly settings: RenditionSettings;
};

/** What the channel has to offer, once its source was looked at. */
export type Opened = {
  readonly kind: 'open';
  /** Absent where there is one rendition and nothing to choose. */
  readonly multivariant?: MultivariantPlaylist;
  /** The first rendition; the only one where `multivariant` is absent. */
  readonly main: Rendition;
};

/** asks: for now, as a player of HLS does. stays: it is connected, and says when it goes. */
export type Visit = 'asks' | 'stays';

export type RelayStats = {
  readonly viewers: number;
  readonly fetches: ReadonlyMap<string, number>;
  readonly renditions: readonly Rendition[];
  /** Times a segment reached its viewers although a fetch of it had failed. */
  readonly stallsAvoided: number;
  readonly sources: readonly SourceReport[];
  /** Of endless streams; empty where the channel has had none. */
  readonly stream: Readonly<Partial<StreamCounts>>;
  /** Why another source was taken in mid-play → how often. */
  readonly switches: ReadonlyMap<string, number>;
};

/** A viewer that has asked for nothing in this time has gone. */
const VIEWER_MS = 30_000;
/** A refused source is not asked again sooner than this. */
const REFUSED_MS = 1000;
const REFUSED_RETRY_S = 2;
/** Who is told when to come again where all places are taken: not at once, nor after the show. */
const BUSY_RETRY_S_MAX = 10;

export class ChannelRelay implements Disposable {
  /** Replaced where the channel is called otherwise from now on; its sources never change. */
  config: ChannelConfig;
  readonly #deps: RelayDeps;
  readonly #log: Log;
  readonly #attendance: Attendance;
  readonly #counts = new ChannelCounts();
  readonly #viewers = new Map<string, number>();
  readonly #renditions: ChannelRenditions;
  readonly #sources: ChannelSources;
  readonly #failover: Failover;
  readonly #closed = new AbortController();
  #opened: Opened | undefined;
  #opening:
    | { readonly run: AbortController; readonly done: Promise<Opened | Unavailable> }
    | undefined;
  /** The playlist that plays is being asked for again. */
  #reopening: { readonly run: AbortController; readonly done: Promise<void> } | undefined;
  #failed: Failed | undefined;
  #openedMs = Number.NEGATIVE_INFINITY;
  #lastWatchedMs = Number.NEGATIVE_INFINITY;
  #requests = 0;

  constructor(config: ChannelConfig, deps: RelayDeps) {
    this.config = config;
    this.#deps = deps;
    this.#log = deps.log.with({ channel: config.id });
    this.#attendance = new Attendance(deps.clock);
    this.#renditions = this.#createRenditions();
    this.#sources = this.#createSources();
    this.#failover = this.#createFailover();
  }

  /** What the channel offers; asks upstream only where that is not known. */
  open(visit: Visit = 'asks'): Opened | Promise<Opened | Unavailable> {
    this.#visited(visit);
    return this.#opened ?? this.#openOnce('viewer');
  }

  /** Somebody is connected, or waits for an answer, until the result is disposed. */
  attend(): Disposable {
    return this.#attendance.enter();
  }

  /** Whoever waits for this answer watches. */
  during<T>(answer: Promise<T>): Promise<T> {
    return this.#attendance.during(answer);
  }

  /** True while the channel was asked for no more than once since it was last forgotten. */
  get isProbe(): boolean {
    return this.#requests <= 1;
  }

  /** Aborts where the channel is gone, or fed otherwise from now on. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** What is known without asking upstream: for HEAD, metrics and the API. */
  get opened(): Opened | undefined {
    return this.#opened;
  }

  get lastError(): ErrorRecord | undefined {
    return this.#failed?.error;
  }

  /** The rendition by its id, once the channel is open; undefined where it has none of that name. */
  rendition(id: string): Rendition | undefined | Promise<Rendition | undefined | Unavailable> {
    this.#visited('asks');
    const known = this.#renditions.get(id);
    if (known !== undefined || this.#opened !== undefined) return known ?? this.#revive(id);
    return this.#openOnce('viewer').then((opened) =>
      opened.kind === 'open' ? (this.#renditions.get(id) ?? this.#revive(id)) : opened,
    );
  }

  /** The rendition if the channel is open, without asking upstream. */
  peek(id: string): Rendition | undefined {
    return this.#renditions.get(id);
  }

  /** Counts a fetch that none of its loops made: those of the modes that hold nothing. */
  fetched(what: 'playlist' | 'segment' | 'stream', outcome: string): void {
    this.#counts.fetched(what, outcome);
  }

  /** Counts who watches; `viewer` is whatever tells one session from another. */
  seen(viewer: string): void {
    this.#viewers.set(viewer, this.#deps.clock.monotonicMs());
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  sweep(nowMs: number): void {
    for (const [viewer, seenMs] of this.#viewers) {
      if (nowMs - seenMs > VIEWER_MS) this.#viewers.delete(viewer);
    }
    const isAsked = nowMs - this.#lastWatchedMs < this.#deps.settings.idleStopMs;
    let isWatched = isAsked || this.#opening !== undefined;
    for (const rendition of this.#renditions) {
      rendition.sweep(nowMs);
      if (rendition.state !== 'cold') isWatched = true;
    }
    if (this.config.keepWarm) this.#keepWarm();
    else if (!isWatched && (this.#requests > 0 || this.#opened !== undefined)) this.#forget();
    if (this.#opened !== undefined && this.#opening === undefined) this.#failover.tick(nowMs);
  }

  stats(): RelayStats {
    const { fetches, stallsAvoided, stream, switches } = this.#counts;
    return {
      viewers: this.#viewers.size,
      fetches,
      renditions: [...this.#renditions],
      stallsAvoided,
      sources: this.#sources.reports(this.#opened !== undefined),
      stream,
      switches,
    };
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#failover[Symbol.dispose]();
    this.#forget();
  }

  #createRenditions(): ChannelRenditions {
    const { clock, ring, timeline, openLoop, settings } = this.#deps;
    const counts = this.#counts;
    return new ChannelRenditions({
      clock,
      log: this.#log,
      ring,
      timeline,
      openLoop,
      settings,
      count: (what, outcome) => counts.fetched(what, outcome),
      created: (rendition) => {
        rendition.onRefused = () => this.#reopen();
        rendition.onStreamCounts = (seen) => counts.streamed(seen);
        rendition.onStallAvoided = () => counts.stallAvoided();
      },
    });
  }

  #createSources(): ChannelSources {
    const { clock, random, outbound, leases } = this.#deps;
    const holder = {
      idleFromMs: () => this.#attendance.idleFromMs(this.#renditions.targetDurationS),
      giveWay: () => this.#giveWay(),
    };
    const count = (what: string, outcome: string) => this.#counts.fetched(what, outcome);
    const deps = { clock, random, log: this.#log, outbound, leases, holder, count };
    return new ChannelSources(this.config.sources, this.config.slate, deps);
  }

  #createFailover(): Failover {
    const { clock, random, settings } = this.#deps;
    const { segmentMaxBytes } = settings;
    const renditions = this.#renditions;
    return new Failover(
      this.#sources,
      { clock, random, log: this.#log, segmentMaxBytes },
      {
        condition: (nowMs) => renditions.condition(nowMs),
        mediaMs: (nowMs) => renditions.mediaMs(nowMs),
        pauseMs: () => renditions.pauseMs(),
        hold: () => Promise.all([renditions.hold(), this.#stopReopening()]),
        goOn: () => renditions.goOn(),
        isWatched: () => this.#attendance.isWatched(renditions.targetDurationS),
        switchTo: (opened) => this.#switchTo(opened),
        switched: (kind) => this.#counts.switched(kind),
      },
    );
  }

  #visited(visit: Visit): void {
    this.#lastWatchedMs = this.#deps.clock.monotonicMs();
    this.#requests++;
    if (visit === 'asks') this.#attendance.asked();
  }

  #revive(id: string): Rendition | undefined {
    if (this.config.sources.length === 1 && this.config.slate === undefined) return undefined;
    return this.#renditions.revive(id);
  }

  /** The next viewer finds it running: its first variant, and the sound that may go with it. */
  #keepWarm(): void {
    if (this.#opened === undefined) {
      if (this.#opening === undefined && this.#sources.isAnyFree()) void this.#openOnce('nobody');
      return;
    }
    const { main } = this.#opened;
    for (const rendition of this.#renditions) {
      if (rendition === main || rendition.traits.kind === 'audio') rendition.keepGoing('nobody');
    }
  }

  /** Somebody watches another channel of the provider, and nobody this one. */
  #giveWay(): void {
    this.#log.info('channel gives its place at the provider to one that is watched');
    this.#opening?.run.abort();
    this.#forget();
  }

  #forget(): void {
    const stopped = [this.#failover.stop(), this.#stopReopening()];
    this.#sources.release(Promise.all([this.#renditions.close(), ...stopped]));
    this.#opened = undefined;
    this.#requests = 0;
  }

  async #openOnce(who: 'viewer' | 'nobody'): Promise<Opened | Unavailable> {
    const { clock } = this.#deps;
    if (this.#opening === undefined) {
      const failed = this.#failed;
      if (failed !== undefined && clock.monotonicMs() - failed.atMs < REFUSED_MS) {
        return refused(failed);
      }
      const run = new AbortController();
      const done = this.#openAny(who, run.signal).finally(() => {
        this.#opening = undefined;
      });
      this.#opening = { run, done };
    }
    return this.#opening.done;
  }

  /** Tries the sources in order. */
  async #openAny(who: 'viewer' | 'nobody', stopped: AbortSignal): Promise<Opened | Unavailable> {
    const { clock } = this.#deps;
    const over = AbortSignal.any([stopped, this.#closed.signal]);
    using patience = new Patience(clock, VIEWER_WAIT_MS, over);
    try {
      const order = this.#sources.inOrder();
      const isAsked = who === 'viewer';
      const claim = { evicts: isAsked, waits: isAsked };
      const opened = await this.#sources.openFirst(order, patience.signal, claim);
      if (over.aborted) {
        this.#sources.giveBack(opened);
        throw new AppError('NET_ABORTED', 'Cannot open the channel: it was closed');
      }
      this.#failed = undefined;
      this.#sources.use(opened, Promise.resolve());
      return this.#adopt(opened);
    } catch (error) {
      const freeInMs = error instanceof ProviderBusyError ? error.freeInMs : undefined;
      const failed: Failed = {
        error: errorRecord(error),
        atMs: clock.monotonicMs(),
        ...(freeInMs === undefined ? {} : { freeInMs }),
      };
      // It gave way: that is no reason to turn away who comes now
      if (!stopped.aborted) this.#failed = failed;
      return refused(failed);
    }
  }

  #adopt({ index, found }: OpenedSource): Opened {
    this.#deps.timeline.plays(this.#sources.keyOf(index));
    const main = this.#renditions.adopt(found);
    const { multivariant } = found;
    this.#openedMs = this.#deps.clock.monotonicMs();
    this.#opened = { kind: 'open', main, ...(multivariant === undefined ? {} : { multivariant }) };
    return this.#opened;
  }

  #switchTo({ index, found }: OpenedSource): Promise<unknown> {
    this.#deps.timeline.plays(this.#sources.keyOf(index));
    this.#openedMs = this.#deps.clock.monotonicMs();
    return Promise.all([this.#renditions.switchTo(found), this.#stopReopening()]);
  }

  /** A rendition's address is refused: the source's multivariant playlist may name another. */
  #reopen(): void {
    const { clock, settings } = this.#deps;
    const isNamed = this.#renditions.found?.multivariant !== undefined;
    if (!isNamed || this.#reopening !== undefined) return;
    if (clock.monotonicMs() - this.#openedMs < Math.min(5000, settings.idleStopMs)) return;
    this.#openedMs = clock.monotonicMs();
    const run = new AbortController();
    const done = this.#askAgain(run.signal).finally(() => {
      this.#reopening = undefined;
    });
    this.#reopening = { run, done };
  }

  async #askAgain(signal: AbortSignal): Promise<void> {
    try {
      const found = await this.#sources.reopen(signal);
      this.#counts.fetched('playlist', 'ok');
      if (found !== undefined && !signal.aborted) this.#renditions.moveTo(found);
    } catch (error) {
      this.#counts.fetched('playlist', errorRecord(error).code);
    }
  }

  /** Resolves once nothing of it is open upstream. */
  async #stopReopening(): Promise<void> {
    const reopening = this.#reopening;
    reopening?.run.abort();
    await reopening?.done;
  }
}

type Failed = {
  readonly error: ErrorRecord;
  readonly atMs: number;
  /** All places of its provider are taken, and may be for so long. */
  readonly freeInMs?: number;
};

function refused({ error, freeInMs }: Failed): Unavailable {
  const reason = told(error);
  if (freeInMs === undefined) return unavailable(REFUSED_RETRY_S, reason);
  return busy(Math.min(BUSY_RETRY_S_MAX, Math.max(REFUSED_RETRY_S, freeInMs / 1000)), reason);
}
