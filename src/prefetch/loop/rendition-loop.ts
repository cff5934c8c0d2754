// This file follows one rendition of a source: it polls the list, fetches what comes next, hands
// it over.
import { backoffDelayMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { AppError, errorRecord, FormatError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Timeouts } from '../../config/config.ts';
import type { DateRange } from '../../media/m3u8/date-range.ts';
import {
  type Asset,
  assetsOf,
  beginMs,
  isEncrypted,
  type ListedSegment,
  type Listing,
} from '../../ring/listing.ts';
import type { BodyMaker } from '../../ring/memory-files.ts';
import { giveUpAfterMs, TARGET_DURATION_DEFAULT_S } from '../../source/deadlines.ts';
import { SourceStatusError } from '../../source/errors.ts';
import type { RenditionSource } from '../../source/source.ts';
import { type Fresh, Tracker } from '../../source/tracker.ts';
import type {
  BodyKey,
  Join,
  LoopEvent,
  LoopHandle,
  LoopMode,
  LoopSpec,
  Numbered,
} from '../messages.ts';
import { StreamPulse } from '../rendition/stream-pulse.ts';
import { BodyFetch, type BodyFetchRequest, type Expectation } from './body-fetch.ts';
import { BodyRemux } from './body-remux.ts';
import { segmentsFrom } from './join.ts';
import { LookAside } from './look-aside.ts';
import type { OriginGate } from './origin-gate.ts';
import { RetryBudget } from './retry-budget.ts';

export type LoopDeps = {
  readonly clock: Clock;
  readonly random: Random;
  readonly gate: OriginGate;
  readonly source: RenditionSource;
  readonly emit: (event: LoopEvent) => void;
  readonly makeBody: BodyMaker;
};

/** Fetches at once for one rendition; more only fight for the same line. */
const PARALLEL = 4;
/**
 * An end that was live before is believed after this many target durations without more: sooner
 * than a list counts as silent.
 */
const END_TARGET_DURATIONS = 2;
/** After an end the list is still looked at, this rarely. */
const ENDED_POLL_TARGET_DURATIONS = 3;
const RETRY_AFTER_MAX_MS = 30_000;
/** With more segments at once a source that takes over makes up for nothing: viewers ran dry. */
const JOIN_MAX = 16;
/** Messages from one thread to another take less; who asks meanwhile has not seen them. */
const UNDER_WAY_MS = 100;
/** Assets remembered as fetched; a channel rarely has more keys within a window. */
const ASSETS_MAX = 64;
/** An init segment is a few hundred bytes, a key sixteen. */
const ASSET_MAX_BYTES = 1024 * 1024;

type AssetRun = { readonly run: Promise<boolean>; doneMs: number | undefined };

/** A segment that is to be fetched; `rank` orders them, low first. */
type Item = {
  readonly ordinal: number;
  readonly segment: ListedSegment;
  readonly rank: number;
  readonly namedMs: number;
  /** Set where it must be settled sooner than others. */
  deadlineMs: number;
};

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
  readonly #timeouts: Timeouts;
  readonly #tracker: Tracker;
  readonly #budget = new RetryBudget();
  readonly #aside: LookAside;
  readonly #remux: BodyRemux;
  readonly #closed = new AbortController();
  /** Live: what is still to be settled. On demand: all segments. */
  readonly #items = new Map<number, Item>();
  readonly #queue = new Set<number>();
  /** On demand: what was handed over, and when; it is fetched again only where it is wanted again. */
  readonly #handedOver = new Map<number, number>();
  readonly #running = new Map<BodyKey, BodyFetch>();
  readonly #assets = new Map<string, AssetRun>();
  readonly #knownAssets = new Map<string, { asset: Asset; expect: Expectation }>();
  readonly #wanted = new Set<BodyKey>();
  readonly #openedMs: number;
  readonly #pulse: StreamPulse;
  readonly #following: Promise<void>;
  readonly #runs = new Set<Promise<boolean>>();
  readonly #ended = Promise.withResolvers<void>();
  #join: Join | undefined;
  #mode: LoopMode = 'probe';
  #wakePoll: AbortController | undefined;
  #nextOrdinal: number;
  #targetDurationS: number;
  #askedOrdinal = -1;
  #onDemand = false;
  /** Finished, and by its own word never to change: RFC 8216 §4.3.3.5. */
  #isVod = false;
  #sawListing = false;
  #endSinceMs: number | undefined;
  #endTold = false;
  #saysEnd = false;
  #iFramesOnly = false;
  /** As last told; undefined where another loop has told what this one does not know. */
  #dateRanges: readonly DateRange[] | undefined;

  constructor(spec: LoopSpec, deps: LoopDeps) {
    this.#spec = spec;
    this.#deps = deps;
    this.#join = spec.join;
    this.#aside = new LookAside(spec, deps.clock, deps.emit);
    this.#remux = new BodyRemux(spec.form);
    this.#openedMs = deps.clock.monotonicMs();
    this.#timeouts = spec.source.kind === 'loop' ? {} : spec.source.timeouts;
    const { resume } = spec;
    this.#tracker = new Tracker(resume?.tracker ?? spec.before, resume === undefined);
    this.#nextOrdinal = resume?.nextOrdinal ?? 0;
    this.#dateRanges = resume === undefined ? [] : undefined;
    this.#targetDurationS = resume?.targetDurationS ?? TARGET_DURATION_DEFAULT_S;
    if (resume !== undefined) {
      this.#sawListing = true;
      this.#onDemand = resume.onDemand;
      for (const ordinal of resume.held) this.#handedOver.set(ordinal, Number.NEGATIVE_INFINITY);
      this.#enqueue(resume.pending, 'ascending');
    }
    this.#pulse = new StreamPulse(deps.source, deps.clock, deps.emit);
    this.#following = this.#follow();
  }

  setMode(mode: LoopMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#wakePoll?.abort();
    this.#pump();
  }

  want(key: BodyKey): void {
    this.#wanted.add(key);
    const running = this.#running.get(key);
    if (running !== undefined) {
      running.pipe();
      return;
    }
    if (typeof key === 'string') {
      // Nobody asks for what was handed over, unless it was forgotten there or is on its way
      if (this.#isUnderWay(this.#assets.get(key)?.doneMs)) return;
      this.#assets.delete(key);
      const known = this.#knownAssets.get(key);
      if (known !== undefined) void this.#fetchAsset(known.asset, known.expect);
      return;
    }
    if (this.#isUnderWay(this.#handedOver.get(key))) return;
    if (this.#items.has(key)) this.#queue.add(key);
    this.#pump();
  }

  #isUnderWay(handedOverMs = Number.NEGATIVE_INFINITY): boolean {
    return this.#deps.clock.monotonicMs() - handedOverMs < UNDER_WAY_MS;
  }

  unwant(key: BodyKey): void {
    this.#wanted.delete(key);
  }

  asked(ordinal: number): void {
    if (ordinal <= this.#askedOrdinal) return;
    this.#askedOrdinal = ordinal;
    if (this.#onDemand) this.#queueAhead();
  }

  found(key: BodyKey, body: Blob | undefined): void {
    this.#aside.found(key, body);
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#pulse[Symbol.dispose]();
    for (const fetch of this.#running.values()) fetch.close();
    const source = this.#deps.source[Symbol.asyncDispose]?.();
    const open = [this.#following, ...this.#runs, source];
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
        const listing = await this.#deps.source.poll(this.#targetDurationS, this.#closed.signal);
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
    const targetMs = this.#targetDurationS * 1000;
    if (this.#endTold) return targetMs * ENDED_POLL_TARGET_DURATIONS;
    return this.#deps.source.pollEveryMs ?? (changed ? targetMs : targetMs / 2);
  }

  #pollFailed(error: unknown, failures: number): number {
    const record = errorRecord(error);
    this.#deps.emit({ type: 'fetched', what: 'playlist', outcome: record.code });
    this.#deps.emit({ type: 'poll-failed', error: record, failures });
    // A wrong answer is no sign of load: it is looked at again like a list that did not change
    const isWrong = error instanceof FormatError;
    const longestMs = this.#targetDurationS * (isWrong ? 500 : 1000);
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
    this.#targetDurationS = listing.targetDurationS;
    this.#iFramesOnly = listing.iFramesOnly;
    this.#isVod = listing.ended && listing.type === 'VOD';
    // What was finished stays as it was named, whatever its URIs are called now
    if (!isFirst && this.#onDemand && listing.ended) return false;
    if (isFirst) this.#onDemand = listing.ended;
    else if (this.#onDemand && !listing.ended) this.#revive();
    const fresh = this.#tracker.take(listing, clock.monotonicMs());
    this.#tellDateRanges(listing);
    if (fresh !== undefined) this.#name(fresh, listing);
    else if (isFirst) this.#name({ link: 'cold', segments: [], missed: 0 }, listing);
    this.#watchEnd(listing, fresh !== undefined);
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
    this.#targetDurationS = targetDurationS;
    if (ended) throw new AppError('SOURCE_ENDED', 'Cannot use the source: it has ended');
    return this.#startOf(segments, join).length > 0;
  }

  /** A stream that was finished when it was first seen goes on: it is live from here on. */
  #revive(): void {
    this.#onDemand = false;
    this.#items.clear();
    this.#queue.clear();
    this.#handedOver.clear();
    for (const [key, fetch] of this.#running) if (typeof key === 'number') fetch.close();
    this.#tracker.startAgain();
  }

  #name(fresh: Fresh, listing: Listing): void {
    const isStart = fresh.link !== 'next' && !this.#onDemand;
    if (fresh.link === 'reset') this.#hurryAll(listing.generation !== undefined);
    const join = this.#takeJoin();
    const segments = isStart ? this.#startOf(fresh.segments, join) : fresh.segments;
    const numbered = segments.map((segment) => ({ ordinal: this.#nextOrdinal++, segment }));
    this.#deps.emit({
      type: 'listed',
      link: join === undefined ? fresh.link : 'reset',
      missed: fresh.missed,
      fresh: numbered,
      targetDurationS: this.#targetDurationS,
      onDemand: this.#onDemand,
      independentSegments: listing.independentSegments,
      iFramesOnly: listing.iFramesOnly,
      ...(listing.start === undefined ? {} : { start: listing.start }),
    });
    // Only the first answer of a cold channel lists what is not held: later on the oldest counts
    const isCold = fresh.link === 'cold' && isStart && join === undefined && !this.#remux.isActive;
    this.#enqueue(numbered, isCold ? 'newest-first' : 'ascending');
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

  #enqueue(numbered: readonly Numbered[], order: 'ascending' | 'newest-first'): void {
    const namedMs = this.#deps.clock.monotonicMs();
    const last = numbered.at(-1)?.ordinal ?? 0;
    for (const { ordinal, segment } of numbered) {
      const rank = order === 'ascending' ? ordinal : last - 2 * (ordinal - last) - PARALLEL * 8;
      this.#know(segment);
      if (segment.gap) continue;
      const deadlineMs = Number.POSITIVE_INFINITY;
      this.#items.set(ordinal, { ordinal, segment, rank, namedMs, deadlineMs });
      if (!this.#onDemand) this.#queue.add(ordinal);
    }
    this.#queueAhead();
    this.#pump();
  }

  /** What was named before the source counted anew holds up what it names now. */
  #hurryAll(isGone: boolean): void {
    const deadlineMs = this.#deps.clock.monotonicMs() + (isGone ? 0 : this.#targetDurationS * 1000);
    for (const item of this.#items.values()) item.deadlineMs = deadlineMs;
    for (const [key, fetch] of this.#running) if (typeof key === 'number') fetch.hurry(deadlineMs);
  }

  #know(segment: ListedSegment): void {
    const { map, keys } = segment;
    if (map !== undefined) this.#knowAsset(map.asset, isEncrypted(map.keys) ? 'encrypted' : 'init');
    for (const { asset } of [...keys, ...(map?.keys ?? [])]) {
      if (asset !== undefined) this.#knowAsset(asset, 'key');
    }
    // What is on demand may be asked for at any time
    while (!this.#onDemand && this.#knownAssets.size > ASSETS_MAX) {
      const oldest = this.#knownAssets.keys().next().value as string;
      this.#knownAssets.delete(oldest);
      this.#assets.delete(oldest);
    }
  }

  /** The one named last is remembered longest. */
  #knowAsset(asset: Asset, expect: Expectation): void {
    this.#knownAssets.delete(asset.name);
    this.#knownAssets.set(asset.name, { asset, expect });
  }

  #watchEnd(listing: Listing, changed: boolean): void {
    if (!listing.ended || changed) this.#endSinceMs = undefined;
    if (this.#saysEnd !== listing.ended && !this.#onDemand) {
      this.#saysEnd = listing.ended;
      this.#deps.emit({ type: 'says-end', isEnd: listing.ended });
    }
    if (!listing.ended) {
      this.#endTold = false;
      return;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    this.#endSinceMs ??= nowMs;
    const graceMs = this.#onDemand ? 0 : END_TARGET_DURATIONS * this.#targetDurationS * 1000;
    if (this.#endTold || nowMs - this.#endSinceMs < graceMs) return;
    this.#endTold = true;
    this.#deps.emit({ type: 'ended' });
  }

  /** On demand: what viewers have asked for, and `ahead` segments beyond it. */
  #queueAhead(): void {
    if (!this.#onDemand || this.#askedOrdinal < 0) return;
    for (let i = 0; i <= this.#spec.ahead; i++) {
      const ordinal = this.#askedOrdinal + i;
      if (this.#handedOver.has(ordinal) || this.#running.has(ordinal)) continue;
      if (this.#items.has(ordinal)) this.#queue.add(ordinal);
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#running.size < PARALLEL + this.#wanted.size) {
      const item = this.#nextItem();
      if (item === undefined) return;
      this.#queue.delete(item.ordinal);
      void this.#fetchSegment(item);
    }
  }

  /** What a viewer waits for goes first, the oldest of it before the rest. */
  #nextItem(): Item | undefined {
    let best: Item | undefined;
    let bestWanted = false;
    for (const ordinal of this.#queue) {
      const item = this.#items.get(ordinal) as Item;
      const wanted = this.#wanted.has(ordinal);
      if (this.#mode === 'probe' && !wanted) continue;
      if (!wanted && this.#running.size >= PARALLEL) continue;
      const isBetter =
        best === undefined ||
        (wanted !== bestWanted ? wanted : wanted ? ordinal < best.ordinal : item.rank < best.rank);
      if (isBetter) {
        best = item;
        bestWanted = wanted;
      }
    }
    return best;
  }

  async #fetchSegment(item: Item): Promise<void> {
    const { segment, ordinal } = item;
    const { clock, source } = this.#deps;
    const patienceMs = giveUpAfterMs(this.#targetDurationS, this.#timeouts);
    const nowMs = clock.monotonicMs();
    const patientMs = this.#onDemand
      ? nowMs + patienceMs
      : Math.max(item.namedMs + patienceMs, nowMs + patienceMs / 2);
    const deadlineMs = Math.min(patientMs, item.deadlineMs);
    const request: BodyFetchRequest = {
      key: ordinal,
      kind: 'segment',
      ref: segment.ref,
      expect: isEncrypted(segment.keys) ? 'encrypted' : this.#iFramesOnly ? 'partial' : 'media',
      targetDurationS: this.#targetDurationS,
      deadlineMs,
      sequence: segment.sequence,
      isHeldBack: this.#remux.isActive,
      ...(this.#iFramesOnly ? {} : { take: (chunks) => this.#remux.take(segment, chunks) }),
    };
    // Assets come first in the order of events, so that a held segment can be played at once
    const assets = this.#fetchAssets(segment);
    const fetch = this.#open(request);
    const whole = await this.#remux.inTurn(assets, (ready) => this.#settle(fetch, request, ready));
    if (this.#closed.signal.aborted) return;
    source.observe?.(segment.sequence, whole ? 'found' : 'given up');
    if (!this.#onDemand) this.#items.delete(ordinal);
    else if (whole) this.#handedOver.set(ordinal, clock.monotonicMs());
    this.#pump();
  }

  /** Runs a fetch; its `loaded` waits for the assets, without which the segment is worth nothing. */
  async #settle(
    fetch: BodyFetch,
    request: BodyFetchRequest,
    assets: Promise<boolean>,
  ): Promise<boolean> {
    const run = fetch.run(assets);
    this.#runs.add(run);
    const whole = await run.finally(() => this.#runs.delete(run));
    this.#running.delete(request.key);
    this.#wanted.delete(request.key);
    return whole;
  }

  #open(request: BodyFetchRequest): BodyFetch {
    const { clock, random, gate, source, emit, makeBody } = this.#deps;
    const fetch = new BodyFetch(
      {
        source,
        clock,
        random,
        gate,
        budget: this.#budget,
        timeouts: this.#timeouts,
        maxBytes:
          request.kind === 'asset'
            ? Math.min(ASSET_MAX_BYTES, this.#spec.segmentMaxBytes)
            : this.#spec.segmentMaxBytes,
        emit,
        makeBody,
        ...(this.#aside.asks(this.#onDemand) ? { aside: this.#aside } : {}),
      },
      request,
    );
    if (this.#wanted.has(request.key)) fetch.pipe();
    this.#running.set(request.key, fetch);
    return fetch;
  }

  async #fetchAssets(segment: ListedSegment): Promise<boolean> {
    const names = assetsOf(segment).map((asset) => asset.name);
    if (names.length === 0) return true;
    const found = await Promise.all(
      names.map((name) => {
        const known = this.#knownAssets.get(name);
        return known === undefined ? false : this.#fetchAsset(known.asset, known.expect);
      }),
    );
    return found.every(Boolean);
  }

  /** Single flight per asset; one that failed is tried again by the next segment that needs it. */
  #fetchAsset(asset: Asset, expect: Expectation): Promise<boolean> {
    const known = this.#assets.get(asset.name);
    if (known !== undefined) return known.run;
    const patienceMs = giveUpAfterMs(this.#targetDurationS, this.#timeouts);
    const request: BodyFetchRequest = {
      key: asset.name,
      kind: 'asset',
      ref: asset.ref,
      expect,
      targetDurationS: this.#targetDurationS,
      deadlineMs: this.#deps.clock.monotonicMs() + patienceMs,
      take: (chunks) => void this.#remux.keep(asset.name, chunks),
    };
    const run = this.#settle(this.#open(request), request, Promise.resolve(true)).then((whole) => {
      entry.doneMs = this.#deps.clock.monotonicMs();
      if (!whole) this.#assets.delete(asset.name);
      return whole;
    });
    const entry: AssetRun = { run, doneMs: undefined };
    this.#assets.set(asset.name, entry);
    return run;
  }
}
