// This file stands before a tier, so that nobody waits for it and nothing breaks with it.
import { type Clock, within } from '../../base/clock.ts';
import type { ErrorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { QueueLimits } from './put-queue.ts';
import type { BodyForm, Stored, Tier, TierKey } from './tier.ts';
import { TierHealth } from './tier-health.ts';
import { createTierCounts, type TierStats } from './tier-stats.ts';
import { TierWriter, WRITE_MS } from './tier-writer.ts';

export type GuardedTierOptions = {
  readonly tier: Tier;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How long it holds what is put with no word about that. */
  readonly ageMs: number;
  readonly queue?: QueueLimits;
};

/** By then nobody waits any more, and the driver is to let go of it. */
const READ_MS = 2000;
/** For some dozen of keys at once, of which nobody waits for any. */
const LOOK_MS = 5000;
/** Reads under way at once; a tier that answers in time never has so many. */
const MAX_READS = 64;
/** Not to have answered within less is no failure: another tier has used up the time. */
const FAIR_BUDGET_MS = 20;

type Outcome = { readonly stored: Stored | undefined } | { readonly error: ErrorRecord };

/** Nothing here throws or rejects, whatever the tier does. */
export class GuardedTier implements AsyncDisposable {
  readonly #tier: Tier;
  readonly #clock: Clock;
  readonly #ageMs: number;
  readonly #counts = createTierCounts();
  readonly #health: TierHealth;
  readonly #writer: TierWriter;
  #reads = 0;
  #isClosing = false;

  constructor(options: GuardedTierOptions) {
    const { tier, clock, ageMs } = options;
    this.#tier = tier;
    this.#clock = clock;
    this.#ageMs = ageMs;
    const log = options.log.with({ tier: tier.kind, place: tier.place });
    this.#health = new TierHealth({ ...options, log }, () => this.#writer.opened());
    this.#writer = new TierWriter({ ...options, log }, this.#health, this.#counts);
  }

  /** Opens it, again and again until it is. */
  start(): void {
    this.#health.start();
  }

  /** Undefined where it is not held, or the tier does not say within `budgetMs`. */
  async get(
    key: TierKey,
    budgetMs: number,
    form: BodyForm = 'memory',
  ): Promise<Stored | undefined> {
    const counts = this.#counts;
    const isBusy = this.#reads >= MAX_READS;
    if (this.#health.isDown || this.#isClosing || isBusy || budgetMs <= 0) {
      counts.skipped++;
      return undefined;
    }
    const outcome = await within(this.#clock, this.#read(key, budgetMs, form), budgetMs);
    if (outcome === undefined) {
      counts.late++;
      if (budgetMs >= FAIR_BUDGET_MS) this.#health.failed('read', this.#lateRecord(budgetMs));
    } else if ('error' in outcome) {
      counts.errors++;
      this.#health.failed('read', outcome.error);
    } else {
      this.#health.succeeded('read');
      if (outcome.stored === undefined) counts.misses++;
      else counts.hits++;
      return outcome.stored;
    }
    return undefined;
  }

  /** Which of them it holds, in their order; undefined where it does not say. */
  async holds(keys: readonly TierKey[]): Promise<readonly boolean[] | undefined> {
    if (this.#health.isDown || this.#isClosing) return undefined;
    let held: readonly boolean[] | undefined;
    const error = await this.#health.attempt(LOOK_MS, async (signal) => {
      held = await this.#tier.holds(keys, signal);
    });
    if (error === undefined) this.#health.succeeded('read');
    else {
      this.#counts.errors++;
      this.#health.failed('read', error);
    }
    return held;
  }

  /**
   * Queues it, to be held for the age of the tier, and at least until `untilMs`. Resolves to whether
   * it is held, as far as the tier has said so: false once nothing more is done for it.
   */
  put(key: TierKey, stored: Stored, untilMs = 0): Promise<boolean> {
    if (this.#isClosing) return Promise.resolve(false);
    const expiresAtMs = Math.max(untilMs, this.#clock.nowMs() + this.#ageMs);
    return new Promise((settle) => {
      const sizeBytes = stored.body.size;
      this.#writer.push({ key, stored, sizeBytes, expiresAtMs, tries: 0, settle });
    });
  }

  /** Whether they are gone; where not, they go when their time is over. */
  async delete(keys: readonly TierKey[]): Promise<boolean> {
    if (this.#health.isDown || this.#isClosing) return false;
    const error = await this.#health.attempt(WRITE_MS, (signal) => this.#tier.delete(keys, signal));
    if (error === undefined) this.#health.succeeded('write');
    else this.#writer.failed(error);
    return error === undefined;
  }

  stats(): TierStats {
    const { kind, place } = this.#tier;
    const state = this.#health.isDown ? 'down' : this.#writer.isFull ? 'full' : 'up';
    const { trips } = this.#health;
    const trouble = state === 'down' ? this.#health.trouble : this.#writer.trouble;
    return { kind, place, state, trouble, trips, ...this.#counts, ...this.#writer.stats() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    await this.#writer[Symbol.asyncDispose]();
    this.#health[Symbol.dispose]();
    await this.#tier[Symbol.asyncDispose]();
  }

  /** Goes on after its caller, so that reads which hang are counted. */
  async #read(key: TierKey, budgetMs: number, form: BodyForm): Promise<Outcome> {
    let stored: Stored | undefined;
    this.#reads++;
    const error = await this.#health.attempt(Math.max(READ_MS, budgetMs), async (signal) => {
      stored = await this.#tier.get(key, signal, form);
    });
    this.#reads--;
    return error === undefined ? { stored } : { error };
  }

  #lateRecord(budgetMs: number): ErrorRecord {
    const { place } = this.#tier;
    const message = `Cannot wait for ${place}: no answer, wanted one within ${budgetMs} ms`;
    return { code: 'TIER_ABORTED', message, detail: { place, budgetMs } };
  }
}
