// This file is one rendition as the serving thread sees it: demand in, segments out.
import { within } from '../../base/clock.ts';
import type { ErrorRecord } from '../../base/errors.ts';
import { RenditionRing } from '../../ring/rendition-ring.ts';
import type { Demand } from '../../ring/ring.ts';
import { windowSegmentsFor } from '../../ring/window.ts';
import type { Traits } from '../../source/failover/match.ts';
import type { OpenRendition } from '../../source/open-source.ts';
import type { RenditionSpec, StreamCounts } from '../../source/source.ts';
import type { FirstAnswer } from '../../source/stream/first-answer.ts';
import {
  type Awaited,
  type BodyResult,
  busy,
  type PlaylistAnswer,
  type Unavailable,
  unavailable,
  VIEWER_WAIT_MS,
} from '../answers.ts';
import type { LoopMode } from '../messages.ts';
import { type BlankKind, watchFor } from './blank-watch.ts';
import { Bodies } from './bodies.ts';
import type { Copies } from './copies.ts';
import { type Header, Intake, type IntakeDeps } from './intake.ts';
import { ListAnswers, STALE_TARGET_DURATIONS } from './list-answers.ts';
import { type OpenLoop, Supply } from './supply.ts';
import type { Trouble } from './vital-signs.ts';

export type RenditionSettings = {
  readonly ahead: number;
  readonly segmentMaxBytes: number;
  readonly idleStopMs: number;
};

export type RenditionDeps = IntakeDeps & {
  readonly openLoop: OpenLoop;
  readonly settings: RenditionSettings;
  /** What it has in the tiers; absent where there are none. */
  readonly copies?: Copies;
};

/** Who waits for the list to grow looks at the rest of the world this often. */
const GROWN_WAIT_MS = 500;
/** What was stopped for want of memory does not start again sooner: what it needed is taken. */
const GAVE_WAY_MS = 10_000;
/** Bytes a second of what is small beside the picture, and never turned away: 384 kbit/s, text. */
const SMALL_BYTES_PER_S: Partial<Record<Traits['kind'], number>> = {
  audio: 48_000,
  subtitles: 2_000,
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
  /** What it is, for finding the like of it in another source. */
  readonly traits: Traits;
  readonly ring: RenditionRing;
  readonly #deps: RenditionDeps;
  readonly #intake: Intake;
  readonly #supply: Supply;
  readonly #bodies: Bodies;
  readonly #answers: ListAnswers;
  #first: FirstAnswer | undefined;
  #state: 'cold' | 'probing' | 'following' = 'cold';
  /** False where the source that plays has nothing like it. */
  #isFed = true;
  #lastWatchedMs = Number.NEGATIVE_INFINITY;
  #keptWarmMs = Number.NEGATIVE_INFINITY;
  #followedSinceMs = 0;
  #gaveWayMs = Number.NEGATIVE_INFINITY;

  constructor({ id, spec, first, traits }: OpenRendition, deps: RenditionDeps) {
    const { ahead, segmentMaxBytes } = deps.settings;
    this.id = id;
    this.traits = traits;
    this.ring = new RenditionRing(id);
    this.ring.wantedSegments = windowSegmentsFor(ahead);
    this.ring.size.declaredBytesPerS = SMALL_BYTES_PER_S[traits.kind] ?? declaredBytesPerS(traits);
    this.#deps = { ...deps, log: deps.log.with({ rendition: id }) };
    this.#intake = new Intake(this.ring, this.#deps);
    const { ring } = this;
    const { copies } = deps;
    const watched = watchFor(deps.blankLimits);
    const settings = {
      ...(copies === undefined ? {} : { lookAside: copies.lookAside }),
      ...(watched === undefined ? {} : { watchFor: watched }),
      ahead,
      segmentMaxBytes,
      get coldSegments() {
        return ring.windowSegments;
      },
    };
    this.#supply = new Supply(spec, this.#intake, deps.openLoop, settings, copies);
    this.#bodies = new Bodies(ring, this.#intake.assets, this.#supply, deps.clock, copies);
    const isOpen = () => this.#state !== 'cold';
    this.#answers = new ListAnswers({ ring, intake: this.#intake, clock: deps.clock, isOpen });
    this.#first = first;
    deps.ring.join(this);
  }

  /** Called when the source refuses the rendition's URL: its token may have run out. */
  set onRefused(call: () => void) {
    this.#intake.onRefused = call;
  }

  /** Called when a segment came whole although a fetch of it had failed. */
  set onStallAvoided(call: () => void) {
    this.#intake.bodies.onStallAvoided = call;
  }

  /** Called with what was seen of an endless stream. */
  set onStreamCounts(call: (counts: StreamCounts) => void) {
    this.#intake.onStreamCounts = call;
  }

  lastWatchedMs(): number {
    return this.#lastWatchedMs;
  }

  followedSinceMs(): number | undefined {
    return this.#state === 'following' ? this.#followedSinceMs : undefined;
  }

  /** Others need its memory, and they were there before. */
  giveWay(): void {
    this.#gaveWayMs = this.#deps.clock.monotonicMs();
    this.#deps.log.warn('rendition gives way: memory is too small for all that is watched');
    this.stop('no memory');
  }

  get state(): 'cold' | 'probing' | 'following' {
    return this.#state;
  }

  get lastError(): ErrorRecord | undefined {
    return this.#intake.troubles.list;
  }

  /** Segments of sources that took over, by what came of them. */
  get remuxed(): Readonly<Record<'made' | 'unmade', number>> {
    return this.#intake.form.counts;
  }

  /** What its players were given first; undefined until that is known. */
  get container(): 'fmp4' | 'mpegts' | undefined {
    return this.#intake.form.container;
  }

  get header(): Header {
    return this.#intake.header;
  }

  /** Seconds between the newest listed segment's arrival and now; undefined where nothing is. */
  edgeAgeS(): number | undefined {
    const { advancedMs } = this.#intake.watch;
    if (this.#state === 'cold' || advancedMs === Number.NEGATIVE_INFINITY) return undefined;
    return (this.#deps.clock.monotonicMs() - advancedMs) / 1000;
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
    return this.#answers.answer(nowMs);
  }

  /** A viewer asks for a segment, an init segment or a key by the name a playlist gave it. */
  body(name: string): BodyResult | Promise<BodyResult> {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#lastWatchedMs = nowMs;
    const untilMs = nowMs + VIEWER_WAIT_MS;
    if (this.#state !== 'following' || this.#isUnlisted) return this.#bodyOfCold(name, untilMs);
    return this.#bodies.get(name, untilMs);
  }

  /** It was started and its list has yet to come: nothing can be said of any name. */
  get #isUnlisted(): boolean {
    return this.#intake.listedMs === Number.NEGATIVE_INFINITY;
  }

  /** What is known of a body without asking upstream for it: for HEAD. */
  peek(name: string): BodyResult | Awaited {
    return this.#bodies.peek(name);
  }

  /** What has left the ring may be in the tiers; undefined at once where it never went there. */
  copied(name: string): Promise<BodyResult | undefined> | undefined {
    return this.#bodies.copied(name);
  }

  /** Stops what nobody has asked for since `idle_stop`. */
  sweep(nowMs: number): void {
    if (this.#state === 'cold') return;
    if (this.#answers.isAwaited) this.#lastWatchedMs = nowMs;
    const wantedMs = Math.max(this.#lastWatchedMs, this.#keptWarmMs);
    if (nowMs - wantedMs >= this.#deps.settings.idleStopMs) this.stop('idle');
    else this.#intake.assets.forgetUnused(this.ring.all());
  }

  /** The source is to be reached another way from now on (a new token, another address). */
  moveTo(source: RenditionSpec): void {
    this.#supply.moveTo(source);
  }

  /** Another source feeds it from now on: its viewers go on over a discontinuity. */
  switchTo(source: RenditionSpec, first?: FirstAnswer): void {
    this.#isFed = true;
    if (this.#state === 'cold') this.#first = first;
    this.#supply.switchTo(source, first);
  }

  /** The source that plays from now on has nothing like it: viewers are told to come again. */
  starve(): void {
    this.#isFed = false;
    this.stop('the source has nothing like it');
  }

  /** Closes what is open upstream for a moment; resolves once it is. `goOn` opens it again. */
  hold(): Promise<void> {
    this.#intake.watch.leaving();
    this.#supply.hold();
    return this.#supply.closed();
  }

  goOn(): void {
    this.#supply.goOn();
  }

  /** Nothing of it is on its way, and nobody waits for it. */
  get isQuiet(): boolean {
    return !this.#answers.isAwaited && this.#intake.isSettled;
  }

  /** Resolves when the list grows, and now and then where it does not. */
  async grown(): Promise<void> {
    await within(this.#deps.clock, this.#intake.growth.grown.next(), GROWN_WAIT_MS);
  }

  /**
   * Keeps it going although nobody asks: for a viewer who reads it otherwise, or for the next. What
   * it answers says that there is no memory for it: others were there before.
   */
  keepGoing(who: 'viewer' | 'nobody' = 'viewer'): Unavailable | undefined {
    if (!this.#isFed) return undefined;
    const nowMs = this.#deps.clock.monotonicMs();
    if (who === 'viewer') this.#lastWatchedMs = nowMs;
    else this.#keptWarmMs = nowMs;
    return this.#state === 'cold' ? this.#start('follow', who) : this.#follow(who);
  }

  /**
   * Why its source should be left for another, or that it plays; unknown where nobody watches. A
   * probe waits for one list: once that has come nothing more is asked of the source.
   */
  condition(nowMs: number): Trouble | 'well' | 'unknown' {
    const isWatched =
      this.#state === 'following' || (this.#state === 'probing' && this.#isUnlisted);
    return isWatched ? this.#intake.condition(nowMs) : 'unknown';
  }

  /** It is watched, and its source may be about to fail. */
  isLate(nowMs: number): boolean {
    return this.#state === 'following' && this.#intake.watch.isLate(nowMs);
  }

  /** It is watched, and has something to hear, or to see. */
  shows(kind: BlankKind): boolean {
    return this.#state === 'following' && this.#intake.watch.shows(kind);
  }

  /** Resolves once nothing of it is open upstream any more. */
  closed(): Promise<void> {
    return this.#supply.closed();
  }

  stop(reason: string): void {
    if (this.#state === 'cold') return;
    this.#halt(reason);
    this.#intake.growth.changed.fire();
  }

  #halt(reason: string): void {
    this.#deps.log.info('rendition stopped', { reason });
    this.#supply[Symbol.dispose]();
    this.#state = 'cold';
    this.#intake.stop(`the channel stopped (${reason})`);
  }

  [Symbol.dispose](): void {
    this.stop('closed');
    this.#deps.ring.leave(this);
  }

  async #startCold(
    mode: LoopMode,
    untilMs = this.#deps.clock.monotonicMs() + VIEWER_WAIT_MS,
  ): Promise<PlaylistAnswer> {
    if (!this.#isFed) return unavailable(5, 'the source that plays has nothing like it');
    return this.#start(mode, 'viewer') ?? this.#answers.next(untilMs);
  }

  /** Undefined where it was started. */
  #start(mode: LoopMode, who: Demand): Unavailable | undefined {
    const first = this.#first;
    // Whoever comes later must not begin with a list as old as this
    this.#first = undefined;
    const refused = this.#refused(mode === 'probe' ? 'look' : who);
    if (refused !== undefined) return refused;
    this.#state = mode === 'probe' ? 'probing' : 'following';
    this.#supply.open(mode, first);
    return undefined;
  }

  #secondRequest(nowMs: number): PlaylistAnswer | Promise<PlaylistAnswer> {
    const targetMs = this.ring.targetDurationS * 1000;
    const ageMs = nowMs - this.#intake.listedMs;
    if (this.ring.onDemand || ageMs < targetMs)
      return this.#follow() ?? this.#answers.answer(nowMs);
    if (ageMs > STALE_TARGET_DURATIONS * targetMs && this.ring.last !== undefined) {
      // Upstream keeps little of what it named so long ago, and nobody came for it
      this.#halt('its list is out of date');
      return this.#startCold('follow');
    }
    const refused = this.#follow();
    if (refused !== undefined) return refused;
    this.#intake.showNext();
    const patienceMs = this.#isUnlisted ? VIEWER_WAIT_MS : Math.min(targetMs, VIEWER_WAIT_MS);
    return this.#answers.next(nowMs + patienceMs);
  }

  /** Undefined where it is followed now. */
  #follow(who: Demand = 'viewer'): Unavailable | undefined {
    if (this.#state !== 'probing') return undefined;
    const refused = this.#refused(who);
    if (refused !== undefined) return refused;
    this.#state = 'following';
    this.#intake.watch.followed();
    this.#supply.setMode('follow');
    return undefined;
  }

  /** Undefined where there is memory for it. */
  #refused(who: Demand): Unavailable | undefined {
    const { clock, ring } = this.#deps;
    const nowMs = clock.monotonicMs();
    const waitMs = this.#gaveWayMs + GAVE_WAY_MS - nowMs;
    const isSmall = this.traits.kind in SMALL_BYTES_PER_S;
    if (waitMs > 0) return busy(waitMs / 1000, 'memory is too small for all that is watched');
    const refusal = isSmall ? undefined : ring.admit(this, who);
    if (refusal !== undefined) return busy(refusal.retryAfterS, refusal.reason);
    this.#followedSinceMs = nowMs;
    return undefined;
  }

  async #bodyOfCold(name: string, untilMs: number): Promise<BodyResult> {
    if (this.#state === 'cold') {
      const copying = this.copied(name);
      const copied = copying && (await copying);
      if (copied !== undefined) return copied;
    }
    if (this.#state === 'cold') {
      const answer = await this.#startCold('follow', untilMs);
      if (answer.kind !== 'ready') return answer;
    } else {
      const refused = this.#follow();
      if (refused !== undefined) return refused;
      const answer = this.#isUnlisted ? await this.#answers.next(untilMs) : undefined;
      if (answer !== undefined && answer.kind !== 'ready') return answer;
    }
    return this.#bodies.get(name, untilMs);
  }
}

/** Bits a second of the variant as its playlist says them, at most. */
function declaredBytesPerS({ bandwidth }: Traits): number | undefined {
  return bandwidth === undefined ? undefined : bandwidth / 8;
}
