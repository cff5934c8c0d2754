// This file is a clock that moves only when a test moves it.
import type { Clock, Timer } from '../../src/base/clock.ts';

type Pending = { readonly atMs: number; readonly order: number; run: (() => void) | undefined };

/** More timers than this in one advance is a loop that never waits. */
const MAX_TIMERS = 1_000_000;

/**
 * Timers fire in order of their time, and of their making where times are equal. Between any two of
 * them everything that was ready to run has run, so that what a timer started is seen by the next.
 */
export class FakeClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  #made = 0;
  /** Sorted by time, then by order; the next to fire is last, so that it is cheap to take. */
  readonly #pending: Pending[] = [];

  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = wallMs;
  }

  nowMs(): number {
    return this.#monotonicMs + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const atMs = this.#monotonicMs + (Number.isFinite(delayMs) ? Math.max(0, delayMs) : 0);
    const entry: Pending = { atMs, order: this.#made++, run };
    let low = 0;
    let high = this.#pending.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pending[middle]!.atMs > atMs) low = middle + 1;
      else high = middle;
    }
    this.#pending.splice(low, 0, entry);
    return {
      [Symbol.dispose]: () => {
        entry.run = undefined;
      },
    };
  }

  /** Moves the wall clock alone, as an administrator or NTP does; no timer notices. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Timers that have neither fired nor been cancelled. */
  get pendingCount(): number {
    return this.#pending.reduce((count, entry) => count + (entry.run ? 1 : 0), 0);
  }

  /** Moves time by `byMs`, firing what falls due on the way. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#monotonicMs + byMs;
    await this.#fire(endMs, () => false);
    this.#monotonicMs = endMs;
  }

  /** Fires timers until none is left or `limitMs` have passed; says how far time has moved. */
  async runUntilIdle(limitMs = 3_600_000): Promise<number> {
    const startMs = this.#monotonicMs;
    await this.#fire(startMs + limitMs, () => false);
    return this.#monotonicMs - startMs;
  }

  /** Advances until `done` says so, looking after each timer; throws after `limitMs`. */
  async runUntil(done: () => boolean, limitMs = 3_600_000): Promise<void> {
    const reached = await this.#fire(this.#monotonicMs + limitMs, done);
    if (!reached) throw new Error(`Cannot reach the state: not there after ${limitMs} ms`);
  }

  async #fire(endMs: number, done: () => boolean): Promise<boolean> {
    await settle();
    for (let fired = 0; fired < MAX_TIMERS; fired++) {
      if (done()) return true;
      const next = this.#takeNext(endMs);
      if (next === undefined) return false;
      this.#monotonicMs = next.atMs;
      next.run?.();
      await settle();
    }
    throw new Error(`Cannot advance: more than ${MAX_TIMERS} timers fired`);
  }

  #takeNext(endMs: number): Pending | undefined {
    for (;;) {
      const next = this.#pending.at(-1);
      if (next === undefined || (next.run !== undefined && next.atMs > endMs)) return undefined;
      this.#pending.pop();
      if (next.run !== undefined) return next;
    }
  }
}

/** Lets every promise that can go on go on: micro-tasks are all done before the next macro-task. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
