// This file limits the fetches at once to one origin, over all worker threads.
import type { Clock } from '../../base/clock.ts';
import { sleep } from '../../base/clock.ts';

/** Origins share counters by hash: two that collide share a limit, which is harmless. */
const SLOTS = 4096;
/** How often a waiting fetch looks again: a place in a shared table has no queue. */
const RETRY_MS = 10;

export interface OriginGate {
  /** Resolves with the place; disposing it frees the place. Undefined where `signal` aborted. */
  enter(url: string, signal: AbortSignal): Promise<Disposable | undefined>;
}

/**
 * One row of counters per worker, so that a worker that died takes none with it: its row is
 * cleared when it is replaced.
 */
export function createGateTable(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * SLOTS * Int32Array.BYTES_PER_ELEMENT);
}

export function clearGateRow(table: SharedArrayBuffer, worker: number): void {
  new Int32Array(table, worker * SLOTS * Int32Array.BYTES_PER_ELEMENT, SLOTS).fill(0);
}

export class SharedOriginGate implements OriginGate {
  readonly #counters: Int32Array;
  readonly #workers: number;
  readonly #own: number;
  readonly #limit: number;
  readonly #clock: Clock;

  constructor(table: SharedArrayBuffer, worker: number, limit: number, clock: Clock) {
    this.#counters = new Int32Array(table);
    this.#workers = this.#counters.length / SLOTS;
    this.#own = worker * SLOTS;
    this.#limit = limit;
    this.#clock = clock;
  }

  async enter(url: string, signal: AbortSignal): Promise<Disposable | undefined> {
    const origin = URL.parse(url)?.origin ?? url;
    const slot = Number(Bun.hash.wyhash(origin) % BigInt(SLOTS));
    while (!signal.aborted) {
      // Counted before it is checked: two that enter at once may both step back, never both pass
      Atomics.add(this.#counters, this.#own + slot, 1);
      if (this.#sum(slot) <= this.#limit) return this.#place(slot);
      Atomics.sub(this.#counters, this.#own + slot, 1);
      await sleep(this.#clock, RETRY_MS, signal);
    }
    return undefined;
  }

  #sum(slot: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.#workers; worker++) {
      sum += Atomics.load(this.#counters, worker * SLOTS + slot);
    }
    return sum;
  }

  #place(slot: number): Disposable {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) Atomics.sub(this.#counters, this.#own + slot, 1);
        held = false;
      },
    };
  }
}
