// This file is one rendition as the serving thread sees it: demand in, segments out.

import { assertNever } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { AppError, type ErrorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { contentTypeOf } from '../media/container.ts';
import type { Start } from '../media/m3u8/playlist.ts';
import { BodyBrokenError, InFlight } from '../ring/in-flight.ts';
import { type Asset, assetsOf, type ListedSegment } from '../ring/listing.ts';
import { mediaSequenceOf, segmentName } from '../ring/name.ts';
import { RenditionRing, type Segment } from '../ring/rendition-ring.ts';
import type { Ring } from '../ring/ring.ts';
import { HOLE_MAX, type Link, type Timeline } from '../ring/timeline.ts';
import type { PlaylistText } from '../source/pull/hls.ts';
import type { RenditionSpec } from '../source/source.ts';
import type { TrackerResume } from '../source/tracker.ts';
import type { BodyKey, Listed, LoopEvent, LoopHandle, LoopSpec } from './messages.ts';

/** Opens a loop; `respec` is asked for anew should the loop die and be replaced. */
export type OpenLoop = (
  spec: LoopSpec,
  sink: { readonly emit: (event: LoopEvent) => void; readonly respec: () => LoopSpec },
) => LoopHandle;

export type RenditionSettings = {
  readonly ahead: number;
  readonly segmentMaxBytes: number;
  readonly idleStopMs: number;
};

export type RenditionDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: Ring;
  readonly timeline: Timeline;
  readonly openLoop: OpenLoop;
  readonly settings: RenditionSettings;
  readonly count: (what: 'playlist' | 'segment' | 'asset', outcome: string) => void;
};

/** Why there is nothing to play right now; the viewer should come again. */
export type Unavailable = {
  readonly kind: 'unavailable';
  readonly retryAfterS: number;
  readonly reason: string;
};

export type PlaylistAnswer = { readonly kind: 'ready' } | Unavailable;

export type BodyResult =
  | { readonly kind: 'whole'; readonly body: Blob; readonly contentType: string }
  | { readonly kind: 'streaming'; readonly inFlight: InFlight; readonly contentType: string }
  /** Never was, or given up as a gap. */
  | { readonly kind: 'missing' }
  /** Was, and has left the ring. */
  | { readonly kind: 'gone' }
  | Unavailable;

/** Listed and not here yet: whoever asks for it will get it. */
export type Awaited = { readonly kind: 'awaited'; readonly contentType: string };

/** How long a viewer waits for a cold channel or a segment that is late; then 503. */
export const VIEWER_WAIT_MS = 10_000;
/** RFC 8216 §6.2.2 allows no shorter list; a player starts this far from the end. */
const START_SEGMENTS = 3;
/** The last playlist of a source that fell silent stays this many target durations. */
const STALE_TARGET_DURATIONS = 3;
/** Recent segments remembered so that a restart of the source is recognised. */
const TAIL_MAX = 128;

/** As many as the loop remembers to have fetched: it does not fetch them again by itself. */
const ASSETS_MAX = 64;

type AssetEntry = {
  readonly asset: Asset;
  readonly contentType: string;
  body: Blob | undefined;
  inFlight: InFlight | undefined;
};

/**
 * ```
 *   cold ──playlist──► probing ──second request, or a segment──► following
 *     ▲                   │                                         │
 *     └───────────────────┴──── idle_stop after the last request ◄──┘
 * ```
 */
export class Rendition implements Disposable {
  readonly id: string;
  readonly ring: RenditionRing;
  readonly #deps: RenditionDeps;
  readonly #log: Log;
  #source: RenditionSpec;
  #first: PlaylistText | undefined;
  #loop: LoopHandle | undefined;
  #state: 'cold' | 'probing' | 'following' = 'cold';
  #lastWatchedMs = Number.NEGATIVE_INFINITY;
  #advancedMs = Number.NEGATIVE_INFINITY;
  #listedMs = Number.NEGATIVE_INFINITY;
  /** The next listing is shown as it is: nothing is held that could be shown instead. */
  #isFirstListing = true;
  #byOrdinal = new Map<number, Segment>();
  readonly #assets = new Map<string, AssetEntry>();
  #listingWaiters: (() => void)[] = [];
  #tail: [number, string][] = [];
  #lastSequence: number | undefined;
  #nextOrdinal = 0;
  #askedOrdinal = -1;
  #lastError: ErrorRecord | undefined;
  #failures = 0;
  #independentSegments = false;
  #iFramesOnly = false;
  #start: Start | undefined;
  /** Called when the source refuses the rendition's URL: its token may have run out. */
  onRefused: () => void = () => {};
  /** Called when a segment came whole although a fetch of it had failed. */
  onStallAvoided: () => void = () => {};

  constructor(id: string, source: RenditionSpec, deps: RenditionDeps, first?: PlaylistText) {
    this.id = id;
    this.ring = new RenditionRing(id);
    this.ring.windowSegments = START_SEGMENTS + Math.max(START_SEGMENTS, deps.settings.ahead);
    this.#source = source;
    this.#deps = deps;
    this.#first = first;
    this.#log = deps.log.with({ rendition: id });
    deps.ring.join(this);
  }

  lastWatchedMs(): number {
    return this.#lastWatchedMs;
  }

  get state(): 'cold' | 'probing' | 'following' {
    return this.#state;
  }

  get lastError(): ErrorRecord | undefined {
    return this.#lastError;
  }

  get header(): { independentSegments: boolean; iFramesOnly: boolean; start: Start | undefined } {
    return {
      independentSegments: this.#independentSegments,
      iFramesOnly: this.#iFramesOnly,
      start: this.#start,
    };
  }

  /** Seconds between the newest listed segment's arrival and now; undefined where nothing is. */
  edgeAgeS(): number | undefined {
    if (this.#state === 'cold' || this.#advancedMs === Number.NEGATIVE_INFINITY) return undefined;
    return (this.#deps.clock.monotonicMs() - this.#advancedMs) / 1000;
  }

  /**
   * A viewer asks for the playlist. A hit is answered without a promise. Apps that open every
   * channel to test it ask once: `isProbe` says that nothing else of the channel was asked for.
   */
  playlist(isProbe: boolean): PlaylistAnswer | Promise<PlaylistAnswer> {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#lastWatchedMs = nowMs;
    if (this.#state === 'cold') return this.#startCold(isProbe ? 'probe' : 'follow');
    if (this.#state === 'probing') return this.#secondRequest(nowMs);
    return this.#answer(nowMs);
  }

  /** A viewer asks for a segment, an init segment or a key by the name a playlist gave it. */
  body(name: string): BodyResult | Promise<BodyResult> {
    this.#lastWatchedMs = this.#deps.clock.monotonicMs();
    const sequence = mediaSequenceOf(name);
    if (this.#state !== 'following' || this.#isUnlisted) return this.#bodyOfCold(name, sequence);
    return sequence === undefined ? this.#assetBody(name) : this.#segmentBody(name, sequence);
  }

  /** It was started and its list has yet to come: nothing can be said of any name. */
  get #isUnlisted(): boolean {
    return this.#listedMs === Number.NEGATIVE_INFINITY;
  }

  /** What is known of a body without asking upstream for it: for HEAD. */
  peek(name: string): BodyResult | Awaited {
    const sequence = mediaSequenceOf(name);
    if (sequence === undefined) {
      const entry = this.#assets.get(name);
      if (entry === undefined) return { kind: 'missing' };
      if (entry.body === undefined) return { kind: 'awaited', contentType: entry.contentType };
      return { kind: 'whole', body: entry.body, contentType: entry.contentType };
    }
    const segment = this.ring.find(sequence);
    if (segment?.name !== name) return { kind: this.#isPast(sequence) ? 'gone' : 'missing' };
    const { body, state, contentType } = segment;
    if (body !== undefined) return { kind: 'whole', body, contentType };
    if (state === 'awaited') return { kind: 'awaited', contentType };
    return { kind: state === 'gap' ? 'missing' : 'gone' };
  }

  /** Stops what nobody has asked for since `idle_stop`. */
  sweep(nowMs: number): void {
    if (this.#state === 'cold') return;
    if (nowMs - this.#lastWatchedMs >= this.#deps.settings.idleStopMs) this.stop('idle');
    else this.#forgetAssets();
  }

  /** The source is to be reached another way from now on (a new token, another address). */
  moveTo(source: RenditionSpec): void {
    this.#source = source;
    if (this.#loop === undefined) return;
    this.#loop[Symbol.dispose]();
    this.#loop = this.#open(this.#respec());
    this.#rewant();
  }

  stop(reason: string): void {
    if (this.#state === 'cold') return;
    this.#halt(reason);
    this.#wakeListing();
  }

  #halt(reason: string): void {
    this.#log.info('rendition stopped', { reason });
    const because = `the channel stopped (${reason})`;
    this.#loop?.[Symbol.dispose]();
    this.#loop = undefined;
    this.#state = 'cold';
    this.#forgetSegments(because);
    for (const { inFlight } of this.#assets.values()) inFlight?.fail(broken(because));
    this.#assets.clear();
    this.#lastError = undefined;
    this.#failures = 0;
  }

  /** Whoever still follows one of them is told so, or would wait for ever. */
  #forgetSegments(because: string): void {
    if (this.ring.last !== undefined) this.#log.info('segments forgotten', { because });
    for (const segment of this.ring.all()) segment.inFlight?.fail(broken(because));
    this.#deps.ring.clear(this.ring);
    this.#byOrdinal.clear();
    this.#askedOrdinal = -1;
    this.#isFirstListing = true;
  }

  [Symbol.dispose](): void {
    this.stop('closed');
    this.#deps.ring.leave(this);
  }

  async #startCold(
    mode: 'probe' | 'follow',
    untilMs = this.#deps.clock.monotonicMs() + VIEWER_WAIT_MS,
  ): Promise<PlaylistAnswer> {
    if (!this.#deps.ring.hasRoom()) {
      return unavailable(5, 'the memory budget is taken by channels that are being watched');
    }
    this.#state = mode === 'probe' ? 'probing' : 'following';
    this.#advancedMs = Number.NEGATIVE_INFINITY;
    this.#listedMs = Number.NEGATIVE_INFINITY;
    const first = this.#first;
    this.#first = undefined;
    this.#loop = this.#open({ ...this.#coldSpec(), ...(first === undefined ? {} : { first }) });
    return this.#waitForListing(untilMs);
  }

  #secondRequest(nowMs: number): PlaylistAnswer | Promise<PlaylistAnswer> {
    const targetMs = this.ring.targetDurationS * 1000;
    const ageMs = nowMs - this.#listedMs;
    if (this.ring.onDemand || ageMs < targetMs) {
      this.#follow();
      return this.#answer(nowMs);
    }
    if (ageMs > STALE_TARGET_DURATIONS * targetMs && this.ring.last !== undefined) {
      // Upstream keeps little of what it named so long ago, and nobody came for it
      this.#halt('its list is out of date');
      return this.#startCold('follow');
    }
    this.#follow();
    this.#isFirstListing = true;
    return this.#waitForListing(nowMs + Math.min(targetMs, VIEWER_WAIT_MS));
  }

  #follow(): void {
    if (this.#state !== 'probing') return;
    this.#state = 'following';
    this.#loop?.setMode('follow');
  }

  #isStale(nowMs: number): boolean {
    const staleMs = STALE_TARGET_DURATIONS * this.ring.targetDurationS * 1000;
    if (this.ring.ended || nowMs - this.#advancedMs <= staleMs) return false;
    // Not silent: one segment is late, and will have come or be a gap in a moment
    return !this.ring.isHeldUp;
  }

  #answer(nowMs: number): PlaylistAnswer | Promise<PlaylistAnswer> {
    if (this.ring.listedCount === 0) {
      return this.ring.onDemand && this.ring.ended ? { kind: 'ready' } : this.#waitForListing();
    }
    if (this.#isStale(nowMs)) return this.#silent();
    this.ring.markServed(nowMs);
    return { kind: 'ready' };
  }

  #silent(): Unavailable {
    const error = this.#lastError;
    const because = error === undefined ? 'it names nothing new' : error.message;
    return unavailable(this.ring.targetDurationS, `the source fell silent: ${because}`);
  }

  /** Waits for the next listing; a source that refuses for good is not waited for. */
  async #waitForListing(
    untilMs = this.#deps.clock.monotonicMs() + VIEWER_WAIT_MS,
  ): Promise<PlaylistAnswer> {
    const { clock } = this.#deps;
    const listedBefore = this.#listedMs;
    for (;;) {
      const nowMs = clock.monotonicMs();
      if (this.#state === 'cold') return unavailable(1, 'the channel was stopped');
      if (this.#listedMs > listedBefore && this.ring.listedCount > 0) return this.#answer(nowMs);
      if (this.#listedMs > listedBefore && this.ring.ended) return { kind: 'ready' };
      const refused = this.#lastError !== undefined && isRefusal(this.#lastError);
      if (nowMs >= untilMs || refused) {
        if (this.ring.listedCount > 0) return this.#answer(nowMs);
        const reason = this.#lastError?.message ?? 'the source did not answer in time';
        return unavailable(Math.max(1, Math.min(5, this.ring.targetDurationS)), reason);
      }
      await this.#nextListing(untilMs - nowMs);
    }
  }

  #nextListing(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#deps.clock.after(waitMs, resolve);
      this.#listingWaiters.push(() => {
        timer[Symbol.dispose]();
        resolve();
      });
    });
  }

  #wakeListing(): void {
    const waiters = this.#listingWaiters;
    this.#listingWaiters = [];
    for (const wake of waiters) wake();
  }

  async #bodyOfCold(name: string, sequence: number | undefined): Promise<BodyResult> {
    const untilMs = this.#deps.clock.monotonicMs() + VIEWER_WAIT_MS;
    if (this.#state === 'cold') {
      const answer = await this.#startCold('follow', untilMs);
      if (answer.kind !== 'ready') return answer;
    } else {
      this.#follow();
      const answer = this.#isUnlisted ? await this.#waitForListing(untilMs) : undefined;
      if (answer !== undefined && answer.kind !== 'ready') return answer;
    }
    return sequence === undefined
      ? this.#assetBody(name, untilMs)
      : this.#segmentBody(name, sequence, untilMs);
  }

  #isPast(sequence: number): boolean {
    const first = this.ring.first;
    return first !== undefined && sequence < first.mediaSequence;
  }

  #segmentBody(
    name: string,
    sequence: number,
    untilMs = this.#lastWatchedMs + VIEWER_WAIT_MS,
  ): BodyResult | Promise<BodyResult> {
    const segment = this.ring.find(sequence);
    if (segment === undefined || segment.name !== name) {
      return { kind: this.#isPast(sequence) ? 'gone' : 'missing' };
    }
    if (this.ring.onDemand) this.#asked(segment.ordinal);
    const { body, contentType } = segment;
    if (body !== undefined) return { kind: 'whole', body, contentType };
    if (segment.state !== 'awaited') return { kind: segment.state === 'gap' ? 'missing' : 'gone' };
    segment.inFlight ??= new InFlight();
    return this.#join(segment.ordinal, segment.inFlight, () => segment.contentType, untilMs);
  }

  #asked(ordinal: number): void {
    this.#askedOrdinal = Math.max(this.#askedOrdinal, ordinal);
    this.#loop?.asked(ordinal);
  }

  #assetBody(
    name: string,
    untilMs = this.#lastWatchedMs + VIEWER_WAIT_MS,
  ): BodyResult | Promise<BodyResult> {
    const entry = this.#assets.get(name);
    if (entry === undefined) return { kind: 'missing' };
    const { body, contentType } = entry;
    if (body !== undefined) return { kind: 'whole', body, contentType };
    entry.inFlight ??= new InFlight();
    return this.#join(name, entry.inFlight, () => contentType, untilMs);
  }

  /** Waits for the first byte, never with a fetch of its own. */
  async #join(
    key: BodyKey,
    inFlight: InFlight,
    contentType: () => string,
    untilMs: number,
  ): Promise<BodyResult> {
    inFlight.readers++;
    if (inFlight.readers === 1) this.#loop?.want(key);
    try {
      const begun = await this.#within(inFlight.begun(), untilMs);
      if (begun === undefined) return unavailable(1, 'the segment is late');
      if (begun !== 'streaming') return { kind: 'whole', body: begun, contentType: contentType() };
      return { kind: 'streaming', inFlight, contentType: contentType() };
    } catch (error) {
      const reason = error instanceof AppError ? error.message : 'the segment did not come';
      return unavailable(1, reason);
    } finally {
      inFlight.readers--;
      if (inFlight.readers === 0) this.#loop?.unwant(key);
    }
  }

  /** The promise's value, or undefined after the time a viewer waits. */
  async #within<T>(promise: Promise<T>, untilMs: number): Promise<T | undefined> {
    const { clock } = this.#deps;
    let timer: Timer | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = clock.after(untilMs - clock.monotonicMs(), () => resolve(undefined));
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      timer?.[Symbol.dispose]();
    }
  }

  #baseSpec(): LoopSpec {
    const { ahead, segmentMaxBytes } = this.#deps.settings;
    return {
      source: this.#source,
      ahead,
      segmentMaxBytes,
      coldSegments: START_SEGMENTS + Math.max(START_SEGMENTS, ahead),
    };
  }

  /** What was named before: in this run, or as the timeline was saved by the last one. */
  #before(): TrackerResume | undefined {
    if (this.#lastSequence !== undefined) {
      return { lastSequence: this.#lastSequence, tail: this.#tail };
    }
    const mark = this.#deps.timeline.mark(this.id);
    return mark === undefined ? undefined : { lastSequence: mark.sourceSequence, tail: mark.tail };
  }

  #coldSpec(): LoopSpec {
    const before = this.#before();
    return { ...this.#baseSpec(), ...(before === undefined ? {} : { before }) };
  }

  /** For a loop that replaces one that died: everything the dead one knew is known here. */
  #respec(): LoopSpec {
    const before = this.#before();
    if (this.ring.last === undefined || before === undefined) return this.#coldSpec();
    const pending = [...this.#byOrdinal.values()]
      .filter((segment) => segment.state === 'awaited' || this.ring.onDemand)
      .map(({ ordinal, listed }) => ({ ordinal, segment: listed }));
    return {
      ...this.#baseSpec(),
      resume: {
        tracker: before,
        pending,
        held: this.ring.onDemand ? this.#heldOrdinals() : [],
        nextOrdinal: this.#nextOrdinal,
        targetDurationS: this.ring.targetDurationS,
        onDemand: this.ring.onDemand,
      },
    };
  }

  #heldOrdinals(): number[] {
    return this.ring.all().flatMap(({ state, ordinal }) => (state === 'held' ? [ordinal] : []));
  }

  #open(spec: LoopSpec): LoopHandle {
    const loop = this.#deps.openLoop(spec, {
      emit: (event) => this.#on(event),
      respec: () => {
        const respec = this.#respec();
        queueMicrotask(() => this.#rewant());
        return respec;
      },
    });
    if (this.#state === 'following') loop.setMode('follow');
    return loop;
  }

  /** Tells a replaced loop who is waiting. */
  #rewant(): void {
    if (this.#state === 'following') this.#loop?.setMode('follow');
    if (this.#askedOrdinal >= 0) this.#loop?.asked(this.#askedOrdinal);
    for (const segment of this.#byOrdinal.values()) {
      if (segment.inFlight === undefined) continue;
      segment.inFlight.restart();
      if (segment.inFlight.readers > 0) this.#loop?.want(segment.ordinal);
    }
    for (const [name, entry] of this.#assets) {
      if (entry.inFlight === undefined) continue;
      entry.inFlight.restart();
      if (entry.inFlight.readers > 0) this.#loop?.want(name);
    }
  }

  #on(event: LoopEvent): void {
    if (this.#state === 'cold') return;
    switch (event.type) {
      case 'listed':
        this.#listed(event);
        break;
      case 'loaded':
        this.#loaded(event);
        break;
      case 'failed':
        this.#failed(event.key, event.error);
        break;
      case 'chunk':
        this.#inFlightOf(event.key)?.append(event.bytes);
        break;
      case 'broken':
        this.#inFlightOf(event.key)?.restart();
        break;
      case 'fetched':
        this.#deps.count(event.what, event.outcome);
        break;
      case 'poll-failed':
        this.#pollFailed(event.error, event.failures);
        break;
      case 'ended':
        this.ring.ended = true;
        this.ring.version++;
        this.#wakeListing();
        break;
      default:
        assertNever(event);
    }
  }

  #inFlightOf(key: BodyKey): InFlight | undefined {
    return typeof key === 'string'
      ? this.#assets.get(key)?.inFlight
      : this.#byOrdinal.get(key)?.inFlight;
  }

  #listed(event: Listed): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#lastError = undefined;
    this.#failures = 0;
    if (this.ring.onDemand && !event.onDemand) this.#forgetSegments('the stream goes on live');
    this.#takeHeader(event);
    if (event.link === 'reset') {
      this.#tail = [];
      this.#log.warn('the source counts anew', { sequence: event.fresh[0]?.segment.sequence });
    }
    const isHidden = this.#hidesDiscontinuity(event);
    let link = event.missed > 0 ? this.#placeMissed(event, event.link) : event.link;
    for (const [index, { ordinal, segment }] of event.fresh.entries()) {
      const shown = isHidden && index === 0 ? { ...segment, discontinuity: true } : segment;
      if (this.#place(shown, ordinal, link)) link = 'next';
    }
    this.#listedMs = nowMs;
    if (this.ring.last !== undefined && (this.#isFirstListing || event.onDemand)) {
      this.#isFirstListing = false;
      this.ring.listAll(nowMs);
      this.#advanced(nowMs);
    }
    this.#wakeListing();
  }

  #takeHeader(event: Listed): void {
    const { ring } = this;
    const isSame =
      ring.ended === event.onDemand &&
      this.#independentSegments === event.independentSegments &&
      this.#iFramesOnly === event.iFramesOnly &&
      Bun.deepEquals(this.#start, event.start);
    this.#independentSegments = event.independentSegments;
    this.#iFramesOnly = event.iFramesOnly;
    this.#start = event.start;
    ring.raiseTargetDuration(event.targetDurationS);
    ring.onDemand = event.onDemand;
    // Known to have ended from its first listing on: the very first answer must say so
    ring.ended = event.onDemand;
    if (!isSame) ring.version++;
  }

  /** Among segments that were never seen there was a discontinuity: the source's count tells. */
  #hidesDiscontinuity({ link, missed, fresh }: Listed): boolean {
    const last = this.ring.last?.listed;
    const next = fresh[0]?.segment;
    if (last === undefined || next === undefined) return false;
    const isApart = missed > 0 || link === 'jump';
    return isApart && next.discontinuitySequence > last.discontinuitySequence;
  }

  /** Segments that were never seen take their numbers, so that ours stay the source's. */
  #placeMissed(event: Listed, link: Link): Link {
    const next = event.fresh[0]?.segment;
    if (next === undefined || this.ring.last === undefined) return link;
    for (let back = event.missed; back > 0; back--) {
      this.#place(missedSegment(next, next.sequence - back, this.ring.targetDurationS), -1, 'next');
    }
    return 'next';
  }

  /** False where it lies before what was listed last: RFC 8216 §6.2.2 lets no list begin there. */
  #place(listed: ListedSegment, ordinal: number, wantedLink: Link): boolean {
    const isEmpty = this.ring.last === undefined;
    const link = isEmpty && wantedLink !== 'reset' ? 'cold' : wantedLink;
    const onto = this.ring.onDemand ? 'finished' : isEmpty ? 'nothing' : 'list';
    const place = this.#deps.timeline.place(this.id, listed, link, onto);
    if (place === undefined) return false;
    this.#fillHole(place.mediaSequence, place.discontinuitySequence, listed);
    const segment: Segment = {
      ...place,
      name: segmentName(place.mediaSequence, listed),
      listed,
      ordinal,
      state: listed.gap ? 'gap' : 'awaited',
      body: undefined,
      contentType: contentTypeOf('unknown', `.${listed.extension}`),
      inFlight: undefined,
      promisedUntilMs: 0,
    };
    this.ring.push(segment);
    this.#lastSequence = listed.sequence;
    this.#tail.push([listed.sequence, listed.identity]);
    if (this.#tail.length > TAIL_MAX) this.#tail.shift();
    if (ordinal < 0) return true;
    this.#nextOrdinal = Math.max(this.#nextOrdinal, ordinal + 1);
    this.#byOrdinal.set(ordinal, segment);
    for (const asset of assetsOf(listed)) this.#knowAsset(asset);
    return true;
  }

  /** Keeps the ring's numbers contiguous where ours jump: by gaps, or by starting anew. */
  #fillHole(mediaSequence: number, discontinuitySequence: number, next: ListedSegment): void {
    const last = this.ring.last;
    if (last === undefined || mediaSequence === last.mediaSequence + 1) return;
    const missing = mediaSequence - last.mediaSequence - 1;
    if (missing < 0 || missing > HOLE_MAX) {
      this.#forgetSegments('the source counts anew');
      return;
    }
    for (let back = missing; back > 0; back--) {
      const listed = missedSegment(next, next.sequence - back, this.ring.targetDurationS);
      this.ring.push({
        mediaSequence: mediaSequence - back,
        discontinuitySequence: Math.min(discontinuitySequence, last.discontinuitySequence),
        discontinuity: false,
        name: segmentName(mediaSequence - back, listed),
        listed,
        ordinal: -1,
        state: 'gap',
        body: undefined,
        contentType: '',
        inFlight: undefined,
        promisedUntilMs: 0,
      });
    }
  }

  #knowAsset(asset: Asset): void {
    if (this.#assets.has(asset.name)) return;
    const isKey = asset.name.startsWith('key-');
    const contentType = isKey ? 'application/octet-stream' : 'video/mp4';
    this.#assets.set(asset.name, { asset, contentType, body: undefined, inFlight: undefined });
  }

  #forgetAssets(): void {
    if (this.#assets.size <= ASSETS_MAX) return;
    const used = new Set<string>();
    for (const segment of this.ring.all()) {
      for (const asset of assetsOf(segment.listed)) used.add(asset.name);
    }
    for (const [name, { inFlight }] of this.#assets) {
      if (this.#assets.size <= ASSETS_MAX) return;
      if (!used.has(name) && inFlight === undefined) this.#assets.delete(name);
    }
  }

  #loaded(event: Extract<LoopEvent, { type: 'loaded' }>): void {
    const { key, body, contentType } = event;
    if (event.attempts > 1) this.onStallAvoided();
    if (typeof key === 'string') {
      const entry = this.#assets.get(key);
      if (entry === undefined) return;
      entry.body = body;
      entry.inFlight?.complete(body);
      entry.inFlight = undefined;
      return;
    }
    const segment = this.#byOrdinal.get(key);
    // A cleared ring may still be told of what it no longer knows
    if (segment === undefined) return;
    if (!this.ring.onDemand) this.#byOrdinal.delete(key);
    segment.contentType = contentType;
    segment.inFlight?.complete(body);
    segment.inFlight = undefined;
    const isHeld = this.#deps.ring.hold(this.ring, segment, body, contentType);
    if (!isHeld) {
      this.#log.error('segment dropped: the memory budget is taken by what viewers were promised', {
        mediaSequence: segment.mediaSequence,
        sizeBytes: body.size,
      });
      // What is on demand is fetched again by whoever asks next
      if (!this.ring.onDemand) this.ring.giveUp(segment);
    }
    // A list that stood still would promise for ever what leaves no room
    this.#advance(!isHeld);
  }

  #failed(key: BodyKey, error: ErrorRecord): void {
    const inFlight = this.#inFlightOf(key);
    inFlight?.fail(new AppError(error.code, error.message, error.detail));
    if (typeof key === 'string') {
      const entry = this.#assets.get(key);
      if (entry !== undefined) entry.inFlight = undefined;
      return;
    }
    const segment = this.#byOrdinal.get(key);
    if (segment === undefined) return;
    segment.inFlight = undefined;
    this.#log.warn('segment given up', { mediaSequence: segment.mediaSequence, ...error });
    if (this.ring.onDemand) return;
    this.#byOrdinal.delete(key);
    this.ring.giveUp(segment);
    this.#advance();
  }

  #advance(andGaps = false): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.ring.advance(nowMs, andGaps)) this.#advanced(nowMs);
  }

  #advanced(nowMs: number): void {
    this.#advancedMs = nowMs;
    const first = this.ring.firstListed;
    if (first === undefined || this.ring.onDemand) return;
    this.#deps.timeline.listedFrom(this.id, first.mediaSequence);
  }

  #pollFailed(error: ErrorRecord, failures: number): void {
    const isNew = this.#lastError?.code !== error.code;
    this.#lastError = error;
    this.#failures = failures;
    if (isNew) this.#log.warn('playlist not to be had', { ...error });
    if (isRefusal(error) && failures % 3 === 2) this.onRefused();
    this.#wakeListing();
  }
}

function broken(because: string): BodyBrokenError {
  return new BodyBrokenError(`Cannot go on with the body: ${because}`);
}

function unavailable(retryAfterS: number, reason: string): Unavailable {
  return { kind: 'unavailable', retryAfterS: Math.max(1, Math.ceil(retryAfterS)), reason };
}

/** The source answered, and asking again soon will not change the answer. */
function isRefusal(error: ErrorRecord): boolean {
  const status = error.detail['status'];
  if (error.code === 'SOURCE_STATUS')
    return typeof status === 'number' && status < 500 && status !== 429;
  return error.code === 'NET_ADDRESS_BLOCKED' || error.code === 'NET_URL';
}

function missedSegment(next: ListedSegment, sequence: number, durationS: number): ListedSegment {
  return {
    sequence,
    identity: 'missed',
    ref: next.ref,
    durationS,
    title: '',
    discontinuity: false,
    discontinuitySequence: next.discontinuitySequence,
    keys: [],
    dateRanges: [],
    gap: true,
    extension: next.extension,
  };
}
