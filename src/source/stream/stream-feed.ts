// This file keeps one connection to an endless stream open and puts what it is cut into on a shelf.
import { backoffDelayMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { AppError, FormatError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { Signal } from '../../base/signal.ts';
import { type CutterStats, StreamCutter } from '../../media/mpegts/stream-cutter.ts';
import type { StreamPiece } from '../../media/mpegts/stream-piece.ts';
import { SourceStatusError } from '../errors.ts';
import { isBusyRefusal, JUST_LEFT_MS, JUST_LEFT_RETRY_MS } from '../failover/just-left.ts';
import type { StreamCounts, StreamMotion } from '../source.ts';
import type { StreamConnection, StreamInput } from './input.ts';
import type { PieceShelf } from './piece-shelf.ts';
import { Silence } from './silence.ts';

export type FeedOptions = {
  readonly segmentMs: number;
  /** With no key frame for this long it is cut anyway. */
  readonly keylessMs: number;
  readonly maxBytes: number;
  readonly cutsSilence: boolean;
};

export type FeedDeps = {
  readonly clock: Clock;
  readonly random: Random;
};

/** Until a new connection has given twice the wanted length, key frames this far apart will do. */
const SHORT_MS = 1000;
/**
 * What comes faster than it plays is read this far ahead: more than any server sends at once when a
 * viewer comes, and all that a file without an end of its own is taken for.
 */
const AHEAD_MAX_MS = 30_000;
/** No piece for so long beyond the longest there can be, though bytes come: there is no media. */
const EMPTY_MS = 5000;
/** The first of these waits is a moment: most connections that end are taken up again at once. */
const RECONNECT = { baseMs: 250, maxMs: 10_000 };
const RETRY_AFTER_MAX_MS = 30_000;

/**
 * ```
 *   resting ──start──► connecting ──► reading ──ended, failed──► waiting ──► connecting
 *      ▲                                 └── it is finished: nothing more
 *      └──pause, dispose── from anywhere
 * ```
 * Invariant: at most one connection, and none while it rests.
 */
export class StreamFeed implements AsyncDisposable {
  /** Fires where there is a piece, a failure or the end. */
  readonly changed = new Signal();
  readonly #input: StreamInput;
  readonly #shelf: PieceShelf;
  readonly #options: FeedOptions;
  readonly #deps: FeedDeps;
  #stop: AbortController | undefined;
  #connection: StreamConnection | undefined;
  #running: Promise<void> = Promise.resolve();
  #failure: AppError | undefined;
  #isFinished = false;
  /** The connection at hand, or the last one, has given a piece. */
  #wasFed = false;
  #closedMs: number;
  #isAhead = false;
  #hasMoved = false;
  #counts = noCounts();

  constructor(input: StreamInput, shelf: PieceShelf, options: FeedOptions, deps: FeedDeps) {
    this.#input = input;
    this.#shelf = shelf;
    this.#options = options;
    this.#deps = deps;
    // Whoever had it prove itself has closed its own connection a moment ago
    this.#closedMs = deps.clock.monotonicMs();
  }

  /** Upstream had said how long it is, and all of it has come. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  takeMotion(): StreamMotion {
    const motion = this.#isAhead ? 'ahead' : this.#hasMoved ? 'moves' : 'still';
    this.#hasMoved = false;
    return motion;
  }

  start(): void {
    if (this.#stop !== undefined || this.#isFinished) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#running = this.#running.then(() => this.#run(stop.signal));
  }

  /** Resolves once its connection is closed. */
  pause(): Promise<void> {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#failure = undefined;
    return this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.pause();
  }

  /** The last failure that was not taken yet. */
  takeFailure(): AppError | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  takeCounts(): StreamCounts | undefined {
    this.#countCarrier();
    const counts = this.#counts;
    this.#counts = noCounts();
    return Object.values(counts).some((count) => count > 0) ? counts : undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    let failures = 0;
    while (!signal.aborted) {
      let delayMs: number;
      this.#wasFed = false;
      try {
        await this.#connect(signal);
        if (this.#isFinished) return this.changed.fire();
        throw new AppError('SOURCE_STREAM_END', 'Cannot go on: upstream ended the stream');
      } catch (error) {
        if (signal.aborted) return;
        failures = this.#wasFed ? 0 : failures + 1;
        delayMs = this.#isJustLeft(error)
          ? JUST_LEFT_RETRY_MS
          : this.#failed(error, backoffDelayMs(RECONNECT, Math.max(0, failures - 1), random));
      }
      await sleep(clock, delayMs, signal);
    }
  }

  /** A refusal that may be the last connection's, not this one's. */
  #isJustLeft(error: unknown): boolean {
    if (!isBusyRefusal(error)) return false;
    return this.#deps.clock.monotonicMs() - this.#closedMs < JUST_LEFT_MS;
  }

  #failed(error: unknown, delayMs: number): number {
    this.#failure = asAppError(error);
    this.changed.fire();
    const askedMs = error instanceof SourceStatusError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(delayMs, Math.min(askedMs, RETRY_AFTER_MAX_MS));
  }

  /** Reads one connection to its end. */
  async #connect(signal: AbortSignal): Promise<void> {
    const connection = await this.#input.open(signal);
    this.#connection = connection;
    this.#counts.connects++;
    this.#shelf.cutOff();
    const { segmentMs, keylessMs, maxBytes } = this.#options;
    const cutter = new StreamCutter({ targetMs: segmentMs, keylessMs, maxBytes });
    try {
      await this.#read(connection, cutter, signal);
      this.#isFinished = connection.isFinite && !signal.aborted;
    } finally {
      this.#countCarrier();
      this.#connection = undefined;
      const stop = connection[Symbol.asyncDispose]();
      if (!signal.aborted) this.#take(cutter.flush(), cutter);
      await stop;
      this.#closedMs = this.#deps.clock.monotonicMs();
    }
  }

  async #read(
    connection: StreamConnection,
    cutter: StreamCutter,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#deps;
    const { segmentMs } = this.#options;
    const startedMs = clock.monotonicMs();
    let pieceMs = startedMs;
    let mediaMs = 0;
    let seen = cutter.stats();
    let clockMark: ClockMark = {};
    cutter.aimAt(SHORT_MS);
    // Another source may soon take over: what came until now is not to be lost with this one
    using silence = new Silence(clock, segmentMs, () => {
      if (this.#isAhead || signal.aborted || !this.#options.cutsSilence) return;
      this.#take(cutter.cutSilent(), cutter);
    });
    for await (const chunk of connection.chunks) {
      if (signal.aborted) return;
      if (chunk === 'break') {
        this.#take(cutter.flush(), cutter);
        this.#shelf.cutOff();
        continue;
      }
      this.#counts.receivedBytes += chunk.byteLength;
      const pieces = cutter.push(chunk);
      const { lastDts, lastPcr } = cutter;
      if (lastDts !== clockMark.lastDts || lastPcr !== clockMark.lastPcr) {
        this.#hasMoved = true;
        silence.heard();
      }
      clockMark = { lastDts, lastPcr };
      const nowMs = clock.monotonicMs();
      if (pieces.length === 0) {
        const longestMs = longestWaitMs(cutter, mediaMs === 0);
        if (nowMs - pieceMs > longestMs + EMPTY_MS) throw emptyError(cutter.stats());
        continue;
      }
      pieceMs = nowMs;
      for (const { durationMs } of pieces) mediaMs += durationMs;
      if (mediaMs >= 2 * segmentMs) cutter.aimAt(segmentMs);
      seen = this.#count(cutter.stats(), seen);
      this.#take(pieces, cutter);
      const aheadMs = mediaMs - (nowMs - startedMs) - AHEAD_MAX_MS;
      if (!connection.isHeldBack || aheadMs <= 0) continue;
      this.#isAhead = true;
      await sleep(clock, aheadMs, signal);
      this.#isAhead = false;
      silence.heard();
    }
  }

  #countCarrier(): void {
    for (const [name, count] of Object.entries(this.#connection?.takeCounts?.() ?? {})) {
      this.#counts[name as keyof StreamCounts] += count;
    }
  }

  #count(now: CutterStats, before: CutterStats): CutterStats {
    this.#counts.continuityErrors += now.continuityErrors - before.continuityErrors;
    this.#counts.lostSyncs += now.lostSyncs - before.lostSyncs;
    return now;
  }

  #take(pieces: readonly StreamPiece[], cutter: StreamCutter): void {
    if (pieces.length === 0) return;
    this.#wasFed = true;
    const { keyIntervalMaxMs } = cutter.stats();
    for (const piece of pieces) {
      if (!piece.startsWithKeyFrame) this.#counts.keylessCuts++;
      this.#shelf.put(piece, keyIntervalMaxMs);
    }
    this.changed.fire();
  }
}

/** Where the clock of the stream stood when it was last looked at. */
type ClockMark = {
  readonly lastDts?: number | undefined;
  readonly lastPcr?: number | undefined;
};

type Counts = { -readonly [K in keyof StreamCounts]: number };

function noCounts(): Counts {
  return {
    connects: 0,
    receivedBytes: 0,
    continuityErrors: 0,
    lostSyncs: 0,
    keylessCuts: 0,
    rtpLost: 0,
    rtpReordered: 0,
    rtpDuplicates: 0,
    datagramsDropped: 0,
  };
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('BASE_UNEXPECTED', message, {}, error);
}

/** The first piece begins with a key frame, which may be as long in coming as the next one is. */
function longestWaitMs(cutter: StreamCutter, isFirst: boolean): number {
  return cutter.maxDurationMs * (isFirst && cutter.stats().frames > 0 ? 2 : 1);
}

/** Bytes come, and nothing can be cut of them: what is missing is said. */
function emptyError({ packets, hasPat, program, frames }: CutterStats): FormatError {
  const state =
    packets === 0
      ? 'no packets in what comes, wanted MPEG-TS'
      : !hasPat
        ? 'it has no table of programmes (PAT), wanted one'
        : program === undefined
          ? 'it has no programme with sound or picture (PMT), wanted one'
          : frames === 0
            ? 'its programme has no media, wanted sound or picture'
            : 'its clock stands still, wanted one that goes on';
  const message = `Cannot cut the stream: ${state}`;
  return new FormatError('mpegts', packets * 188, message, 'ISO/IEC 13818-1 §2.4.4');
}
