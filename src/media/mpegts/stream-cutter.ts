// This file cuts an endless transport stream into pieces that can be segments of HLS.
import { assert } from '../../base/assert.ts';
import { CutJudge } from './cut-judge.ts';
import { KeptRun } from './kept-run.ts';
import { PACKET_BYTES } from './packet.ts';
import { PacketScanner, type ScannerStats } from './packet-scanner.ts';
import { PacketSorter, type SorterCounts } from './packet-sorter.ts';
import { PieceMaker } from './piece-maker.ts';
import type { ProgramStream } from './pmt.ts';
import { ProgramCutter } from './program-cutter.ts';
import { ProgramReader } from './program-reader.ts';
import { StreamPids } from './stream-pids.ts';
import type { StreamPiece } from './stream-piece.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

export type StreamCutterOptions = {
  /** A piece ends at the first key frame after this much media. */
  readonly targetMs: number;
  /** With no key frame for this long it is cut anyway; at least 1.5 × `targetMs`. */
  readonly keylessMs?: number;
  /** A larger piece is cut wherever it is. */
  readonly maxBytes?: number;
  /** program_number; absent: the first in the order of the PAT that has media. */
  readonly program?: number;
};

export type CutterStats = ScannerStats &
  Readonly<SorterCounts> & {
    readonly hasPat: boolean;
    /** program_number; absent: not found yet. */
    readonly program: number | undefined;
    readonly lead: ProgramStream | undefined;
    readonly frames: number;
    readonly pieces: number;
    /** Pieces between jumps that followed each other at once. */
    readonly discardedPieces: number;
    /** The longest time from key frame to key frame so far. */
    readonly keyIntervalMaxMs: number;
  };

/** Players wait for a segment; in ten seconds they have waited long enough. */
const KEYLESS_MS = 10_000;
/** As large as a segment from an upstream may be; it is held in memory whole. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Room for the tables and a few frames. */
const MAX_BYTES_LEAST = 64 * 1024;
// RFC 8216 §4.3.3.1: durations are rounded before they are compared with the target duration
const ROUNDED_AWAY_MS = 499;

/**
 * Keeps the packets of one programme as they are, tables aside: PAT and PMT are written anew where
 * they stood and before each piece, the PAT with that programme alone. Bytes that are pushed are
 * held until their piece is finished, and must not change. Held are at most two pieces of
 * `maxBytes`, one of them waiting for the end of its last units, which take 1 MiB at most.
 */
export class StreamCutter {
  readonly #scanner = new PacketScanner();
  readonly #maker = new PieceMaker();
  readonly #run = new KeptRun();
  readonly #judge: CutJudge;
  readonly #reader: ProgramReader;
  readonly #cutter: ProgramCutter;
  readonly #sorter: PacketSorter;
  readonly #maxBytes: number;
  readonly #maxDurationMs: number;
  readonly #targetTicks: number;
  #pieces = 0;

  constructor(options: StreamCutterOptions) {
    const { targetMs, maxBytes = MAX_BYTES, program } = options;
    assert(targetMs > 0, 'targetMs is over 0');
    const keylessMs = Math.max(options.keylessMs ?? KEYLESS_MS, 1.5 * targetMs);
    this.#maxBytes = Math.max(maxBytes, MAX_BYTES_LEAST);
    this.#maxDurationMs = keylessMs + ROUNDED_AWAY_MS;
    this.#targetTicks = ticksOf(targetMs);
    this.#judge = new CutJudge({
      targetTicks: this.#targetTicks,
      keylessTicks: ticksOf(keylessMs),
      maxTicks: ticksOf(this.#maxDurationMs),
    });
    const choice = program === undefined ? {} : { program };
    this.#reader = new ProgramReader({ ...choice, isInOrder: true });
    const pids = new StreamPids();
    const [reader, judge, maker, run] = [this.#reader, this.#judge, this.#maker, this.#run];
    this.#cutter = new ProgramCutter(reader, pids, judge, maker, run);
    this.#sorter = new PacketSorter({ reader, pids, judge, maker, run, cutter: this.#cutter });
  }

  /** No piece is ever longer: rounded, it is a target duration that stays true. */
  get maxDurationMs(): number {
    return this.#maxDurationMs;
  }

  /** From now on, for the piece that is being gathered too; not over what it was made with. */
  aimAt(targetMs: number): void {
    this.#judge.aimAt(Math.min(ticksOf(targetMs), this.#targetTicks));
  }

  /** Stands still where the picture does; undefined before the first. */
  get lastDts(): number | undefined {
    return this.#judge.clock.lastDts;
  }

  get lastPcr(): number | undefined {
    return this.#judge.clock.lastPcr;
  }

  stats(): Readonly<CutterStats> {
    return {
      ...this.#scanner.stats(),
      ...this.#sorter.counts,
      hasPat: this.#reader.hasPat,
      program: this.#cutter.program?.map.program,
      lead: this.#cutter.lead,
      frames: this.#cutter.frameCount,
      pieces: this.#pieces,
      discardedPieces: this.#maker.discardedPieces,
      keyIntervalMaxMs: (this.#judge.keyIntervalMaxTicks * 1000) / TICKS_PER_SECOND,
    };
  }

  /** The pieces that are finished with these bytes. */
  push(bytes: Uint8Array): StreamPiece[] {
    for (const run of this.#scanner.push(bytes)) this.#takeRun(run.bytes, run.skippedBytes);
    return this.#takeFinished();
  }

  /** Nothing comes for a while: what there is so far, though it may go on amid a frame. */
  cutSilent(): StreamPiece[] {
    this.#cutter.cutSilent();
    return this.#takeFinished();
  }

  /** The stream has ended, or is cut off: what is left of it. Another may be pushed then. */
  flush(): StreamPiece[] {
    for (const run of this.#scanner.flush()) this.#takeRun(run.bytes, run.skippedBytes);
    this.#cutter.end();
    return this.#takeFinished();
  }

  #takeFinished(): StreamPiece[] {
    const pieces = this.#maker.takeFinished();
    this.#pieces += pieces.length;
    return pieces;
  }

  #takeRun(bytes: Uint8Array, skippedBytes: number): void {
    if (skippedBytes > 0) this.#judge.noteBreak();
    this.#run.begin(bytes);
    for (let at = 0; at < bytes.length; ) {
      const room = this.#roomBytes(at);
      const stop = Math.min(bytes.length, at + room);
      if (room <= 0) this.#cutter.cutFull(at);
      else this.#sorter.take(at, stop);
      if (room > 0) at = stop;
    }
    this.#run.flushTo(bytes.length, this.#maker.list);
    this.#run.end();
  }

  /** What certainly fits the piece, in whole packets. */
  #roomBytes(at: number): number {
    const unlisted = this.#maker.list === undefined ? 0 : this.#run.unlistedBytes(at);
    const room = this.#maxBytes - this.#maker.sizeBytes - unlisted;
    return Math.floor(room / PACKET_BYTES) * PACKET_BYTES;
  }
}

function ticksOf(ms: number): number {
  return (ms * TICKS_PER_SECOND) / 1000;
}
