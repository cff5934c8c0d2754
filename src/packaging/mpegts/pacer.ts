// This file says when the bytes of a stream are due, so that it runs as fast as time itself.

/** Let out at once when a stream begins: a player starts with this much in hand. */
export const BURST_MS = 3000;
const TICKS_PER_MS = 90;

/**
 * Invariant: over any stretch of time no more is let out than its length and the burst. A source that
 * was late is followed at that distance: what was lost of the burst is made up for, time is not.
 */
export class Pacer {
  /** Monotonic time at which tick 0 is due. */
  #zeroMs: number | undefined;

  /** When the bytes of `time90k` are due, monotonic. */
  dueMs(time90k: number, nowMs: number): number {
    const mediaMs = time90k / TICKS_PER_MS;
    this.#zeroMs ??= nowMs - mediaMs - BURST_MS;
    const lateMs = nowMs - (this.#zeroMs + mediaMs);
    if (lateMs > BURST_MS) this.#zeroMs += lateMs - BURST_MS;
    return this.#zeroMs + mediaMs;
  }
}
