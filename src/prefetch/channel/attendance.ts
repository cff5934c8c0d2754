// This file tells whether anybody watches a channel, by what is asked of it and who is connected.
import type { Clock } from '../../base/clock.ts';
import { TARGET_DURATION_DEFAULT_S } from '../../source/deadlines.ts';

/** RFC 8216 §6.3.4: a player asks at least once in a target duration; who missed two has gone. */
const QUIET_TARGET_DURATIONS = 2;
/** Short segments: a line that hangs for a moment, and a player that asks again, are no farewell. */
const QUIET_MS_MIN = 6000;

export class Attendance {
  readonly #clock: Clock;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Who is connected, and who waits for an answer. */
  #present = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A player has asked for something, and will ask again if it stays. */
  asked(nowMs = this.#clock.monotonicMs()): void {
    this.#askedMs = nowMs;
  }

  /** Somebody is here until the answer is disposed. */
  enter(): Disposable {
    this.#present++;
    let isHere = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHere) return;
        isHere = false;
        this.#present--;
      },
    };
  }

  /** Whoever asked waits for the answer, however long it takes, unless `gone` says otherwise. */
  async during<T>(answer: Promise<T>, gone: AbortSignal): Promise<T> {
    using waits = this.enter();
    gone.addEventListener('abort', () => waits[Symbol.dispose](), { once: true });
    return await answer;
  }

  /** Monotonic time from which on nobody watches, should nothing more be asked. */
  idleFromMs(targetDurationS: number): number {
    if (this.#present > 0) return Number.POSITIVE_INFINITY;
    const quietMs = QUIET_TARGET_DURATIONS * 1000 * (targetDurationS || TARGET_DURATION_DEFAULT_S);
    return this.#askedMs + Math.max(QUIET_MS_MIN, quietMs);
  }

  isWatched(targetDurationS: number): boolean {
    return this.idleFromMs(targetDurationS) > this.#clock.monotonicMs();
  }
}
