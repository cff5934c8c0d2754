// This file wakes many who wait for the same, a few of them in each turn.
import { othersTurn } from '../../base/turn.ts';

/** Each sends 64 KiB in its turn: so many take half a millisecond, and somebody else may be waiting. */
const AT_ONCE = 16;

export class Wakening {
  #waiting: (() => void)[] = [];

  /** Resolves after the next `fire`. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** In the order in which they came; the first few in this turn. */
  fire(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    void wake(waiting);
  }
}

async function wake(waiting: readonly (() => void)[]): Promise<void> {
  for (let from = 0; from < waiting.length; from += AT_ONCE) {
    if (from > 0) await othersTurn();
    for (const resolve of waiting.slice(from, from + AT_ONCE)) resolve();
  }
}
