// This file is a tier that fails, hangs and dawdles as it is told.
import { type Clock, sleep } from '../../../src/base/clock.ts';
import { type TierCode, TierError } from '../../../src/ring/tiers/errors.ts';
import type { Stored, Swept, Tier, TierKey, TierUse } from '../../../src/ring/tiers/tier.ts';

type Call = 'open' | 'get' | 'holds' | 'put' | 'delete' | 'sweep' | 'use';

export class ScriptedTier implements Tier {
  readonly kind = 'disk';
  readonly place = 'a scripted tier';
  readonly held = new Map<string, Stored>();
  readonly expiries = new Map<string, number>();
  readonly calls: Call[] = [];
  readonly #clock: Clock;
  /** How long each call takes; Infinity hangs, whatever its signal says. */
  delayMs = 0;
  /** What every call fails with, and what some fail with. */
  failure: TierCode | undefined;
  failures: Partial<Record<Call, TierCode>> = {};
  /** What a sweep says that it took. */
  swept: Swept = { expired: 0, evicted: 0 };
  isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(call: Call): number {
    return this.calls.filter((each) => each === call).length;
  }

  async open(): Promise<void> {
    await this.#perform('open');
  }

  async get(key: TierKey): Promise<Stored | undefined> {
    await this.#perform('get');
    return this.held.get(key.name);
  }

  async holds(keys: readonly TierKey[]): Promise<readonly boolean[]> {
    await this.#perform('holds');
    return keys.map(({ name }) => this.held.has(name));
  }

  async put(key: TierKey, stored: Stored, expiresAtMs: number): Promise<void> {
    await this.#perform('put');
    this.held.set(key.name, stored);
    this.expiries.set(key.name, expiresAtMs);
  }

  async delete(keys: readonly TierKey[]): Promise<void> {
    await this.#perform('delete');
    for (const { name } of keys) this.held.delete(name);
  }

  async sweep(): Promise<Swept> {
    await this.#perform('sweep');
    return this.swept;
  }

  async use(): Promise<TierUse> {
    await this.#perform('use');
    return { segments: this.held.size, bytes: 7 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  async #perform(call: Call): Promise<void> {
    this.calls.push(call);
    const failure = this.failures[call] ?? this.failure;
    if (this.delayMs === Number.POSITIVE_INFINITY) await new Promise(() => {});
    if (this.delayMs > 0) await sleep(this.#clock, this.delayMs);
    if (failure !== undefined) throw new TierError(failure, `Cannot ${call}: as it was told`);
  }
}
