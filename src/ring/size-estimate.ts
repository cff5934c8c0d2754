// This file learns how large the segments of a rendition are.
import type { SegmentSize } from './window.ts';

/** How much the last segment counts: an encoder's rate swings, and changes for good now and then. */
const WEIGHT = 0.25;

/**
 * Invariant: what was measured is believed, then what the source declares, then what is assumed.
 */
export class SizeEstimate {
  #measured: SegmentSize | undefined;
  /** Bytes a second as the source declares them; absent where it does not. */
  declaredBytesPerS: number | undefined;

  get measured(): SegmentSize | undefined {
    return this.#measured;
  }

  /** A segment came whole. */
  learn(sizeBytes: number, segmentS: number): void {
    if (segmentS <= 0) return;
    const bytesPerS = sizeBytes / segmentS;
    const before = this.#measured ?? { bytesPerS, segmentS };
    this.#measured = {
      bytesPerS: before.bytesPerS + (bytesPerS - before.bytesPerS) * WEIGHT,
      segmentS: before.segmentS + (segmentS - before.segmentS) * WEIGHT,
    };
  }

  sizeOr(assumed: SegmentSize): SegmentSize {
    if (this.#measured !== undefined) return this.#measured;
    const { declaredBytesPerS: bytesPerS } = this;
    return bytesPerS === undefined ? assumed : { ...assumed, bytesPerS };
  }
}
