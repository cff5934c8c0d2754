// This file counts failures in a row and says when to leave a tier alone.

/** So many of one kind in a row are no accident. */
const FAILURES_IN_A_ROW = 3;

export type Side = 'read' | 'write';

/**
 *   down ──opened()──► trial ──succeeded()──► up
 *    ▲                   │ 1 failure          │ 3 failures in a row
 *    └───────────────────┴────────────────────┘
 *
 * Reads and writes are counted apart: a tier whose every read is late would never be noticed between
 * writes that succeed slowly.
 */
export class Breaker {
  #state: 'down' | 'trial' | 'up' = 'down';
  readonly #failures: Record<Side, number> = { read: 0, write: 0 };
  #trippedBy: Side | undefined;
  #trips = 0;

  get isDown(): boolean {
    return this.#state === 'down';
  }

  get trips(): number {
    return this.#trips;
  }

  opened(): void {
    this.#state = 'trial';
    this.#failures.read = 0;
    this.#failures.write = 0;
  }

  /** Whether its trial is over by this: what broke it is what must be seen to work again. */
  succeeded(side: Side): boolean {
    if (this.isDown) return false;
    this.#failures[side] = 0;
    if (this.#state === 'up' || side !== (this.#trippedBy ?? side)) return false;
    this.#state = 'up';
    return true;
  }

  /** Whether it went down by this. */
  failed(side: Side): boolean {
    if (this.isDown) return false;
    this.#failures[side]++;
    if (this.#state === 'up' && this.#failures[side] < FAILURES_IN_A_ROW) return false;
    return this.trip(side);
  }

  /** Whether it was not down before. */
  trip(side: Side): boolean {
    if (this.isDown) return false;
    this.#state = 'down';
    this.#trippedBy = side;
    this.#trips++;
    return true;
  }
}
