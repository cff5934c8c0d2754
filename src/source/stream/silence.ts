// This file notices that an endless stream has stood still for a while.
import type { Clock, Timer } from '../../base/clock.ts';

/** It is looked for so many times in the while, rather than with a timer for each chunk. */
const LOOKS = 4;

/** `onSilent` is called once for each silence. */
export class Silence implements Disposable {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #onSilent: () => void;
  #heardMs: number;
  #isTold = false;
  #timer: Timer;

  constructor(clock: Clock, afterMs: number, onSilent: () => void) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#onSilent = onSilent;
    this.#heardMs = clock.monotonicMs();
    this.#timer = this.#wait();
  }

  /** It goes on. */
  heard(): void {
    this.#heardMs = this.#clock.monotonicMs();
    this.#isTold = false;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #wait(): Timer {
    return this.#clock.after(this.#afterMs / LOOKS, () => {
      this.#look();
      this.#timer = this.#wait();
    });
  }

  #look(): void {
    if (this.#isTold || this.#clock.monotonicMs() - this.#heardMs < this.#afterMs) return;
    this.#isTold = true;
    this.#onSilent();
  }
}
