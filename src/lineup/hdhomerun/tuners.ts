// This file counts who watches by the tuners of an HDHomeRun device.
import { type Clock, orAborted } from '../../base/clock.ts';

/** What a tuner is used for. */
export type Tuned = { readonly number: number; readonly name: string; readonly viewer: string };

/** A tuner that is used, until it is disposed. */
export type HeldTuner = Disposable;

/** Who waits for any tuner, or for the one `at`. */
type Waiter = { readonly at: number | undefined; readonly enter: () => void };

/** A client that zaps asks for the next channel before it has left the last. */
const ZAP_WAIT_MS = 2000;
/** More do not zap at once. */
const WAITING_MAX = 32;

export class Tuners {
  readonly #held: (Tuned | undefined)[];
  readonly #waiting = new Set<Waiter>();
  #refused = 0;

  constructor(count: number) {
    this.#held = new Array<Tuned | undefined>(count).fill(undefined);
  }

  get count(): number {
    return this.#held.length;
  }

  /**
   * `at`: this one; any that is free where absent. Undefined where it is used, or all are, and nobody
   * leaves in a moment.
   */
  async take(
    tuned: Tuned,
    at: number | undefined,
    clock: Clock,
    gone: AbortSignal,
  ): Promise<HeldTuner | undefined> {
    const taken = this.#take(tuned, at) ?? (await this.#onceFree(tuned, at, clock, gone));
    if (taken === undefined && !gone.aborted) this.#refused++;
    return taken;
  }

  /** By their numbers; undefined where one is free. */
  all(): readonly (Tuned | undefined)[] {
    return this.#held;
  }

  stats(): { readonly used: number; readonly free: number; readonly refused: number } {
    const used = this.#held.filter((tuned) => tuned !== undefined).length;
    return { used, free: this.count - used, refused: this.#refused };
  }

  async #onceFree(
    tuned: Tuned,
    at: number | undefined,
    clock: Clock,
    gone: AbortSignal,
  ): Promise<HeldTuner | undefined> {
    if (this.#waiting.size >= WAITING_MAX || gone.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<HeldTuner | undefined>();
    const waiter = { at, enter: () => resolve(this.#take(tuned, at)) };
    this.#waiting.add(waiter);
    using _late = clock.after(ZAP_WAIT_MS, () => {
      // At once: what is left in this very turn is somebody else's
      this.#waiting.delete(waiter);
      resolve(undefined);
    });
    const taken = await orAborted(promise, gone);
    // In the turn in which one who leaves lets another in, that one may be gone
    if (taken === undefined) void promise.then((held) => held?.[Symbol.dispose]());
    this.#waiting.delete(waiter);
    return taken;
  }

  #take(tuned: Tuned, at: number | undefined): HeldTuner | undefined {
    const index = at ?? this.#held.indexOf(undefined);
    if (index < 0 || index >= this.count || this.#held[index] !== undefined) return undefined;
    this.#held[index] = tuned;
    return { [Symbol.dispose]: () => this.#leave(index, tuned) };
  }

  #leave(index: number, tuned: Tuned): void {
    // Whoever took it next keeps it
    if (this.#held[index] !== tuned) return;
    this.#held[index] = undefined;
    // First come, first served
    const next = [...this.#waiting].find(({ at }) => at === undefined || at === index);
    if (next === undefined) return;
    this.#waiting.delete(next);
    next.enter();
  }
}
