// This file counts the connections that each provider allows, exactly.
import type { Clock } from '../../base/clock.ts';

/** One connection's worth; disposing it gives it back, once. */
export type Lease = Disposable & { readonly provider: string };

export type ProviderUse = {
  readonly provider: string;
  readonly used: number;
  /** Absent where the provider sets no limit. */
  readonly limit?: number;
};

export class ProviderLeases {
  readonly #clock: Clock;
  #limits: ReadonlyMap<string, number>;
  readonly #used = new Map<string, number>();
  readonly #leftMs = new Map<string, number>();

  /** Name of the provider → connections it allows at once. */
  constructor(clock: Clock, limits: ReadonlyMap<string, number>) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** From now on; what is out stays out. */
  set limits(limits: ReadonlyMap<string, number>) {
    this.#limits = limits;
  }

  /** Undefined where all are out. */
  take(provider: string): Lease | undefined {
    const used = this.#used.get(provider) ?? 0;
    if (used >= (this.#limits.get(provider) ?? Number.POSITIVE_INFINITY)) return undefined;
    this.#used.set(provider, used + 1);
    let isOut = true;
    return {
      provider,
      [Symbol.dispose]: () => {
        if (!isOut) return;
        isOut = false;
        this.left(provider);
        const left = (this.#used.get(provider) ?? 1) - 1;
        if (left > 0) this.#used.set(provider, left);
        else this.#used.delete(provider);
      },
    };
  }

  /** A connection was closed: the provider may count it for a moment more. */
  left(provider: string): void {
    this.#leftMs.set(provider, this.#clock.monotonicMs());
  }

  /** Milliseconds since a connection was closed; Infinity where none was. */
  leftAgoMs(provider: string): number {
    const leftMs = this.#leftMs.get(provider) ?? Number.NEGATIVE_INFINITY;
    return this.#clock.monotonicMs() - leftMs;
  }

  limitOf(provider: string): number | undefined {
    return this.#limits.get(provider);
  }

  stats(): ProviderUse[] {
    const names = new Set([...this.#limits.keys(), ...this.#used.keys()]);
    return [...names].map((provider) => {
      const limit = this.#limits.get(provider);
      const used = this.#used.get(provider) ?? 0;
      return { provider, used, ...(limit === undefined ? {} : { limit }) };
    });
  }
}
