// This file lets many callers share one run of the same work.

/** While a run for `key` is under way, every further caller gets its promise, failure included. */
export class SingleFlight<T> {
  readonly #runs = new Map<string, Promise<T>>();

  run(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#runs.get(key);
    if (running !== undefined) return running;
    const run = work().finally(() => this.#runs.delete(key));
    this.#runs.set(key, run);
    return run;
  }

  has(key: string): boolean {
    return this.#runs.has(key);
  }

  get size(): number {
    return this.#runs.size;
  }
}
