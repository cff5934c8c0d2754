// This file calls the collector by the bytes that were passed on, of which it sees too little.
import type { Clock } from './clock.ts';

/**
 * 60 viewers of 4 Mbit/s had RSS swing by 60 MB, and by 15 where it is called after this many bytes.
 * At most once in the time: at many bytes a second it comes by itself.
 */
const COLLECT_AFTER_BYTES = 16 * 1024 * 1024;
const COLLECT_EVERY_MS = 1000;

export class PacedCollector {
  readonly #clock: Clock;
  readonly #collect: () => void;
  #passedBytes = 0;

  constructor(clock: Clock, collect: () => void) {
    this.#clock = clock;
    this.#collect = collect;
  }

  passed(sizeBytes: number): void {
    const before = this.#passedBytes;
    this.#passedBytes += sizeBytes;
    if (before >= COLLECT_AFTER_BYTES || this.#passedBytes < COLLECT_AFTER_BYTES) return;
    this.#clock.after(COLLECT_EVERY_MS, () => {
      this.#passedBytes = 0;
      this.#collect();
    });
  }
}
