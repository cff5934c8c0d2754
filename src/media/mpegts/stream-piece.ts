// This file holds what an endless stream is cut into.
import type { FrameKind } from './frame-kind.ts';
import type { FrameTimes } from './lead-clock.ts';
import type { PacketList } from './packet-list.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

export type StreamPiece = {
  /** Whole packets, PAT and PMT first; must not be changed. */
  readonly chunks: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** Never more than the cutter's `maxDurationMs`. */
  readonly durationMs: number;
  /** The difference of two decoding times; where false, the end is reckoned. */
  readonly isDurationExact: boolean;
  /** Of the first frame of the lead stream; absent where it has none in the clear. */
  readonly firstPts: number | undefined;
  readonly firstDts: number | undefined;
  readonly firstPcr: number | undefined;
  /** 'idr' also where the lead stream is sound. */
  readonly startKind: FrameKind;
  readonly startsWithKeyFrame: boolean;
  /** The piece before, if there was one, does not lead up to this one. */
  readonly isDiscontinuous: boolean;
  /** How often packets were lost within. */
  readonly continuityErrors: number;
  readonly isScrambled: boolean;
  /** program_number. */
  readonly program: number;
};

export type PieceStart = {
  readonly list: PacketList;
  readonly startTicks: number;
  readonly kind: FrameKind;
  readonly isDiscontinuous: boolean;
  readonly program: number;
};

/** A piece that is being gathered. */
export class OpenPiece {
  readonly list: PacketList;
  readonly startTicks: number;
  readonly #start: PieceStart;
  /** Of the tables it was begun with. */
  readonly #tableBytes: number;
  #times: FrameTimes | undefined;
  #pcr: number | undefined;
  #continuityErrors = 0;
  #isScrambled = false;
  #durationTicks = 0;
  #isExact = false;

  constructor(start: PieceStart) {
    this.#start = start;
    this.list = start.list;
    this.startTicks = start.startTicks;
    this.#tableBytes = start.list.sizeBytes;
  }

  /** It was begun without a frame, and nothing came. */
  get isEmpty(): boolean {
    return this.#start.kind === 'other' && this.list.sizeBytes === this.#tableBytes;
  }

  noteFrame(times: FrameTimes): void {
    if (times.pts !== undefined) this.#times ??= times;
  }

  notePcr(base: number): void {
    this.#pcr ??= base;
  }

  noteLoss(): void {
    this.#continuityErrors += 1;
  }

  noteScrambled(): void {
    this.#isScrambled = true;
  }

  /** Its media ends at `endTicks`; a piece in which no time passed is `leastTicks` long. */
  end(endTicks: number, isExact: boolean, leastTicks: number, mostTicks: number): void {
    const ticks = endTicks - this.startTicks;
    this.#durationTicks = Math.min(ticks > 0 ? ticks : leastTicks, mostTicks);
    this.#isExact = isExact && this.#durationTicks === ticks;
  }

  finish(): StreamPiece {
    const { kind, isDiscontinuous, program } = this.#start;
    return {
      chunks: this.list.takeChunks(),
      sizeBytes: this.list.sizeBytes,
      durationMs: (this.#durationTicks * 1000) / TICKS_PER_SECOND,
      isDurationExact: this.#isExact,
      firstPts: this.#times?.pts,
      firstDts: this.#times?.dts ?? this.#times?.pts,
      firstPcr: this.#pcr,
      startKind: kind,
      startsWithKeyFrame: kind !== 'other',
      isDiscontinuous,
      continuityErrors: this.#continuityErrors,
      isScrambled: this.#isScrambled,
      program,
    };
  }
}
