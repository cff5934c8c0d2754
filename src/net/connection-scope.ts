// This file ties idle connections to who uses them: they are closed when the last one has gone.

/** One user of the client: what it opened is closed with it, unless another uses it too. */
export class ConnectionScope implements Disposable {
  readonly #leaving = new Set<() => void>();
  #closed = false;

  get isClosed(): boolean {
    return this.#closed;
  }

  /** `leave` is called once, when this user has gone. */
  join(leave: () => void): void {
    this.#leaving.add(leave);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const leave of this.#leaving) leave();
    this.#leaving.clear();
  }
}
