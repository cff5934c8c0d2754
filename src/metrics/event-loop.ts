// This file measures how late the event loop runs what is due.
import type { Clock, Timer } from '../base/clock.ts';

const SAMPLE_MS = 100;
/** The metric is the worst of the last samples: ten seconds of them. */
const SAMPLES = 100;

export class EventLoopLag implements Disposable {
  readonly #clock: Clock;
  readonly #lags: number[] = [];
  #timer: Timer;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = this.#schedule();
  }

  /** Milliseconds over the last ten seconds. */
  stats(): { readonly maxMs: number; readonly meanMs: number } {
    if (this.#lags.length === 0) return { maxMs: 0, meanMs: 0 };
    const sum = this.#lags.reduce((a, b) => a + b, 0);
    return { maxMs: Math.max(...this.#lags), meanMs: sum / this.#lags.length };
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #schedule(): Timer {
    const dueMs = this.#clock.monotonicMs() + SAMPLE_MS;
    return this.#clock.after(SAMPLE_MS, () => {
      this.#lags.push(Math.max(0, this.#clock.monotonicMs() - dueMs));
      if (this.#lags.length > SAMPLES) this.#lags.shift();
      this.#timer = this.#schedule();
    });
  }
}
