// This file is a deadline that may be moved thousands of times a second.
import type { Clock, Timer } from '../base/clock.ts';

/** A longer delay overflows the runtime's timers (32 bits) and would fire at once. */
const MAX_TIMER_MS = 2 ** 30;

/**
 * One timer for a deadline that moves: moving it later costs a store, since the timer looks again
 * when it wakes. `expired` is called once, the first time the deadline is found passed.
 */
export class Deadline implements Disposable {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #dueMs = Number.POSITIVE_INFINITY;
  #wakeMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #over = false;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** In monotonic milliseconds; Infinity for none. */
  moveTo(dueMs: number): void {
    this.#dueMs = dueMs;
    if (!this.#over && dueMs < this.#wakeMs) this.#arm();
  }

  #arm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#wakeMs = this.#dueMs;
    if (this.#dueMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(this.#dueMs - this.#clock.monotonicMs(), MAX_TIMER_MS);
    this.#timer = this.#clock.after(Math.max(0, delayMs), () => this.#wake());
  }

  #wake(): void {
    if (this.#over) return;
    // Timers may fire a fraction early against the monotonic clock.
    const isDue = this.#clock.monotonicMs() + 1 >= this.#dueMs;
    if (isDue) this[Symbol.dispose]();
    if (isDue) this.#expired();
    else this.#arm();
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
