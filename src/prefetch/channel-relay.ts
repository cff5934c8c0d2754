// This file is one channel as the serving thread sees it: its renditions and who watches them.

import { assert } from '../base/assert.ts';
import { type Clock, Patience } from '../base/clock.ts';
import { AppError, type ErrorRecord, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ChannelConfig } from '../config/config.ts';
import type { MultivariantPlaylist } from '../media/m3u8/playlist.ts';
import type { Outbound } from '../net/outbound.ts';
import type { Ring } from '../ring/ring.ts';
import type { Overflow } from '../ring/tiers/overflow.ts';
import type { Timeline } from '../ring/timeline.ts';
import { nearestTo } from '../source/failover/match.ts';
import type { ProviderLeases } from '../source/failover/provider-leases.ts';
import type { OpenRendition, OpenSource } from '../source/open-source.ts';
import { traitsOfId } from '../source/pull/renditions.ts';
import type { StreamCounts } from '../source/source.ts';
import { told, type Unavailable, VIEWER_WAIT_MS } from './answers.ts';
import {
  ChannelSources,
  type OpenedSource,
  ProviderBusyError,
  type SourceReport,
} from './channel-sources.ts';
import { Copies } from './copies.ts';
import { Failover } from './failover.ts';
import { Rendition, type RenditionDeps, type RenditionSettings } from './rendition.ts';
import type { OpenLoop } from './supply.ts';
import type { Trouble } from './vital-signs.ts';

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
  /** Where segments go beyond memory; absent: nowhere. */
  readonly overflow?: Overflow | undefined;
};

/** What the channel has to offer, once its source was looked at. */
export type Opened = {
  readonly kind: 'open';
  /** Absent where there is one rendition and nothing to choose. */
  readonly multivariant?: MultivariantPlaylist;
  /** The first rendition; the only one where `multivariant` is absent. */
  readonly main: Rendition;
};

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

export class ChannelRelay implements Disposable {
  /** Replaced where the channel is called otherwise from now on; its sources never change. */
  config: ChannelConfig;
  readonly #deps: RelayDeps;
  readonly #log: Log;
  readonly #renditions = new Map<string, Rendition>();
  readonly #viewers = new Map<string, number>();
  readonly #fetches = new Map<string, number>();
  readonly #stream: { -readonly [K in keyof StreamCounts]?: number } = {};
  readonly #switches = new Map<string, number>();
  readonly #sources: ChannelSources;
  readonly #failover: Failover;
  readonly #closed = new AbortController();
  #opened: Opened | undefined;
  #opening: Promise<Opened | Unavailable> | undefined;
  #failed: Failed | undefined;
  #openedMs = Number.NEGATIVE_INFINITY;
  #lastWatchedMs = Number.NEGATIVE_INFINITY;
  #stallsAvoided = 0;
  #isReopening = false;
  /** What the source that plays has. */
  #found: OpenSource | undefined;
  #requests = 0;

  constructor(config: ChannelConfig, deps: RelayDeps) {
    this.config = config;
    this.#deps = deps;
    this.#log = deps.log.with({ channel: config.id });
    const { clock, random, outbound, leases, settings } = deps;
    const log = this.#log;
    const slate = config.slate;
    this.#sources = new ChannelSources(config.sources, slate, {
      clock,
      random,
      log,
      outbound,
      leases,
      count: (what, outcome) => this.#count(what, outcome),
    });
    const { segmentMaxBytes } = settings;
    this.#failover = new Failover(
      this.#sources,
      { clock, random, log, segmentMaxBytes },
      {
        condition: (nowMs) => this.#condition(nowMs),
        hold: () => Promise.all(this.#all((rendition) => rendition.hold())),
        goOn: () => this.#all((rendition) => rendition.goOn()),
        switchTo: (opened) => this.#switchTo(opened),
        switched: (kind) => this.#switches.set(kind, (this.#switches.get(kind) ?? 0) + 1),
      },
    );
  }

  /** What the channel offers; asks upstream only where that is not known. */
  open(): Opened | Promise<Opened | Unavailable> {
    this.#lastWatchedMs = this.#deps.clock.monotonicMs();
    this.#requests++;
    return this.#opened ?? this.#openOnce();
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
    this.#lastWatchedMs = this.#deps.clock.monotonicMs();
    this.#requests++;
    const known = this.#renditions.get(id);
    if (known !== undefined || this.#opened !== undefined) return known ?? this.#revive(id);
    return this.#openOnce().then((opened) =>
      opened.kind === 'open' ? (this.#renditions.get(id) ?? this.#revive(id)) : opened,
    );
  }

  /**
   * A rendition of another source, whose address a player still holds: it was offered before weir
   * was started, or before nobody watched for a while. What comes nearest to it now feeds it.
   */
  #revive(id: string): Rendition | undefined {
    const { timeline } = this.#deps;
    if (this.#found === undefined || timeline.mark(id) === undefined) return undefined;
    if (this.config.sources.length === 1 && this.config.slate === undefined) return undefined;
    const traits = traitsOfId(id);
    const nearest = nearestTo(traits, this.#found.renditions);
    if (nearest === undefined) return undefined;
    // The answer at hand is as old as the channel has been open
    const { first: _, ...spec } = nearest;
    const rendition = this.#createRendition({ ...spec, id, traits });
    this.#renditions.set(id, rendition);
    return rendition;
  }

  /** The rendition if the channel is open, without asking upstream. */
  peek(id: string): Rendition | undefined {
    return this.#renditions.get(id);
  }

  /** Counts a fetch that none of its loops made: those of the modes that hold nothing. */
  fetched(what: 'playlist' | 'segment', outcome: string): void {
    this.#count(what, outcome);
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
    for (const rendition of this.#renditions.values()) {
      rendition.sweep(nowMs);
      if (rendition.state !== 'cold') isWatched = true;
    }
    if (this.config.keepWarm) this.#keepWarm();
    else if (!isWatched && (this.#requests > 0 || this.#opened !== undefined)) this.#forget();
    if (this.#opened !== undefined && this.#opening === undefined) this.#failover.tick(nowMs);
  }

  /** The next viewer finds it running: its first variant, and the sound that may go with it. */
  #keepWarm(): void {
    if (this.#opened === undefined) {
      if (this.#opening === undefined && this.#sources.isAnyReady()) void this.#openOnce();
      return;
    }
    const { main } = this.#opened;
    for (const rendition of this.#renditions.values()) {
      if (rendition === main || rendition.traits.kind === 'audio') {
        rendition.keepGoing('nobody');
      }
    }
  }

  stats(): RelayStats {
    return {
      viewers: this.#viewers.size,
      fetches: this.#fetches,
      renditions: [...this.#renditions.values()],
      stallsAvoided: this.#stallsAvoided,
      sources: this.#sources.reports(this.#opened !== undefined),
      stream: this.#stream,
      switches: this.#switches,
    };
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#failover[Symbol.dispose]();
    this.#forget();
  }

  #forget(): void {
    const closed = this.#all((rendition) => {
      rendition[Symbol.dispose]();
      return rendition.closed();
    });
    this.#failover.stop();
    this.#sources.release(Promise.all(closed));
    this.#renditions.clear();
    this.#opened = undefined;
    this.#found = undefined;
    this.#requests = 0;
  }

  #all<T>(run: (rendition: Rendition) => T): T[] {
    return [...this.#renditions.values()].map(run);
  }

  async #openOnce(): Promise<Opened | Unavailable> {
    const { clock } = this.#deps;
    if (this.#opening === undefined) {
      const failed = this.#failed;
      if (failed !== undefined && clock.monotonicMs() - failed.atMs < REFUSED_MS) {
        return refused(failed);
      }
      this.#opening = this.#openAny().finally(() => {
        this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  /** Tries the sources in order. */
  async #openAny(): Promise<Opened | Unavailable> {
    const { clock } = this.#deps;
    using patience = new Patience(clock, VIEWER_WAIT_MS, this.#closed.signal);
    try {
      const order = this.#sources.inOrder();
      const opened = await this.#sources.openFirst(order, patience.signal);
      if (this.#closed.signal.aborted) {
        this.#sources.giveBack(opened);
        throw new AppError('NET_ABORTED', 'Cannot open the channel: it was closed');
      }
      this.#failed = undefined;
      this.#sources.use(opened, Promise.resolve());
      return this.#adopt(opened);
    } catch (error) {
      const record = errorRecord(error);
      const isBusy = error instanceof ProviderBusyError;
      this.#failed = { error: record, isBusy, atMs: clock.monotonicMs() };
      return refused(this.#failed);
    }
  }

  #adopt({ index, found }: OpenedSource): Opened {
    this.#deps.timeline.plays(this.#sources.keyOf(index));
    for (const rendition of found.renditions) {
      this.#renditions.set(rendition.id, this.#createRendition(rendition));
    }
    this.#openedMs = this.#deps.clock.monotonicMs();
    const main = this.#renditions.get(found.renditions[0]?.id ?? '');
    assert(main !== undefined, 'an open source has a rendition');
    const { multivariant } = found;
    this.#found = found;
    this.#opened = { kind: 'open', main, ...(multivariant === undefined ? {} : { multivariant }) };
    return this.#opened;
  }

  /**
   * What the channel offers stays as it was: players hold its addresses. Each rendition is fed by
   * whatever comes nearest to it.
   */
  #switchTo({ index, found }: OpenedSource): Promise<unknown> {
    this.#deps.timeline.plays(this.#sources.keyOf(index));
    for (const rendition of this.#renditions.values()) {
      const next = likeOf(rendition, found);
      if (next === undefined) rendition.starve();
      else rendition.switchTo(next.spec, next.first);
    }
    this.#found = found;
    this.#openedMs = this.#deps.clock.monotonicMs();
    return Promise.all(this.#all((rendition) => rendition.closed()));
  }

  /** Text and I-frames that fail are no reason to leave a source whose picture and sound play. */
  #condition(nowMs: number): Trouble | 'well' | 'unknown' {
    let condition: 'well' | 'unknown' = 'unknown';
    for (const rendition of this.#renditions.values()) {
      const { kind } = rendition.traits;
      if (kind === 'subtitles' || kind === 'iframe') continue;
      const seen = rendition.condition(nowMs);
      if (typeof seen !== 'string') return seen;
      if (seen === 'well') condition = 'well';
    }
    return condition;
  }

  #createRendition(open: OpenRendition): Rendition {
    const { clock, ring, timeline, openLoop, settings, overflow } = this.#deps;
    const place = { channel: this.config.id, rendition: open.id };
    const deps: RenditionDeps = {
      clock,
      log: this.#log,
      ring,
      timeline,
      openLoop,
      settings,
      count: (what, outcome) => this.#count(what, outcome),
      ...(overflow === undefined ? {} : { copies: new Copies({ overflow, place, clock }) }),
    };
    const rendition = new Rendition(open, deps);
    rendition.onRefused = () => void this.#reopen();
    rendition.onStreamCounts = (counts) => this.#countStream(counts);
    rendition.onStallAvoided = () => {
      this.#stallsAvoided++;
    };
    return rendition;
  }

  /** A rendition's address is refused: the source's multivariant playlist may name another. */
  async #reopen(): Promise<void> {
    const { clock, settings } = this.#deps;
    if (this.#found?.multivariant === undefined || this.#isReopening) return;
    if (clock.monotonicMs() - this.#openedMs < Math.min(5000, settings.idleStopMs)) return;
    this.#isReopening = true;
    this.#openedMs = clock.monotonicMs();
    try {
      const found = await this.#sources.reopen(this.#closed.signal);
      if (found !== undefined) this.#found = found;
      this.#count('playlist', 'ok');
      for (const rendition of this.#renditions.values()) {
        const same = found === undefined ? undefined : likeOf(rendition, found);
        if (same !== undefined) rendition.moveTo(same.spec);
      }
    } catch (error) {
      this.#count('playlist', errorRecord(error).code);
    } finally {
      this.#isReopening = false;
    }
  }

  #countStream(counts: StreamCounts): void {
    for (const [what, count] of Object.entries(counts)) {
      const name = what as keyof StreamCounts;
      this.#stream[name] = (this.#stream[name] ?? 0) + count;
    }
  }

  #count(what: string, outcome: string): void {
    const key = `${what} ${outcome}`;
    this.#fetches.set(key, (this.#fetches.get(key) ?? 0) + 1);
  }
}

/** By its name, which says what it is, or by what comes nearest. */
function likeOf({ id, traits }: Rendition, { renditions }: OpenSource): OpenRendition | undefined {
  return renditions.find((other) => other.id === id) ?? nearestTo(traits, renditions);
}

type Failed = {
  readonly error: ErrorRecord;
  readonly isBusy: boolean;
  readonly atMs: number;
};

function refused({ error, isBusy }: Failed): Unavailable {
  const answer = { kind: 'unavailable', retryAfterS: 2, reason: told(error) } as const;
  return isBusy ? { ...answer, isBusy: true } : answer;
}
