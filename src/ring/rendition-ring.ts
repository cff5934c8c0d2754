// This file holds the segments of one rendition: what is listed, what is promised, what may go.
import { assert } from '../base/assert.ts';
import { type KnownDateRange, type NamedDateRanges, takeDateRanges } from './date-ranges.ts';
import type { InFlight } from './in-flight.ts';
import type { ListedSegment } from './listing.ts';
import { SizeEstimate } from './size-estimate.ts';
import { LIST_AGE_MS, WINDOW_SEGMENTS_MIN, WINDOW_TARGET_DURATIONS } from './window.ts';

/**
 * ```
 *   awaited ──► held ──► dropped
 *      └──────► gap          (given up, or the source says so)
 * ```
 */
export type SegmentState = 'awaited' | 'held' | 'gap' | 'dropped';

export type Segment = {
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly discontinuity: boolean;
  /** Stays once a list has named it. */
  name: string;
  listed: ListedSegment;
  /** The number under which the rendition loop knows it. */
  readonly ordinal: number;
  state: SegmentState;
  body: Blob | undefined;
  contentType: string;
  inFlight: InFlight | undefined;
  /** Seconds of the longest list that was served and named it; 0: none did. */
  servedForS: number;
  /** Monotonic time until which it is promised, once it left the list; 0: it is not. */
  promisedUntilMs: number;
};

/**
 * ```
 *   dropped … │ kept, no longer listed │ window: listed │ placed, not listed yet │
 *             first                    start            end                      last
 * ```
 * Invariant: media sequences are contiguous from first to last; `start` and `end` never go down.
 */
export class RenditionRing {
  readonly id: string;
  readonly #segments: Segment[] = [];
  #startIndex = 0;
  #endIndex = 0;
  #targetDurationS = 0;
  #wantedSegments = WINDOW_SEGMENTS_MIN;
  #windowSegments = WINDOW_SEGMENTS_MIN;
  #servedVersion = -1;
  readonly size = new SizeEstimate();
  /** Changes whenever a playlist made of it would. */
  version = 0;
  ended = false;
  /** A finished stream from the start: everything is listed and fetched on demand. */
  onDemand = false;
  heldBytes = 0;
  /** Kept where segments are forgotten: they hold by their dates. */
  #dateRanges: readonly KnownDateRange[] = [];

  constructor(id: string) {
    this.id = id;
  }

  get targetDurationS(): number {
    return this.#targetDurationS;
  }

  /** RFC 8216 §4.3.3.1: frozen, unless a segment is longer than it says. */
  raiseTargetDuration(seconds: number): void {
    if (seconds <= this.#targetDurationS) return;
    this.#targetDurationS = seconds;
    this.version++;
  }

  /** Segments in a list, where nothing stands against it. */
  get wantedSegments(): number {
    return this.#wantedSegments;
  }

  set wantedSegments(count: number) {
    this.#wantedSegments = Math.max(WINDOW_TARGET_DURATIONS, count);
    this.#windowSegments = this.#wantedSegments;
  }

  /** Segments in a list, as memory allows. */
  get windowSegments(): number {
    return this.#windowSegments;
  }

  /** Takes effect when the list next grows. */
  limitWindow(count: number): void {
    const least = Math.max(WINDOW_TARGET_DURATIONS, count);
    this.#windowSegments = Math.min(least, this.#wantedSegments);
  }

  get dateRanges(): readonly KnownDateRange[] {
    return this.#dateRanges;
  }

  /** What a list of the source says of date ranges; nothing where it is left for another. */
  nameDateRanges(named: NamedDateRanges): void {
    this.#dateRanges = takeDateRanges(this.#dateRanges, named, this.last?.mediaSequence ?? -1);
    this.version++;
  }

  forgetDateRanges(): void {
    this.#dateRanges = [];
  }

  /** Adds the next segment; it is not listed yet. */
  push(segment: Segment): void {
    const last = this.#segments.at(-1);
    assert(
      last === undefined || segment.mediaSequence === last.mediaSequence + 1,
      `media sequence ${segment.mediaSequence} follows ${last?.mediaSequence}`,
    );
    this.#segments.push(segment);
  }

  find(mediaSequence: number): Segment | undefined {
    const first = this.#segments[0];
    return first === undefined ? undefined : this.#segments[mediaSequence - first.mediaSequence];
  }

  get first(): Segment | undefined {
    return this.#segments[0];
  }

  get last(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** The segments a playlist lists now. */
  listed(): readonly Segment[] {
    return this.#segments.slice(this.#startIndex, this.#endIndex);
  }

  get firstListed(): Segment | undefined {
    return this.#startIndex < this.#endIndex ? this.#segments[this.#startIndex] : undefined;
  }

  get listedCount(): number {
    return this.#endIndex - this.#startIndex;
  }

  isListed({ mediaSequence }: Segment): boolean {
    const next = this.#segments[this.#endIndex];
    return next === undefined || mediaSequence < next.mediaSequence;
  }

  all(): readonly Segment[] {
    return this.#segments;
  }

  /** Lists everything placed so far, held or not: the first answer of a cold channel. */
  listAll(nowMs: number): void {
    this.#endIndex = this.#segments.length;
    this.version++;
    if (!this.onDemand) this.#slide(nowMs);
  }

  /**
   * Lists what has become held without a hole before it. A gap is listed only with what follows
   * it: alone it tells a player nothing but to wait. `andGaps`: also alone, so that the list moves
   * on and old segments leave it. What `waits` holds back is not listed yet. True if anything was.
   */
  advance(nowMs: number, andGaps = false, waits = (_segment: Segment) => false): boolean {
    const before = this.#endIndex;
    for (let index = before; index < this.#segments.length; index++) {
      const segment = this.#segments[index] as Segment;
      const { state } = segment;
      if (state === 'awaited' || waits(segment)) break;
      if (state === 'held' || andGaps) this.#endIndex = index + 1;
    }
    if (this.#endIndex === before) return false;
    this.version++;
    if (!this.onDemand) this.#slide(nowMs);
    return true;
  }

  /** True where something is held that waits only for what comes before it. */
  get isHeldUp(): boolean {
    const waiting = this.#segments.slice(this.#endIndex);
    const next = waiting.findIndex(({ state }) => state === 'awaited');
    return next >= 0 && waiting.slice(next).some(({ state }) => state === 'held');
  }

  /** The playlist of this moment is going out: what it lists is promised from now on. */
  markServed(): void {
    if (this.#servedVersion === this.version) return;
    this.#servedVersion = this.version;
    const durationS = this.windowDurationS();
    for (let i = this.#startIndex; i < this.#endIndex; i++) {
      const segment = this.#segments[i] as Segment;
      segment.servedForS = Math.max(segment.servedForS, durationS);
    }
  }

  hold(segment: Segment, body: Blob, contentType: string): void {
    if (segment.state === 'held' || segment.state === 'dropped') return;
    segment.state = 'held';
    segment.body = body;
    segment.contentType = contentType;
    this.heldBytes += body.size;
    this.size.learn(body.size, segment.listed.durationS);
  }

  giveUp(segment: Segment): void {
    if (segment.state !== 'awaited') return;
    segment.state = 'gap';
    this.version++;
  }

  /** The oldest held segment that no served playlist promises, or undefined. */
  oldestFree(nowMs: number): Segment | undefined {
    for (const segment of this.#segments) {
      if (segment.state !== 'held') continue;
      if (!this.isPromised(segment, nowMs)) return segment;
      if (!this.onDemand) return undefined;
    }
    return undefined;
  }

  isPromised(segment: Segment, nowMs: number): boolean {
    // What can be fetched again at any time needs no promise
    if (this.onDemand) return false;
    const first = this.#segments[0] as Segment;
    const index = segment.mediaSequence - first.mediaSequence;
    return index >= this.#startIndex || segment.promisedUntilMs > nowMs;
  }

  /** Bytes that cannot be let go of now. */
  promisedBytes(nowMs: number): number {
    let bytes = 0;
    for (const segment of this.#segments) {
      if (segment.body !== undefined && this.isPromised(segment, nowMs)) bytes += segment.body.size;
    }
    return bytes;
  }

  /** Lets go of a body; readers in mid-answer keep theirs. Returns the bytes freed. */
  drop(segment: Segment): number {
    const size = segment.body?.size ?? 0;
    if (segment.state !== 'held') return 0;
    this.heldBytes -= size;
    segment.body = undefined;
    segment.state = this.onDemand ? 'awaited' : 'dropped';
    if (!this.onDemand) this.#forgetDropped();
    return size;
  }

  /** Takes back what is placed and not listed. Returns it, oldest first. */
  cutBack(): Segment[] {
    const cut = this.#segments.splice(this.#endIndex);
    for (const segment of cut) {
      if (segment.state !== 'held') continue;
      this.heldBytes -= segment.body?.size ?? 0;
      segment.body = undefined;
      segment.state = 'dropped';
    }
    return cut;
  }

  /** Forgets everything: the rendition stopped, or starts again from a later place. */
  clear(): number {
    const freed = this.heldBytes;
    for (const segment of this.#segments) {
      if (segment.state === 'held') segment.state = 'dropped';
      segment.body = undefined;
    }
    this.#segments.length = 0;
    this.#startIndex = 0;
    this.#endIndex = 0;
    this.heldBytes = 0;
    this.ended = false;
    this.onDemand = false;
    this.version++;
    return freed;
  }

  /** Playlist length in seconds. */
  windowDurationS(): number {
    let seconds = 0;
    for (let i = this.#startIndex; i < this.#endIndex; i++) {
      seconds += (this.#segments[i] as Segment).listed.durationS;
    }
    return seconds;
  }

  /** RFC 8216 §6.2.2: segments leave the front while enough remain behind them. */
  #slide(nowMs: number): void {
    let durationS = this.windowDurationS();
    const leastS = WINDOW_TARGET_DURATIONS * this.#targetDurationS;
    while (this.listedCount > this.#windowSegments) {
      const oldest = this.#segments[this.#startIndex] as Segment;
      if (durationS - oldest.listed.durationS < leastS) break;
      // RFC 8216 §6.2.2: stays available for its own duration and the longest playlist it was in
      if (oldest.servedForS > 0) {
        const promisedMs = (oldest.servedForS + oldest.listed.durationS) * 1000;
        oldest.promisedUntilMs = nowMs + promisedMs + LIST_AGE_MS;
      }
      durationS -= oldest.listed.durationS;
      this.#startIndex++;
    }
    this.#forgetDropped();
  }

  /** Records of dropped segments and gaps before the window are worth nothing. */
  #forgetDropped(): void {
    let count = 0;
    while (count < this.#startIndex) {
      const { state } = this.#segments[count] as Segment;
      if (state !== 'dropped' && state !== 'gap') break;
      count++;
    }
    if (count === 0) return;
    this.#segments.splice(0, count);
    this.#startIndex -= count;
    this.#endIndex -= count;
  }
}
