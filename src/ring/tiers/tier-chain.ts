// This file is all places for segments beyond memory, in their order.
import { type Clock, within } from '../../base/clock.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import type { GuardedTier } from './guarded-tier.ts';
import type { BodyForm, Stored, TierKey } from './tier.ts';
import type { TierStats } from './tier-stats.ts';

/** What a miss in memory waits for all tiers together, before it goes on to the upstream. */
export const MISS_BUDGET_MS = 50;

/**
 * A segment goes to every tier, and is looked for in their order. Every tier has a copy since they
 * serve different ends: a folder is near and large, a database is shared with other weirs, and
 * outlives the machine. A tier that had only what another let go of would hold nothing that others
 * can use, and would be fed by reading back what is about to be deleted. Each keeps what its own
 * size and age allow.
 */
export class TierChain implements AsyncDisposable {
  readonly #tiers: readonly GuardedTier[];
  readonly #clock: Clock;
  readonly #asked = new SingleFlight<Stored | undefined>();

  constructor(tiers: readonly GuardedTier[], clock: Clock) {
    this.#tiers = tiers;
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#tiers.length === 0;
  }

  start(): void {
    for (const tier of this.#tiers) tier.start();
  }

  /** However many ask for one segment, each tier is asked once. */
  get(
    key: TierKey,
    budgetMs = MISS_BUDGET_MS,
    form: BodyForm = 'memory',
  ): Promise<Stored | undefined> {
    if (this.isEmpty) return Promise.resolve(undefined);
    const { channel, rendition, name } = key;
    const id = JSON.stringify([channel, rendition, name, budgetMs, form]);
    return this.#asked.run(id, () => this.#look(key, budgetMs, form));
  }

  /** Of each whether one of them holds it; undefined where one that may does not say. */
  async holds(keys: readonly TierKey[]): Promise<readonly (boolean | undefined)[]> {
    const answers = await Promise.all(this.#tiers.map((tier) => tier.holds(keys)));
    return keys.map((_, index) => {
      const said = answers.map((answer) => answer?.[index]);
      return said.includes(true) ? true : said.includes(undefined) ? undefined : false;
    });
  }

  /** Whether one of them holds it, said as soon as that is sure. */
  async put(key: TierKey, stored: Stored, untilMs?: number): Promise<boolean> {
    const held = this.#tiers.map((tier) => tier.put(key, stored, untilMs));
    return (await firstOf(held)) ?? false;
  }

  /** Whether none of them holds any of it any more. */
  async delete(keys: readonly TierKey[]): Promise<boolean> {
    const gone = await Promise.all(this.#tiers.map((tier) => tier.delete(keys)));
    return gone.every((isGone) => isGone);
  }

  stats(): readonly TierStats[] {
    return this.#tiers.map((tier) => tier.stats());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#tiers.map((tier) => tier[Symbol.asyncDispose]()));
  }

  /**
   * The next is asked once one has said no, or has used up its share of the time that is left; an
   * answer that comes while there is time is taken from whichever it is.
   */
  async #look(key: TierKey, budgetMs: number, form: BodyForm): Promise<Stored | undefined> {
    const endMs = this.#clock.monotonicMs() + budgetMs;
    const answers: Promise<Stored | undefined>[] = [];
    for (const [index, tier] of this.#tiers.entries()) {
      const leftMs = endMs - this.#clock.monotonicMs();
      answers.push(tier.get(key, leftMs, form));
      const share = leftMs / (this.#tiers.length - index);
      const found = await within(this.#clock, firstOf(answers), share);
      if (found !== undefined) return found;
    }
    return await firstOf(answers);
  }
}

/** The first value that is one, or undefined once all have come. */
async function firstOf<T>(
  promises: readonly Promise<T | undefined | false>[],
): Promise<T | undefined> {
  const first = Promise.withResolvers<T | undefined>();
  const all = promises.map((promise) =>
    promise.then((value) => {
      if (value !== undefined && value !== false) first.resolve(value);
    }),
  );
  void Promise.all(all).then(() => first.resolve(undefined));
  return await first.promise;
}
