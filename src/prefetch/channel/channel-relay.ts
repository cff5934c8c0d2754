// This file is one channel as the serving thread sees it: opened when it is asked for, fed, stopped.
import type { Clock } from '../../base/clock.ts';
import type { ErrorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ChannelConfig } from '../../config/config.ts';
import type { MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import type { Outbound } from '../../net/outbound.ts';
import type { Ring } from '../../ring/ring.ts';
import type { Overflow } from '../../ring/tiers/overflow.ts';
import type { Timeline } from '../../ring/timeline.ts';
import type { ProviderLeases } from '../../source/failover/provider-leases.ts';
import type { StreamCounts } from '../../source/source.ts';
import type { Look } from '../../source/stream/first-answer.ts';
import type { Unavailable } from '../answers.ts';
import { watchFor } from '../rendition/blank-watch.ts';
import { Copies } from '../rendition/copies.ts';
import type { PastKeeper } from '../rendition/past.ts';
import type { Rendition, RenditionSettings } from '../rendition/rendition.ts';
import type { OpenLoop } from '../rendition/supply.ts';
import { Attendance } from './attendance.ts';
import { ChannelCounts } from './channel-counts.ts';
import { ChannelOpening } from './channel-opening.ts';
import { ChannelPast } from './channel-past.ts';
import { ChannelRenditions, type Sound } from './channel-renditions.ts';
import { ChannelReopening } from './channel-reopening.ts';
import { ChannelSources, type OpenedSource } from './channel-sources.ts';
import { Failover } from './failover.ts';
import type { SourceReport } from './source-standings.ts';

export type RelayDeps = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbound: Outbound;
  readonly leases: ProviderLeases;
  readonly ring: Ring;
  readonly timeline: Timeline;
  /** Absent: looks are made here, over `outbound`. */
  readonly look?: Look;
  readonly openLoop: OpenLoop;
  readonly settings: RenditionSettings;
  /** Where segments go beyond memory; absent: nowhere. */
  readonly overflow?: Overflow | undefined;
  /** Who keeps what was shown; absent: nobody. */
  readonly past?: PastKeeper | undefined;
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

export class ChannelRelay implements Disposable {
  /** Replaced where the channel is called otherwise from now on; its sources never change. */
  config: ChannelConfig;
  readonly #deps: RelayDeps;
  readonly #log: Log;
  readonly #attendance: Attendance;
  readonly #counts = new ChannelCounts();
  readonly #viewers = new Map<string, number>();
  readonly #past: ChannelPast | undefined;
  readonly #renditions: ChannelRenditions;
  readonly #sources: ChannelSources;
  readonly #failover: Failover;
  readonly #opening: ChannelOpening<Opened>;
  readonly #reopening: ChannelReopening;
  readonly #closed = new AbortController();
  #opened: Opened | undefined;
  #lastWatchedMs = Number.NEGATIVE_INFINITY;
  #requests = 0;

  constructor(config: ChannelConfig, deps: RelayDeps) {
    this.config = config;
    this.#deps = deps;
    this.#log = deps.log.with({ channel: config.id });
    this.#attendance = new Attendance(deps.clock);
    this.#past = deps.past && new ChannelPast(config.id, deps.past);
    this.#renditions = this.#createRenditions();
    this.#sources = this.#createSources();
    this.#failover = this.#createFailover();
    const { clock, settings } = deps;
    const adopt = (opened: OpenedSource) => this.#adopt(opened);
    this.#opening = new ChannelOpening(clock, this.#sources, this.#closed.signal, adopt);
    this.#reopening = new ChannelReopening(this.#sources, {
      clock,
      idleStopMs: settings.idleStopMs,
      count: (what, outcome) => this.#counts.fetched(what, outcome),
      found: (found) => this.#renditions.moveTo(found),
    });
  }

  /** What the channel offers; asks upstream only where that is not known. */
  open(visit: Visit = 'asks'): Opened | Promise<Opened | Unavailable> {
    this.#visited(visit);
    return this.#opened ?? this.#opening.open('viewer');
  }

  /** Somebody is connected, or waits for an answer, until the result is disposed. */
  attend(): Disposable {
    return this.#attendance.enter();
  }

  /** Whoever waits for this answer watches, until he has `gone`. */
  during<T>(answer: Promise<T>, gone: AbortSignal): Promise<T> {
    return this.#attendance.during(answer, gone);
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
    return this.#opening.lastError;
  }

  /** The rendition by its id, once the channel is open; undefined where it has none of that name. */
  rendition(id: string): Rendition | undefined | Promise<Rendition | undefined | Unavailable> {
    this.#visited('asks');
    const known = this.#renditions.get(id);
    if (known !== undefined || this.#opened !== undefined) return known ?? this.#revive(id);
    return this.#opening
      .open('viewer')
      .then((opened) =>
        opened.kind === 'open' ? (this.#renditions.get(id) ?? this.#revive(id)) : opened,
      );
  }

  /** The rendition if the channel is open, without asking upstream. */
  peek(id: string): Rendition | undefined {
    return this.#renditions.get(id);
  }

  /** What a source that took over has apart, where the rendition began with all in one. */
  soundFor(main: Rendition): Sound | undefined {
    return this.#renditions.soundFor(main);
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

  /** Monotonic time at which it last had a part of the channel; -Infinity where it is not known. */
  lastSeenMs(viewer: string): number {
    return this.#viewers.get(viewer) ?? Number.NEGATIVE_INFINITY;
  }

  sweep(nowMs: number): void {
    for (const [viewer, seenMs] of this.#viewers) {
      if (nowMs - seenMs > VIEWER_MS) this.#viewers.delete(viewer);
    }
    const isAsked = nowMs - this.#lastWatchedMs < this.#deps.settings.idleStopMs;
    let isWatched = isAsked || this.#opening.isUnderWay;
    for (const rendition of this.#renditions) {
      rendition.sweep(nowMs);
      if (rendition.state !== 'cold') isWatched = true;
    }
    if (this.config.keepWarm || this.#past?.isKept) this.#keepWarm();
    else if (!isWatched && (this.#requests > 0 || this.#opened !== undefined)) this.#forget();
    if (this.#opened !== undefined && !this.#opening.isUnderWay) this.#failover.tick(nowMs);
  }

  stats(): RelayStats {
    const { fetches, stallsAvoided, stream, switches } = this.#counts;
    return {
      viewers: this.#viewers.size,
      fetches,
      renditions: [...this.#renditions],
      stallsAvoided,
      sources: this.#sources.standings.reports(this.#opened !== undefined),
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
    const { clock, ring, timeline, openLoop, settings, overflow } = this.#deps;
    const counts = this.#counts;
    const past = this.#past;
    const channel = this.config.id;
    return new ChannelRenditions({
      clock,
      log: this.#log,
      ring,
      timeline,
      openLoop,
      settings,
      count: (what, outcome) => counts.fetched(what, outcome),
      ...(this.config.failover === undefined ? {} : { blankLimits: this.config.failover }),
      ...(overflow === undefined
        ? {}
        : { copiesOf: (id) => new Copies({ overflow, place: { channel, rendition: id }, clock }) }),
      ...(past === undefined ? {} : { pastOf: (id, traits) => past.tapOf(id, traits) }),
      created: (rendition) => {
        rendition.onRefused = () => {
          // A source that named one address has no other to name
          if (this.#renditions.found?.multivariant !== undefined) this.#reopening.begin();
        };
        rendition.onStreamCounts = (seen) => counts.streamed(seen);
        rendition.onStallAvoided = () => counts.stallAvoided();
      },
    });
  }

  #createSources(): ChannelSources {
    const { clock, random, outbound, leases, look } = this.#deps;
    const holder = {
      // Who waits on one that is gone is about to ask the one that took its place
      idleFromMs: () =>
        this.#closed.signal.aborted
          ? Number.NEGATIVE_INFINITY
          : this.#attendance.idleFromMs(this.#renditions.targetDurationS),
      giveWay: () => this.#giveWay(),
    };
    const count = (what: string, outcome: string) => this.#counts.fetched(what, outcome);
    const deps = { clock, random, log: this.#log, outbound, leases, holder, count };
    const where = look === undefined ? {} : { look };
    return new ChannelSources(this.config.sources, this.config.slate, { ...deps, ...where });
  }

  #createFailover(): Failover {
    const { clock, random, settings } = this.#deps;
    const { segmentMaxBytes } = settings;
    const watched = watchFor(this.config.failover);
    const renditions = this.#renditions;
    return new Failover(
      this.#sources,
      {
        clock,
        random,
        log: this.#log,
        segmentMaxBytes,
        ...(watched === undefined ? {} : { watchFor: watched }),
      },
      {
        condition: (nowMs) => renditions.condition(nowMs),
        isLate: (nowMs) => renditions.isLate(nowMs),
        mediaMs: (nowMs) => renditions.mediaMs(nowMs),
        pauseMs: () => renditions.pauseMs(),
        hold: () => Promise.all([renditions.hold(), this.#reopening.stop()]),
        goOn: () => renditions.goOn(),
        isWatched: () => this.#attendance.isWatched(renditions.targetDurationS),
        switchTo: (opened) => this.#switchTo(opened),
        switched: (kind) => this.#counts.switched(kind),
      },
    );
  }

  #visited(visit: Visit): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#lastWatchedMs = nowMs;
    this.#requests++;
    if (visit === 'asks') this.#attendance.asked(nowMs);
  }

  #revive(id: string): Rendition | undefined {
    if (this.config.sources.length === 1 && this.config.slate === undefined) return undefined;
    return this.#renditions.revive(id);
  }

  /** The next viewer finds it running: its first variant, and the sound that may go with it. */
  #keepWarm(): void {
    if (this.#opened === undefined) {
      if (!this.#opening.isUnderWay && this.#sources.isAnyFree()) void this.#opening.open('nobody');
      return;
    }
    const { main } = this.#opened;
    for (const rendition of this.#renditions) {
      if (rendition === main || rendition.traits.kind === 'audio') rendition.keepGoing('nobody');
    }
  }

  /** Somebody watches another channel of the provider, and nobody this one. */
  #giveWay(): void {
    if (this.#closed.signal.aborted) return;
    this.#log.info('channel gives its place at the provider to one that is watched');
    this.#opening.stop();
    this.#forget();
  }

  #forget(): void {
    const stopped = [this.#failover.stop(), this.#reopening.stop()];
    this.#sources.release(Promise.all([this.#renditions.close(), ...stopped]));
    this.#opened = undefined;
    this.#requests = 0;
  }

  #adopt({ index, found }: OpenedSource): Opened {
    this.#deps.timeline.plays(this.#sources.standings.keyOf(index));
    const main = this.#renditions.adopt(found);
    const { multivariant } = found;
    this.#reopening.asked();
    this.#opened = { kind: 'open', main, ...(multivariant === undefined ? {} : { multivariant }) };
    this.#past?.offers(this.#opened);
    return this.#opened;
  }

  #switchTo({ index, found }: OpenedSource): Promise<unknown> {
    // What is made for players of fMP4 is not what it is called where the source is opened alone
    const isMade = [...this.#renditions].some(({ container }) => container === 'fmp4');
    this.#deps.timeline.plays(`${this.#sources.standings.keyOf(index)}${isMade ? ' made' : ''}`);
    this.#reopening.asked();
    return Promise.all([this.#renditions.switchTo(found), this.#reopening.stop()]);
  }
}
