// This file remembers which pictures cannot be had, and until when nobody asks for them again.
import { type Backoff, backoffDelayMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';

export type Refusal = {
  readonly isNone: boolean;
  readonly why: string;
  readonly untilMs: number;
};

/** One that fails comes back; one that is not there seldom does. */
const FAILED: Backoff = { baseMs: 60_000, maxMs: 6 * 3_600_000 };
const NONE: Backoff = { baseMs: 30 * 60_000, maxMs: 24 * 3_600_000 };
/** As many as there are channels in the longest list; beyond, the first are asked for again. */
const MAX_COUNT = 20_000;

export class Refusals {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #found = new Map<string, Refusal & { readonly attempt: number }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Undefined where it may be asked for. */
  of(key: string): Refusal | undefined {
    const found = this.#found.get(key);
    return found !== undefined && found.untilMs > this.#clock.nowMs() ? found : undefined;
  }

  add(key: string, isNone: boolean, why: string): Refusal {
    const attempt = (this.#found.get(key)?.attempt ?? -1) + 1;
    const waitMs = backoffDelayMs(isNone ? NONE : FAILED, attempt, this.#random);
    const refusal = { isNone, why, untilMs: this.#clock.nowMs() + waitMs, attempt };
    this.#found.delete(key);
    this.#found.set(key, refusal);
    for (const oldest of this.#found.keys()) {
      if (this.#found.size <= MAX_COUNT) break;
      this.#found.delete(oldest);
    }
    return refusal;
  }

  clear(key: string): void {
    this.#found.delete(key);
  }
}
