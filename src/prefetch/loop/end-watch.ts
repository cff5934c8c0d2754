// This file decides when a list that says its end is believed.
import type { Clock } from '../../base/clock.ts';
import type { LoopEvent } from '../messages.ts';
import type { ListState } from './list-state.ts';

/**
 * An end that was live before is believed after this many target durations without more: sooner
 * than a list counts as silent.
 */
const END_TARGET_DURATIONS = 2;

export class EndWatch {
  readonly #clock: Clock;
  readonly #state: ListState;
  readonly #emit: (event: LoopEvent) => void;
  #sinceMs: number | undefined;
  #isSaid = false;
  #isBelieved = false;

  constructor(clock: Clock, state: ListState, emit: (event: LoopEvent) => void) {
    this.#clock = clock;
    this.#state = state;
    this.#emit = emit;
  }

  get isBelieved(): boolean {
    return this.#isBelieved;
  }

  /** Of each listing: whether it says its end, and whether it named anything new. */
  take(isEnd: boolean, changed: boolean): void {
    if (!isEnd || changed) this.#sinceMs = undefined;
    const { onDemand, targetDurationS } = this.#state;
    if (this.#isSaid !== isEnd && !onDemand) {
      this.#isSaid = isEnd;
      this.#emit({ type: 'says-end', isEnd });
    }
    if (!isEnd) {
      this.#isBelieved = false;
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    this.#sinceMs ??= nowMs;
    const graceMs = onDemand ? 0 : END_TARGET_DURATIONS * targetDurationS * 1000;
    if (this.#isBelieved || nowMs - this.#sinceMs < graceMs) return;
    this.#isBelieved = true;
    this.#emit({ type: 'ended' });
  }
}
