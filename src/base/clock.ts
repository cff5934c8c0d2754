// This file is the clock that all parts which wait or look at the time are given.

/** A pending timer; disposing it cancels it, and is harmless once it has fired. */
export type Timer = Disposable;

export interface Clock {
  /** Wall time in milliseconds since the Unix epoch; may step. */
  nowMs(): number;
  /** Milliseconds that only ever grow; for intervals and deadlines. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`. */
  after(delayMs: number, run: () => void): Timer;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.max(0, delayMs));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** Resolves after `delayMs`, or at once when `signal` aborts; it never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer[Symbol.dispose]();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** The promise's value, or undefined where it takes longer than `waitMs`. */
export async function within<T>(
  clock: Clock,
  promise: Promise<T>,
  waitMs: number,
): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  using _timer = clock.after(waitMs, () => late.resolve(undefined));
  return await Promise.race([promise, late.promise]);
}

/** The promise's value, or undefined as soon as `signal` aborts. */
export async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const abort = () => aborted.resolve(undefined);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Aborts with `outer`, or by itself after `withinMs`; disposing it stops the clock. */
export class Patience implements Disposable {
  readonly signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #timer: Timer;

  constructor(clock: Clock, withinMs: number, outer: AbortSignal) {
    this.#timer = clock.after(withinMs, () => this.#late.abort());
    this.signal = AbortSignal.any([outer, this.#late.signal]);
  }

  /** The time is over, whatever `outer` says. */
  get isLate(): boolean {
    return this.#late.signal.aborted;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
