// This file opens a tier, again and again, whenever it has gone down.
import { type Backoff, backoffDelayMs } from '../../base/backoff.ts';
import { type Clock, Patience, sleep } from '../../base/clock.ts';
import { type ErrorRecord, errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { Breaker, type Side } from './breaker.ts';
import { unlessAborted } from './errors.ts';
import type { Tier } from './tier.ts';

export type TierHealthOptions = {
  readonly tier: Tier;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

/** Together below 10 s: so soon it is in use again after it has come back. */
const HEAL: Backoff = { baseMs: 250, maxMs: 4000 };
const OPEN_MS = 5000;

export class TierHealth implements Disposable {
  readonly #options: TierHealthOptions;
  readonly #onOpen: () => void;
  readonly #breaker = new Breaker();
  readonly #ending = new AbortController();
  /** Since it was last seen to work. */
  #attempt = 0;
  #hasSaidDown = false;
  #trouble: ErrorRecord | undefined;

  constructor(options: TierHealthOptions, onOpen: () => void) {
    this.#options = options;
    this.#onOpen = onOpen;
  }

  get isDown(): boolean {
    return this.#breaker.isDown;
  }

  get isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  get trips(): number {
    return this.#breaker.trips;
  }

  /** What it was last seen to fail with. */
  get trouble(): ErrorRecord | undefined {
    return this.#trouble;
  }

  start(): void {
    void this.#heal();
  }

  /** What `work` failed with; it is given up after `withinMs`, even where it does not heed that. */
  async attempt(
    withinMs: number,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<ErrorRecord | undefined> {
    const { clock, tier } = this.#options;
    using patience = new Patience(clock, withinMs, this.#ending.signal);
    try {
      await unlessAborted(work(patience.signal), patience.signal, tier.place);
      return undefined;
    } catch (error) {
      return errorRecord(error);
    }
  }

  succeeded(side: Side): void {
    if (!this.#breaker.succeeded(side)) return;
    this.#attempt = 0;
    this.#hasSaidDown = false;
    this.#options.log.info('tier is up');
  }

  failed(side: Side, error: ErrorRecord): void {
    if (this.isOver) return;
    // It has forgotten that it was opened: it lives in another thread now
    const isClosed = error.code === 'TIER_CLOSED';
    const isDownNow = isClosed ? this.#breaker.trip(side) : this.#breaker.failed(side);
    if (!isDownNow) return;
    this.#sayDown(error);
    void this.#wait().then(() => this.#heal());
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  /** Runs once at a time: it begins with the start, or when the breaker goes down. */
  async #heal(): Promise<void> {
    while (!this.isOver) {
      const error = await this.attempt(OPEN_MS, (signal) => this.#options.tier.open(signal));
      if (error === undefined) break;
      this.#sayDown(error);
      await this.#wait();
    }
    if (this.isOver) return;
    this.#breaker.opened();
    this.#onOpen();
  }

  async #wait(): Promise<void> {
    const { clock, random } = this.#options;
    await sleep(clock, backoffDelayMs(HEAL, this.#attempt++, random), this.#ending.signal);
  }

  /** Once until it is seen to work again. */
  #sayDown(error: ErrorRecord): void {
    this.#trouble = error;
    if (this.#hasSaidDown || this.isOver) return;
    this.#hasSaidDown = true;
    this.#options.log.warn('tier is down; it is tried until it is back', errorFields(error));
  }
}
