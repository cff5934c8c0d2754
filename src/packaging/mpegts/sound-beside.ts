// This file brings the sound that lies apart beside each segment of the picture, by their clocks.
import { type Clock, orAborted, Patience } from '../../base/clock.ts';
import { errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { LEAD_TICKS } from '../../media/mpegts/mux-schedule.ts';
import type { MuxTrack, MuxUnit } from '../../media/mpegts/mux-track.ts';
import { nearTicks, TICKS_PER_SECOND, ticksBetween } from '../../media/mpegts/timestamp.ts';
import { type Demuxed, unitNear } from '../../media/remux/remux-input.ts';
import { soundFrom } from '../../media/remux/sound-from.ts';
import type { Segment } from '../../ring/rendition-ring.ts';
import { type ReadRendition, RenditionReader } from './rendition-reader.ts';
import { APART_TICKS, findSound } from './sound-search.ts';
import { type SoundSegment, SoundSegments } from './sound-segments.ts';

/** A segment of the picture, on the clock of its source. */
export type PictureSpan = {
  /** DTS of the first frame, and when it is shown. */
  readonly startTicks: number;
  readonly shownTicks: number;
  readonly endTicks: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly dateMs: number | undefined;
  readonly durationS: number;
  /** It does not go on where the one before it ended. */
  readonly isAnew: boolean;
};

export type SoundOfSpan = {
  /** Undefined where none has come. */
  readonly came: Demuxed | undefined;
  /** From the first picture to the first sound; undefined where nothing is known of any. */
  readonly lateTicks: number | undefined;
};

export type SoundDeps = { readonly clock: Clock; readonly log: Log };

/** So often in a row the picture waits in vain; then it would be too far behind to wait again… */
const WAITS_MAX = 2;
/** …but now and then, so that sound that is ever so late is reached in the end. */
const WAIT_EVERY = 16;
/** Pictures without sound after which the clock alone must do. */
const MISSES_MAX = 2;
/** What is not yet there when a stream begins may just have been asked for. */
const FIRST_WAIT_MS = 5000;
/** Half of what is usual for a frame: so much is rounding, no lack. */
const ROUNDING_TICKS = 900;
/** Over a discontinuity that the picture does not have, sound goes on within this. */
const SEAM_TICKS = TICKS_PER_SECOND / 2;
/** What is held for later pictures: as much as one segment may have. */
const WAITING_MAX_BYTES = 64 * 1024 * 1024;

/**
 * ```
 *   sought ──a segment of the list is heard at the picture's time──► followed
 *     ▲                                                                 │
 *     └─── the picture begins anew · no sound came · sound of another time ◄┘
 * ```
 * Invariant: what was once missed is sought again in the whole list, by its clock, with the next
 * picture. So nothing that goes wrong with the sound lasts longer than it goes wrong upstream.
 */
export class SoundBeside {
  readonly #rendition: ReadRendition;
  readonly #reader: RenditionReader;
  readonly #segments: SoundSegments;
  readonly #deps: SoundDeps;
  #isFollowed = false;
  #hasBegun = false;
  /** Pictures in a row without sound, and how often one of them waited for it in vain. */
  #misses = 0;
  #waits = 0;
  #isTold = false;
  #tracks: readonly MuxTrack[] = [];
  /** Not given out yet, in order. */
  #waiting: readonly MuxUnit[] = [];
  /** Where what was read ends. */
  #reachTicks: number | undefined;
  /** The last that was given out of each track. */
  readonly #givenTicks = new Map<number, number>();
  /** By how much its discontinuity sequence is ahead of the picture's. */
  #stepAhead = 0;

  constructor(rendition: ReadRendition, deps: SoundDeps, language?: string) {
    this.#rendition = rendition;
    this.#reader = new RenditionReader(rendition);
    this.#segments = new SoundSegments(rendition, language);
    this.#deps = deps;
  }

  /** So that it is there by the time the picture is. */
  keepGoing(): void {
    this.#rendition.keepGoing();
  }

  /** The sound of this segment, as far as it comes in time. It never throws. */
  async of(span: PictureSpan, signal: AbortSignal): Promise<SoundOfSpan> {
    if (span.isAnew) this.#loseTrack(true);
    this.#moveTo(span);
    using patience = new Patience(this.#deps.clock, this.#waitMs(span), signal);
    if (!this.#isFollowed) await this.#seek(span, patience.signal);
    if (this.#isFollowed) await this.#read(span, signal, patience.signal);
    const given = this.#give(span);
    this.#count(given, patience);
    return given;
  }

  #count({ came }: SoundOfSpan, patience: Patience): void {
    const hasSome = came !== undefined && came.units.length > 0;
    this.#waits = hasSome ? 0 : this.#waits + (patience.isLate ? 1 : 0);
    if (hasSome) this.#misses = 0;
    else if (!this.#isFollowed) this.#misses += 1;
  }

  /**
   * Longer than the picture lasts: else the next would be there by then, and sound that is late by as
   * much would be missed by a hair each time. What was waited for once is in hand from then on.
   */
  #waitMs({ durationS }: PictureSpan): number {
    const longMs = (durationS + this.#rendition.ring.targetDurationS) * 1000;
    if (!this.#hasBegun) return Math.max(FIRST_WAIT_MS, longMs);
    const mayWait = this.#waits < WAITS_MAX || this.#misses % WAIT_EVERY === 0;
    return mayWait ? longMs : 0;
  }

  #loseTrack(isAnew = false): void {
    this.#isFollowed = false;
    this.#reachTicks = undefined;
    if (!isAnew) return;
    this.#waiting = [];
    this.#givenTicks.clear();
  }

  /** All that is remembered is counted near the picture, which may have wrapped at 33 bits. */
  #moveTo({ startTicks }: PictureSpan): void {
    this.#waiting = this.#waiting.map((unit) => unitNear(startTicks, unit));
    if (this.#reachTicks !== undefined) this.#reachTicks = nearTicks(startTicks, this.#reachTicks);
    for (const [track, ticks] of this.#givenTicks) {
      this.#givenTicks.set(track, nearTicks(startTicks, ticks));
    }
  }

  async #seek(span: PictureSpan, signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#rendition.keepGoing();
      const found = await this.#find(span, signal);
      if (typeof found === 'object') {
        this.#reader.startAt(found.mediaSequence);
        this.#stepAhead = found.discontinuitySequence - span.discontinuitySequence;
        this.#isFollowed = true;
        return;
      }
      if (found === 'never' || signal.aborted) return;
      await orAborted(this.#rendition.grown(), signal);
    }
  }

  /**
   * RFC 8216 §6.2.4 and §4.3.3.3: renditions share their clock and their discontinuities. Where those
   * do not agree the clock alone must do, but not before what agrees has had its time to come: what
   * another source left may have a clock that happens to be near.
   */
  async #find(span: PictureSpan, patience: AbortSignal): Promise<Segment | 'later' | 'never'> {
    const { ring } = this.#rendition;
    const listed = ring
      .all()
      .filter((segment) => ring.isListed(segment) && ['held', 'awaited'].includes(segment.state));
    const wanted = span.discontinuitySequence + this.#stepAhead;
    const alike = listed.filter(({ discontinuitySequence: own }) => own === wanted);
    const found = await this.#findIn(alike, span, patience);
    if (typeof found === 'object') return found;
    const isOver = ring.ended || (listed.at(-1)?.discontinuitySequence ?? wanted) > wanted;
    const isFirst = !this.#hasBegun && (isOver || alike.length === 0);
    const mayTakeAny = isFirst || this.#misses >= MISSES_MAX;
    if (found === 'later' && !mayTakeAny) return isOver ? 'never' : 'later';
    const isTaken = mayTakeAny || isOver || patience.aborted;
    const any = isTaken ? await this.#findIn(listed, span, patience) : undefined;
    return any ?? (isOver ? 'never' : 'later');
  }

  #findIn(
    candidates: readonly Segment[],
    span: PictureSpan,
    patience: AbortSignal,
  ): ReturnType<typeof findSound> {
    const given = Math.max(...this.#givenTicks.values());
    const wantedTicks = this.#givenTicks.size === 0 ? span.shownTicks : given;
    const atTicks = Math.max(wantedTicks, span.startTicks - LEAD_TICKS);
    const measure = (segment: Segment) => this.#segments.measure(segment, patience);
    return findSound(candidates, guessIn(candidates, span), atTicks, measure);
  }

  /** Until it reaches the end of the picture. */
  async #read(span: PictureSpan, signal: AbortSignal, patience: AbortSignal): Promise<void> {
    while ((this.#reachTicks ?? span.startTicks) < span.endTicks - ROUNDING_TICKS) {
      const next = await this.#next(signal, patience);
      if (next === 'late') {
        this.#loseTrack();
        return;
      }
      if (next !== undefined && !this.#take(next, span)) return;
    }
  }

  /** Undefined for one that cannot be used; late: none is there as yet. */
  async #next(
    signal: AbortSignal,
    patience: AbortSignal,
  ): Promise<SoundSegment | 'late' | undefined> {
    const read = await this.#reader.next(signal, patience);
    if (read === undefined) return 'late';
    try {
      return await this.#segments.open(read);
    } catch (error) {
      this.#tell(error);
      return undefined;
    }
  }

  /** False where it is of another time: the picture will come to it, or it is sought again. */
  #take(segment: SoundSegment, span: PictureSpan): boolean {
    const { tracks, units, endTicks } = segment.demuxed;
    const first = units[0];
    const before = this.#reachTicks ?? span.startTicks;
    if (first === undefined) {
      this.#reachTicks = before + segment.durationS * TICKS_PER_SECOND;
      return true;
    }
    if (!this.#isOfThisTime(segment, first.dts, span)) {
      this.#loseTrack();
      return false;
    }
    this.#stepAhead = segment.discontinuitySequence - span.discontinuitySequence;
    this.#tracks = tracks;
    const came = units.map((unit) => unitNear(span.startTicks, unit));
    this.#waiting = limited([...this.#waiting, ...came]);
    this.#reachTicks = Math.max(before, nearTicks(span.startTicks, endTicks));
    return true;
  }

  /** What lies behind a discontinuity of the sound alone has to go on where it was. */
  #isOfThisTime(
    { discontinuitySequence }: SoundSegment,
    startTicks: number,
    span: PictureSpan,
  ): boolean {
    const isAlike = discontinuitySequence === span.discontinuitySequence + this.#stepAhead;
    const from = isAlike ? span.startTicks : (this.#reachTicks ?? span.startTicks);
    return Math.abs(ticksBetween(from, startTicks)) <= (isAlike ? APART_TICKS : SEAM_TICKS);
  }

  /** Where the picture begins anew, sound begins with it, to a frame. */
  #give(span: PictureSpan): SoundOfSpan {
    const { endTicks, shownTicks } = span;
    const fromTicks = span.isAnew ? shownTicks : span.startTicks - LEAD_TICKS;
    const left = soundFrom(this.#waiting, this.#tracks, fromTicks).filter(
      ({ track, dts }) => dts > (this.#givenTicks.get(track) ?? Number.NEGATIVE_INFINITY),
    );
    const units = left.filter(({ dts }) => dts < endTicks);
    this.#waiting = left.filter(({ dts }) => dts >= endTicks);
    for (const { track, dts } of units) this.#givenTicks.set(track, dts);
    this.#hasBegun = true;
    const first = left[0];
    const came = this.#tracks.length === 0 ? undefined : { tracks: this.#tracks, units, endTicks };
    return { came, lateTicks: first === undefined ? undefined : first.dts - shownTicks };
  }

  #tell(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const { log } = this.#deps;
    log.warn('sound that lies apart cannot be used', errorFields(errorRecord(error)));
  }
}

/** By the dates both have, else by their numbers, which often agree, else by where they end. */
function guessIn(candidates: readonly Segment[], { dateMs, mediaSequence }: PictureSpan): number {
  if (dateMs !== undefined) {
    const isBefore = ({ listed }: Segment) =>
      (listed.programDateTimeMs ?? Number.POSITIVE_INFINITY) <= dateMs;
    const byDate = candidates.findLastIndex(isBefore);
    if (byDate >= 0) return byDate;
  }
  const byNumber = candidates.findIndex((one) => one.mediaSequence === mediaSequence);
  return byNumber >= 0 ? byNumber : candidates.length - 1;
}

/** Where pictures fail to come for long, the oldest goes. */
function limited(units: readonly MuxUnit[]): readonly MuxUnit[] {
  let sizeBytes = units.reduce((sum, { bytes }) => sum + bytes.length, 0);
  let count = 0;
  while (sizeBytes > WAITING_MAX_BYTES) sizeBytes -= units[count++]!.bytes.length;
  return count === 0 ? units : units.slice(count);
}
