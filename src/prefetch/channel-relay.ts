// This file is one channel as the serving thread sees it: its renditions and who watches them.

import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { type ErrorRecord, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { ChannelConfig, SourceConfig } from '../config/config.ts';
import type { MultivariantPlaylist } from '../media/m3u8/playlist.ts';
import type { Outbound } from '../net/outbound.ts';
import type { Ring } from '../ring/ring.ts';
import type { Timeline } from '../ring/timeline.ts';
import { type OpenSource, openSource } from '../source/open-source.ts';
import { type Unavailable, VIEWER_WAIT_MS } from './answers.ts';
import { Rendition, type RenditionDeps, type RenditionSettings } from './rendition.ts';
import type { OpenLoop } from './supply.ts';

export type RelayDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly outbound: Outbound;
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

export type RelayStats = {
  readonly viewers: number;
  readonly fetches: ReadonlyMap<string, number>;
  readonly renditions: readonly Rendition[];
  /** Times a segment reached its viewers although a fetch of it had failed. */
  readonly stallsAvoided: number;
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
  readonly #closed = new AbortController();
  #opened: Opened | undefined;
  #opening: Promise<Opened | Unavailable> | undefined;
  #failed: { readonly error: ErrorRecord; readonly atMs: number } | undefined;
  #openedMs = Number.NEGATIVE_INFINITY;
  #lastWatchedMs = Number.NEGATIVE_INFINITY;
  #sourceIndex = 0;
  #stallsAvoided = 0;
  #requests = 0;

  constructor(config: ChannelConfig, deps: RelayDeps) {
    this.config = config;
    this.#deps = deps;
    this.#log = deps.log.with({ channel: config.id });
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
    if (known !== undefined || this.#opened !== undefined) return known;
    return this.#openOnce().then((opened) =>
      opened.kind === 'open' ? this.#renditions.get(id) : opened,
    );
  }

  /** The rendition if the channel is open, without asking upstream. */
  peek(id: string): Rendition | undefined {
    return this.#renditions.get(id);
  }

  /** Counts who watches; `viewer` is whatever tells one session from another. */
  seen(viewer: string): void {
    this.#viewers.set(viewer, this.#deps.clock.monotonicMs());
  }

  sweep(nowMs: number): void {
    for (const [viewer, seenMs] of this.#viewers) {
      if (nowMs - seenMs > VIEWER_MS) this.#viewers.delete(viewer);
    }
    let isWatched = nowMs - this.#lastWatchedMs < this.#deps.settings.idleStopMs;
    for (const rendition of this.#renditions.values()) {
      rendition.sweep(nowMs);
      if (rendition.state !== 'cold') isWatched = true;
    }
    if (!isWatched && this.#requests > 0) this.#forget();
  }

  stats(): RelayStats {
    return {
      viewers: this.#viewers.size,
      fetches: this.#fetches,
      renditions: [...this.#renditions.values()],
      stallsAvoided: this.#stallsAvoided,
    };
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#forget();
  }

  #forget(): void {
    for (const rendition of this.#renditions.values()) rendition[Symbol.dispose]();
    this.#renditions.clear();
    this.#opened = undefined;
    this.#requests = 0;
  }

  async #openOnce(): Promise<Opened | Unavailable> {
    const { clock } = this.#deps;
    if (this.#opening === undefined) {
      const failed = this.#failed;
      if (failed !== undefined && clock.monotonicMs() - failed.atMs < REFUSED_MS) {
        return refused(failed.error);
      }
      this.#opening = this.#openAny().finally(() => {
        this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  /** Tries the sources in order, beginning with the one that worked last. */
  async #openAny(): Promise<Opened | Unavailable> {
    const { clock, outbound } = this.#deps;
    const { sources } = this.config;
    const late = new AbortController();
    using _deadline = clock.after(VIEWER_WAIT_MS, () => late.abort());
    const signal = AbortSignal.any([this.#closed.signal, late.signal]);
    for (let tried = 0; tried < sources.length; tried++) {
      const index = (this.#sourceIndex + tried) % sources.length;
      try {
        const source = sources[index] as SourceConfig;
        const found = await openSource(source, outbound, clock, signal);
        this.#count('playlist', 'ok');
        this.#sourceIndex = index;
        this.#failed = undefined;
        return this.#adopt(found);
      } catch (error) {
        const record = errorRecord(error);
        this.#count('playlist', record.code);
        this.#failed = { error: record, atMs: clock.monotonicMs() };
        this.#log.warn('source not to be had', { source: index, ...record });
        if (this.#closed.signal.aborted) break;
      }
    }
    assert(this.#failed !== undefined, 'a channel has a source');
    return refused(this.#failed.error);
  }

  #adopt(found: OpenSource): Opened {
    const { clock } = this.#deps;
    for (const { id, spec, first } of found.renditions) {
      const known = this.#renditions.get(id);
      if (known === undefined) {
        this.#renditions.set(id, this.#createRendition(id, spec, first));
      } else {
        known.moveTo(spec);
      }
    }
    this.#openedMs = clock.monotonicMs();
    const main = this.#renditions.get(found.renditions[0]?.id ?? '');
    assert(main !== undefined, 'an open source has a rendition');
    const { multivariant } = found;
    this.#opened = { kind: 'open', main, ...(multivariant === undefined ? {} : { multivariant }) };
    return this.#opened;
  }

  #createRendition(
    id: string,
    spec: OpenSource['renditions'][number]['spec'],
    first: OpenSource['renditions'][number]['first'],
  ): Rendition {
    const { clock, ring, timeline, openLoop, settings } = this.#deps;
    const deps: RenditionDeps = {
      clock,
      log: this.#log,
      ring,
      timeline,
      openLoop,
      settings,
      count: (what, outcome) => this.#count(what, outcome),
    };
    const rendition = new Rendition(id, spec, deps, first);
    rendition.onRefused = () => void this.#reopen();
    rendition.onStallAvoided = () => {
      this.#stallsAvoided++;
    };
    return rendition;
  }

  /** A rendition's address is refused: the multivariant playlist may name another by now. */
  async #reopen(): Promise<void> {
    const { clock, settings } = this.#deps;
    if (this.#opened?.multivariant === undefined || this.#opening !== undefined) return;
    if (clock.monotonicMs() - this.#openedMs < Math.min(5000, settings.idleStopMs)) return;
    this.#opening = this.#openAny().finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  #count(what: string, outcome: string): void {
    const key = `${what} ${outcome}`;
    this.#fetches.set(key, (this.#fetches.get(key) ?? 0) + 1);
  }
}

function refused(error: ErrorRecord): Unavailable {
  return { kind: 'unavailable', retryAfterS: 2, reason: error.message };
}
