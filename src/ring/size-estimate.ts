// This file learns how large the segments of a rendition are.
import type { SegmentSize } from './window.ts';

/**
 * Segments that count, about as many as are held: an encoder's rate swings from one to the next,
 * and changes for good now and then.
 */
const SEGMENTS = 16;

/** The usual length, where none was seen. */
const SEGMENT_S = 6;

/**
 * Invariant: what was measured is believed, then what the source declares, then what is assumed.
 */
export class SizeEstimate {
  #measured: SegmentSize | undefined;
  #count = 0;
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
    this.#count = Math.min(SEGMENTS, this.#count + 1);
    this.#measured = {
      bytesPerS: before.bytesPerS + (bytesPerS - before.bytesPerS) / this.#count,
      segmentS: before.segmentS + (segmentS - before.segmentS) / this.#count,
    };
  }

  sizeOr(assumed: SegmentSize | undefined): SegmentSize | undefined {
    if (this.#measured !== undefined) return this.#measured;
    const { declaredBytesPerS: bytesPerS } = this;
    if (bytesPerS === undefined) return assumed;
    return { segmentS: assumed?.segmentS ?? SEGMENT_S, bytesPerS };
  }
}
