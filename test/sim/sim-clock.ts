// This file is the clocks of a simulation: one time for all, and a switch for each run of weir.
import type { Clock, Timer } from '../../src/base/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Calls `onStep` between any two timers: whatever the first of them started has settled then. */
export class SimClock implements Clock {
  readonly #inner = new FakeClock();
  onStep: () => void = () => {};

  nowMs(): number {
    return this.#inner.nowMs();
  }

  monotonicMs(): number {
    return this.#inner.monotonicMs();
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#inner.after(delayMs, () => {
      this.onStep();
      run();
    });
  }

  advance(byMs: number): Promise<void> {
    return this.#inner.advance(byMs);
  }
}

/** The clock of one process: its wall time may step, and once it is dead none of its timers fires. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  #isDead = false;
  #steppedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  stepWall(byMs: number): void {
    this.#steppedMs += byMs;
  }

  kill(): void {
    this.#isDead = true;
  }

  nowMs(): number {
    return this.#clock.nowMs() + this.#steppedMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#clock.after(delayMs, () => {
      if (!this.#isDead) run();
    });
  }
}
