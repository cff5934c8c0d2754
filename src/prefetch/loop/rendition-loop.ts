// This file follows one rendition of a source: it polls the list, and has fetched what comes next.
import { backoffDelayMs } from '../../base/backoff.ts';
import { sleep } from '../../base/clock.ts';
import { AppError, errorRecord, FormatError } from '../../base/errors.ts';
import type { DateRange } from '../../media/m3u8/date-range.ts';
import { beginMs, type ListedSegment, type Listing } from '../../ring/listing.ts';
import { TARGET_DURATION_DEFAULT_S } from '../../source/deadlines.ts';
import { SourceStatusError } from '../../source/errors.ts';
import { type Fresh, Tracker } from '../../source/tracker.ts';
import type { BodyKey, Join, LoopHandle, LoopMode, LoopSpec } from '../messages.ts';
import { StreamPulse } from '../rendition/stream-pulse.ts';
import { AssetFetches } from './asset-fetches.ts';
import { BodyRemux } from './body-remux.ts';
import { EndWatch } from './end-watch.ts';
import { Fetches } from './fetches.ts';
import { segmentsFrom } from './join.ts';
import type { ListState } from './list-state.ts';
import type { LoopDeps } from './loop-deps.ts';
import { SegmentQueue } from './segment-queue.ts';

/** After an end the list is still looked at, this rarely. */
const ENDED_POLL_TARGET_DURATIONS = 3;
const RETRY_AFTER_MAX_MS = 30_000;
/** With more segments at once a source that takes over makes up for nothing: viewers ran dry. */
const JOIN_MAX = 16;

/**
 * ```
 *   poll ─► listing ─► tracker ─► fresh ─► queue ─► fetch (≤ 4) ─► whole ─► loaded
 *     ▲                                       ▲        │
 *     └── RFC 8216 §6.3.4 timing              └ want   └─► chunks for who waits
 * ```
 * It holds nothing that a replacement cannot rebuild from LoopSpec.resume.
 */
export class RenditionLoop implements LoopHandle {
  readonly #spec: LoopSpec;
  readonly #deps: LoopDeps;
  readonly #tracker: Tracker;
  readonly #remux: BodyRemux;
  readonly #state: ListState;
  readonly #fetches: Fetches;
  readonly #assets: AssetFetches;
  readonly #segments: SegmentQueue;
  readonly #end: EndWatch;
  readonly #closed = new AbortController();
  readonly #openedMs: number;
  readonly #pulse: StreamPulse;
  readonly #following: Promise<void>;
  readonly #ended = Promise.withResolvers<void>();
  #join: Join | undefined;
  #mode: LoopMode = 'probe';
  #wakePoll: AbortController | undefined;
  #nextOrdinal: number;
  /** Finished, and by its own word never to change: RFC 8216 §4.3.3.5. */
  #isVod = false;
  #sawListing = false;
  /** As last told; undefined where another loop has told what this one does not know. */
  #dateRanges: readonly DateRange[] | undefined;

  constructor(spec: LoopSpec, deps: LoopDeps) {
    const { resume } = spec;
    const { clock, source, emit } = deps;
    this.#spec = spec;
    this.#deps = deps;
    this.#join = spec.join;
    this.#openedMs = clock.monotonicMs();
    this.#tracker = new Tracker(resume?.tracker ?? spec.before, resume === undefined);
    this.#nextOrdinal = resume?.nextOrdinal ?? 0;
    this.#dateRanges = resume === undefined ? [] : undefined;
    const state: ListState = {
      targetDurationS: resume?.targetDurationS ?? TARGET_DURATION_DEFAULT_S,
      onDemand: resume?.onDemand ?? false,
      iFramesOnly: false,
    };
    const remux = new BodyRemux(spec.form);
    const fetches = new Fetches(spec, deps, state);
    const assets = new AssetFetches(clock, fetches, remux, state);
    const { ahead } = spec;
    const closed = this.#closed.signal;
    this.#state = state;
    this.#remux = remux;
    this.#fetches = fetches;
    this.#assets = assets;
    this.#segments = new SegmentQueue({
      ...{ clock, source, fetches, assets, remux, state, ahead, closed },
    });
    this.#end = new EndWatch(clock, state, emit);
    if (resume !== undefined) {
      this.#sawListing = true;
      this.#segments.addHeld(resume.held);
      this.#segments.add(resume.pending, 'ascending');
    }
    this.#pulse = new StreamPulse(source, clock, emit);
    this.#following = this.#follow();
  }

  setMode(mode: LoopMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#wakePoll?.abort();
    this.#segments.setMode(mode);
  }

  want(key: BodyKey): void {
    if (this.#fetches.want(key)) return;
    if (typeof key === 'string') this.#assets.want(key);
    else this.#segments.want(key);
  }

  unwant(key: BodyKey): void {
    this.#fetches.unwant(key);
  }

  asked(ordinal: number): void {
    this.#segments.asked(ordinal);
  }

  found(key: BodyKey, body: Blob | undefined): void {
    this.#fetches.found(key, body);
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#pulse[Symbol.dispose]();
    this.#fetches[Symbol.dispose]();
    const source = this.#deps.source[Symbol.asyncDispose]?.();
    const open = [this.#following, this.#fetches.ended(), source];
    void Promise.allSettled(open).then(() => this.#ended.resolve());
  }

  get closed(): Promise<void> {
    return this.#ended.promise;
  }

  async #follow(): Promise<void> {
    const { clock } = this.#deps;
    let failures = 0;
    while (!this.#closed.signal.aborted) {
      const startedMs = clock.monotonicMs();
      let waitMs: number;
      try {
        const listing = await this.#deps.source.poll(
          this.#state.targetDurationS,
          this.#closed.signal,
        );
        if (this.#closed.signal.aborted) return;
        waitMs = this.#intervalMs(this.#take(listing));
        failures = 0;
        // After what it named, so that whoever hears of it knows whether it was anything new
        const isLocal = this.#deps.source.pollEveryMs !== undefined;
        if (!isLocal) this.#deps.emit({ type: 'fetched', what: 'playlist', outcome: 'ok' });
      } catch (error) {
        if (this.#closed.signal.aborted) return;
        failures++;
        waitMs = this.#pollFailed(error, failures);
      }
      this.#pulse.tell();
      await this.#rest(startedMs + waitMs);
    }
  }

  /** RFC 8216 §6.3.4: the target duration after a change, half of it where nothing was new. */
  #intervalMs(changed: boolean): number {
    const targetMs = this.#state.targetDurationS * 1000;
    if (this.#end.isBelieved) return targetMs * ENDED_POLL_TARGET_DURATIONS;
    return this.#deps.source.pollEveryMs ?? (changed ? targetMs : targetMs / 2);
  }

  #pollFailed(error: unknown, failures: number): number {
    const record = errorRecord(error);
    this.#deps.emit({ type: 'fetched', what: 'playlist', outcome: record.code });
    this.#deps.emit({ type: 'poll-failed', error: record, failures });
    // A wrong answer is no sign of load: it is looked at again like a list that did not change
    const isWrong = error instanceof FormatError;
    const longestMs = this.#state.targetDurationS * (isWrong ? 500 : 1000);
    const maxMs = Math.max(500, Math.min(longestMs, 10_000));
    const delayMs = backoffDelayMs({ baseMs: 250, maxMs }, failures - 1, this.#deps.random);
    const askedMs = error instanceof SourceStatusError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(delayMs, Math.min(askedMs, RETRY_AFTER_MAX_MS));
  }

  /** Waits until the next poll is due; a probe that has seen the list waits to be told. */
  async #rest(untilMs: number): Promise<void> {
    const { clock } = this.#deps;
    for (;;) {
      if (this.#closed.signal.aborted) return;
      const isResting = this.#sawListing && (this.#mode === 'probe' || this.#isVod);
      const leftMs = untilMs - clock.monotonicMs();
      if (!isResting && leftMs <= 0) return;
      this.#wakePoll = new AbortController();
      const wake = AbortSignal.any([this.#wakePoll.signal, this.#closed.signal]);
      await sleep(clock, isResting ? 3_600_000 : leftMs, wake);
      this.#wakePoll = undefined;
    }
  }

  /** True where the listing named anything new. */
  #take(listing: Listing): boolean {
    const { clock } = this.#deps;
    if (this.#join !== undefined && !this.#mayJoin(this.#join, listing)) return false;
    const isFirst = !this.#sawListing;
    this.#sawListing = true;
    // What is served keeps the longest there was; waits follow what the source does now
    this.#state.targetDurationS = listing.targetDurationS;
    this.#state.iFramesOnly = listing.iFramesOnly;
    this.#isVod = listing.ended && listing.type === 'VOD';
    // What was finished stays as it was named, whatever its URIs are called now
    if (!isFirst && this.#state.onDemand && listing.ended) return false;
    if (isFirst) this.#state.onDemand = listing.ended;
    else if (this.#state.onDemand && !listing.ended) this.#revive();
    const fresh = this.#tracker.take(listing, clock.monotonicMs());
    this.#tellDateRanges(listing);
    if (fresh !== undefined) this.#name(fresh, listing);
    else if (isFirst) this.#name({ link: 'cold', segments: [], missed: 0 }, listing);
    this.#end.take(listing.ended, fresh !== undefined);
    return fresh !== undefined;
  }

  /** Before the segments of the same list, so that no answer is made without them. */
  #tellDateRanges({ dateRanges: ranges = [], segments }: Listing): void {
    if (this.#tracker.isBehind || Bun.deepEquals(ranges, this.#dateRanges)) return;
    this.#dateRanges = ranges;
    const fromMs = beginMs(segments);
    this.#deps.emit({
      type: 'date-ranges',
      ranges,
      ...(fromMs === undefined ? {} : { fromMs }),
    });
  }

  /** Whoever takes over in mid-play must have something to go on with. */
  #mayJoin(join: Join, { ended, segments, targetDurationS }: Listing): boolean {
    this.#state.targetDurationS = targetDurationS;
    if (ended) throw new AppError('SOURCE_ENDED', 'Cannot use the source: it has ended');
    return this.#startOf(segments, join).length > 0;
  }

  /** A stream that was finished when it was first seen goes on: it is live from here on. */
  #revive(): void {
    this.#state.onDemand = false;
    this.#segments.clear();
    this.#tracker.startAgain();
  }

  #name(fresh: Fresh, listing: Listing): void {
    const isStart = fresh.link !== 'next' && !this.#state.onDemand;
    if (fresh.link === 'reset') {
      const isGone = listing.generation !== undefined;
      this.#segments.hurry(isGone ? 0 : this.#state.targetDurationS * 1000);
    }
    const join = this.#takeJoin();
    const segments = isStart ? this.#startOf(fresh.segments, join) : fresh.segments;
    const numbered = segments.map((segment) => ({ ordinal: this.#nextOrdinal++, segment }));
    this.#deps.emit({
      type: 'listed',
      link: join === undefined ? fresh.link : 'reset',
      missed: fresh.missed,
      fresh: numbered,
      targetDurationS: this.#state.targetDurationS,
      onDemand: this.#state.onDemand,
      independentSegments: listing.independentSegments,
      iFramesOnly: listing.iFramesOnly,
      ...(listing.start === undefined ? {} : { start: listing.start }),
    });
    // Only the first answer of a cold channel lists what is not held: later on the oldest counts
    const isCold = fresh.link === 'cold' && isStart && join === undefined && !this.#remux.isActive;
    this.#segments.add(numbered, isCold ? 'newest-first' : 'ascending');
  }

  #takeJoin(): Join | undefined {
    const join = this.#join;
    this.#join = undefined;
    return join;
  }

  #startOf(segments: readonly ListedSegment[], join: Join | undefined): readonly ListedSegment[] {
    if (join === undefined) return segments.slice(-this.#spec.coldSegments);
    const elapsedMs = this.#deps.clock.monotonicMs() - this.#openedMs;
    return segmentsFrom(segments, join, elapsedMs).slice(-JOIN_MAX);
  }
}
