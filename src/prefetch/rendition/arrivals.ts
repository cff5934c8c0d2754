// This file tells how much of a source's media has gone by that nobody was shown.
import type { Segment } from '../../ring/rendition-ring.ts';

/** What is late now and then is not what the source is behind: the soonest of so many counts. */
const KEPT_MAX = 4;

/**
 * A segment is seen some time after it was there: when a poll came round, when its body had come,
 * when this process had its turn. To go by the last one alone would lose as much at the next source.
 */
export class Arrivals {
  /** When each came, less all media up to its end. */
  #offsetsMs: number[] = [];
  #mediaMs = 0;
  #lastSequence = -1;
  #isOther = false;

  /** What grows from now on is of another source, or one begun anew, whose delay nobody knows. */
  begin(): void {
    this.#isOther = true;
  }

  /** What is listed now, the newest last. */
  grew(nowMs: number, listed: readonly Segment[]): void {
    for (const { mediaSequence, listed: segment } of listed) {
      if (mediaSequence > this.#lastSequence) this.#mediaMs += segment.durationS * 1000;
    }
    this.#lastSequence = listed.at(-1)?.mediaSequence ?? this.#lastSequence;
    const before = this.#isOther ? [] : this.#offsetsMs.slice(1 - KEPT_MAX);
    this.#offsetsMs = [...before, nowMs - this.#mediaMs];
    this.#isOther = false;
  }

  /** All, where nothing ever came. */
  missingMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#mediaMs - Math.min(...this.#offsetsMs));
  }
}
