// This file counts who watches by the tuners of an HDHomeRun device.

/** What a tuner is used for. */
export type Tuned = { readonly number: number; readonly name: string; readonly viewer: string };

/** A tuner that is used, until it is disposed. */
export type HeldTuner = Disposable;

export class Tuners {
  readonly #held: (Tuned | undefined)[];

  constructor(count: number) {
    this.#held = new Array<Tuned | undefined>(count).fill(undefined);
  }

  get count(): number {
    return this.#held.length;
  }

  /** `at`: this one; any that is free where absent. Undefined where it is used, or all are. */
  take(tuned: Tuned, at?: number): HeldTuner | undefined {
    const index = at ?? this.#held.indexOf(undefined);
    if (index < 0 || index >= this.count || this.#held[index] !== undefined) return undefined;
    this.#held[index] = tuned;
    return {
      [Symbol.dispose]: () => {
        // Whoever took it next keeps it
        if (this.#held[index] === tuned) this.#held[index] = undefined;
      },
    };
  }

  /** By their numbers; undefined where one is free. */
  all(): readonly (Tuned | undefined)[] {
    return this.#held;
  }
}
