// This file brings the sound that lies apart beside each segment of the picture, by their clocks.
import { type Clock, orAborted, Patience } from '../../base/clock.ts';
import { errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { TICKS_PER_SECOND, ticksBetween } from '../../media/mpegts/timestamp.ts';
import type { Segment } from '../../ring/rendition-ring.ts';
import { type ReadRendition, RenditionReader } from './rendition-reader.ts';
import { type PictureSpan, type SoundOfSpan, SoundQueue } from './sound-queue.ts';
import { APART_TICKS, findSound } from './sound-search.ts';
import { type SoundSegment, SoundSegments } from './sound-segments.ts';

/** It has yet to come; it will not; what there is has another clock. */
type Absent = 'later' | 'never' | 'astray';

export type SoundDeps = { readonly clock: Clock; readonly log: Log };

/** So often in a row the picture waits in vain; then it would be too far behind to wait again… */
const WAITS_MAX = 2;
/** …unless sound comes, and is only late: each wait brings it nearer… */
const LATE_WAITS_MAX = 8;
/** …and now and then in any case, so that sound that is ever so late is reached in the end. */
const WAIT_EVERY = 16;
/** Pictures without sound after which the clock alone must do. */
const MISSES_MAX = 2;
/** What is not yet there when a stream begins may just have been asked for. */
const FIRST_WAIT_MS = 5000;
/** Over a discontinuity that the picture does not have, sound goes on within this. */
const SEAM_TICKS = TICKS_PER_SECOND / 2;
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
  /** The newest sound that was listed, and whether it was on its way to the picture's time. */
  #newest: number | undefined;
  #isOnItsWay = false;
  #isTold = false;
  readonly #queue = new SoundQueue();
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

  /** The sound of this segment, as far as it comes in time. What cannot be used has not come. */
  async of(span: PictureSpan, signal: AbortSignal): Promise<SoundOfSpan> {
    if (span.isAnew) this.#loseTrack();
    if (span.isAnew) this.#queue.clear();
    this.#queue.moveTo(span);
    const waitMs = this.#waitMs(span);
    using patience = new Patience(this.#deps.clock, waitMs, signal);
    if (!this.#isFollowed) await this.#seek(span, patience.signal);
    if (this.#isFollowed) await this.#read(span, signal, patience.signal);
    const given = this.#queue.give(span);
    this.#hasBegun = true;
    this.#count(given, waitMs > 0 && patience.isLate);
    return given;
  }

  #count({ came }: SoundOfSpan, hasWaited: boolean): void {
    const hasSome = came !== undefined && came.units.length > 0;
    this.#waits = hasSome ? 0 : this.#waits + (hasWaited ? 1 : 0);
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
    const most = this.#isOnItsWay ? LATE_WAITS_MAX : WAITS_MAX;
    const mayWait = this.#waits < most || this.#misses % WAIT_EVERY === 0;
    return mayWait ? longMs : 0;
  }

  #loseTrack(): void {
    this.#isFollowed = false;
    this.#queue.breakOff();
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
      if (found === 'never' || signal.aborted) {
        const newest = this.#rendition.ring.listed().at(-1)?.mediaSequence;
        this.#isOnItsWay = found === 'later' && newest !== this.#newest;
        this.#newest = newest;
        return;
      }
      await orAborted(this.#rendition.grown(), signal);
    }
  }

  /**
   * RFC 8216 §6.2.4 and §4.3.3.3: renditions share their clock and their discontinuities. Where those
   * do not agree the clock alone must do, but not before what agrees has had its time to come: what
   * another source left may have a clock that happens to be near.
   */
  async #find(span: PictureSpan, patience: AbortSignal): Promise<Segment | Absent> {
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
    return any ?? (isOver ? 'never' : 'astray');
  }

  #findIn(
    candidates: readonly Segment[],
    span: PictureSpan,
    patience: AbortSignal,
  ): ReturnType<typeof findSound> {
    const atTicks = this.#queue.wantedTicks(span);
    const measure = (segment: Segment) => this.#segments.measure(segment, patience);
    return findSound(candidates, guessIn(candidates, span), atTicks, measure);
  }

  /** Until it reaches the end of the picture. */
  async #read(span: PictureSpan, signal: AbortSignal, patience: AbortSignal): Promise<void> {
    while (!this.#queue.reaches(span)) {
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
    const first = segment.demuxed.units[0];
    if (first !== undefined && !this.#isOfThisTime(segment, first.dts, span)) {
      this.#loseTrack();
      return false;
    }
    if (first !== undefined) {
      this.#stepAhead = segment.discontinuitySequence - span.discontinuitySequence;
    }
    this.#queue.add(segment, span);
    return true;
  }

  /** What lies behind a discontinuity of the sound alone has to go on where it was. */
  #isOfThisTime(
    { discontinuitySequence }: SoundSegment,
    startTicks: number,
    span: PictureSpan,
  ): boolean {
    const isAlike = discontinuitySequence === span.discontinuitySequence + this.#stepAhead;
    const from = isAlike ? span.startTicks : (this.#queue.reachTicks ?? span.startTicks);
    return Math.abs(ticksBetween(from, startTicks)) <= (isAlike ? APART_TICKS : SEAM_TICKS);
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
