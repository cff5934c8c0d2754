// This file keeps the last pieces of an endless stream and lists them.
import type { Clock } from '../../base/clock.ts';
import type { StreamPiece } from '../../media/mpegts/stream-piece.ts';
import type { ListedSegment, Listing } from '../../ring/listing.ts';

/** Half a minute in pieces of a second: as far ahead as a stream may run. */
const PIECES_MAX = 32;
/** Of pieces that nobody has fetched yet, beside the newest: many seconds of any stream. */
const HELD_MAX_BYTES = 32 * 1024 * 1024;
/** As few as a player starts with: RFC 8216 §6.3.3. */
const FIRST_PIECES = 3;
/** Dates that drift from the wall clock by more than this are set anew. */
const DRIFT_MAX_MS = 10_000;

export type ShelfOptions = {
  /** Wanted length of a segment. */
  readonly segmentMs: number;
  /** No piece is longer. */
  readonly maxDurationMs: number;
  readonly firstSequence: number;
  /** Segments of another run were named before. */
  readonly goesOn: boolean;
};

type Held = {
  readonly sequence: number;
  readonly durationMs: number;
  readonly discontinuity: boolean;
  readonly discontinuitySequence: number;
  /** Wall time at which it was finished. */
  readonly endedMs: number;
  readonly sizeBytes: number;
  /** Undefined once it was handed over. */
  bytes: Uint8Array | undefined;
  /** Set when it is first listed. */
  dateTimeMs: number | undefined;
};

/** Invariant: sequences are contiguous and never go down; what was listed keeps its date. */
export class PieceShelf {
  readonly #options: ShelfOptions;
  readonly #clock: Clock;
  readonly #pieces: Held[] = [];
  readonly #run: string;
  #nextSequence: number;
  #listedSequence: number;
  #discontinuities = 0;
  #isApart: boolean;
  /** All that ever were: lists may hold more than the shelf. */
  #areIndependent = true;
  #longestMs = 0;
  #keyIntervalMs = 0;

  constructor(options: ShelfOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#run = Math.round(clock.nowMs()).toString(36);
    this.#nextSequence = options.firstSequence;
    this.#listedSequence = options.firstSequence - 1;
    this.#isApart = options.goesOn;
  }

  /** What comes next does not go on where the last piece ended. */
  cutOff(): void {
    this.#isApart = this.#isApart || this.#nextSequence > this.#options.firstSequence;
  }

  /** `keyIntervalMs`: the longest time from key frame to key frame so far. */
  put(piece: StreamPiece, keyIntervalMs: number): void {
    const discontinuity = this.#isApart || piece.isDiscontinuous;
    if (discontinuity) this.#discontinuities++;
    this.#isApart = false;
    this.#areIndependent &&= piece.startsWithKeyFrame;
    this.#keyIntervalMs = Math.max(this.#keyIntervalMs, keyIntervalMs);
    this.#longestMs = Math.max(this.#longestMs, piece.durationMs);
    this.#pieces.push({
      sequence: this.#nextSequence++,
      durationMs: piece.durationMs,
      discontinuity,
      discontinuitySequence: this.#discontinuities,
      endedMs: this.#clock.nowMs(),
      sizeBytes: piece.sizeBytes,
      // Joined, so that it holds on to no more of what was received than is its own
      bytes: joined(piece),
      dateTimeMs: undefined,
    });
    this.#letGo();
  }

  /** Of pieces that no listing has named. */
  get unlistedCount(): number {
    return this.#nextSequence - 1 - this.#listedSequence;
  }

  /** Enough for a player to begin with. */
  get canBegin(): boolean {
    if (this.unlistedCount >= FIRST_PIECES) return true;
    const heldMs = this.#pieces.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return this.#pieces.length > 0 && heldMs >= this.#options.segmentMs;
  }

  get wasListed(): boolean {
    return this.#listedSequence >= this.#options.firstSequence;
  }

  list(ended: boolean): Listing {
    this.#date();
    this.#listedSequence = this.#nextSequence - 1;
    return {
      segments: this.#pieces.map((piece) => this.#listed(piece)),
      targetDurationS: this.#targetDurationS(),
      ended,
      independentSegments: this.#areIndependent,
      iFramesOnly: false,
    };
  }

  /** Undefined where it has left the shelf or was handed over. */
  bytesOf(sequence: number): Uint8Array | undefined {
    return this.#at(sequence)?.bytes;
  }

  /** Whoever asked for it has it: its bytes are not needed any longer. */
  handedOver(sequence: number): void {
    const piece = this.#at(sequence);
    if (piece !== undefined) piece.bytes = undefined;
  }

  #at(sequence: number): Held | undefined {
    return this.#pieces[sequence - (this.#pieces[0]?.sequence ?? 0)];
  }

  #letGo(): void {
    if (this.#pieces.length > PIECES_MAX) this.#pieces.shift();
    const newest = this.#pieces.at(-1);
    let olderBytes = 0;
    for (let index = this.#pieces.length - 2; index >= 0; index--) {
      const piece = this.#pieces[index] as Held;
      if (piece.bytes !== undefined) olderBytes += piece.sizeBytes;
      if (olderBytes > HELD_MAX_BYTES && piece !== newest) piece.bytes = undefined;
    }
  }

  /**
   * Dates those that have none: media goes on where it ended. What comes at once at the beginning
   * is older than its coming; it ends when the last of it came.
   */
  #date(): void {
    const first = this.#pieces.findIndex(({ dateTimeMs }) => dateTimeMs === undefined);
    if (first < 0) return;
    let startMs = this.#startMsOf(first);
    for (const piece of this.#pieces.slice(first)) {
      piece.dateTimeMs = Math.round(startMs);
      startMs += piece.durationMs;
    }
  }

  #startMsOf(first: number): number {
    const fresh = this.#pieces.slice(first);
    const freshMs = fresh.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const byWallMs = (fresh.at(-1) as Held).endedMs - freshMs;
    const before = this.#pieces[first - 1];
    if (before?.dateTimeMs === undefined) return byWallMs;
    const endMs = before.dateTimeMs + before.durationMs;
    const drifts = Math.abs(byWallMs - endMs) > DRIFT_MAX_MS;
    const isApart = fresh[0]?.discontinuity === true;
    return drifts || isApart ? Math.max(endMs, byWallMs) : endMs;
  }

  /**
   * RFC 8216 §4.3.3.1: no shorter than any segment, rounded. Key frames that come further apart than
   * is wanted decide it from the beginning, so that it rarely has to grow.
   */
  #targetDurationS(): number {
    const { segmentMs, maxDurationMs } = this.#options;
    const interval = this.#keyIntervalMs;
    const expectedMs = interval === 0 ? segmentMs : Math.ceil(segmentMs / interval) * interval;
    const longestMs = Math.max(segmentMs, this.#longestMs, Math.min(expectedMs, maxDurationMs));
    return Math.max(1, Math.round(longestMs / 1000));
  }

  #listed(piece: Held): ListedSegment {
    const { sequence, discontinuity, discontinuitySequence, durationMs } = piece;
    return {
      sequence,
      identity: `${this.#run}-${sequence}`,
      ref: { kind: 'stream', sequence },
      durationS: durationMs / 1000,
      title: '',
      discontinuity,
      discontinuitySequence,
      programDateTimeMs: piece.dateTimeMs as number,
      keys: [],
      gap: false,
      extension: 'ts',
    };
  }
}

function joined({ chunks, sizeBytes }: StreamPiece): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
