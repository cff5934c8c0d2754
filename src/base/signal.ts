// This file wakes whoever waits for something to change.

export class Signal {
  #change: PromiseWithResolvers<void> | undefined;

  /** Resolves at the next `fire`. */
  next(): Promise<void> {
    this.#change ??= Promise.withResolvers();
    return this.#change.promise;
  }

  fire(): void {
    const change = this.#change;
    this.#change = undefined;
    change?.resolve();
  }
}
