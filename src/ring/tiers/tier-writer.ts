// This file puts queued segments into a tier and keeps it swept.
import { type Clock, type Timer, within } from '../../base/clock.ts';
import { type ErrorRecord, errorFields } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { PutQueue, type QueueLimits, type WaitingPut } from './put-queue.ts';
import type { Tier } from './tier.ts';
import type { TierHealth } from './tier-health.ts';
import type { TierCounts } from './tier-stats.ts';

export type TierWriterOptions = {
  readonly tier: Tier;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly queue?: QueueLimits;
};

export const WRITE_MS = 10_000;
const SWEEP_MS = 60_000;
const SWEEP_EVERY_MS = 30_000;
/** So long nothing more is tried to be put after it had no room. */
const PAUSE_MS = 5000;
/** What is queued when weir stops has this long to be put. */
const FLUSH_MS = 2000;
const PUTS_AT_ONCE = 2;
/** A segment that fails so often is dropped: it may be its own fault. */
const MAX_TRIES = 3;
/** Some twenty segments: as many as come in a minute of a few channels, and little memory. */
const QUEUE: QueueLimits = { maxCount: 256, maxBytes: 32 * 1024 * 1024 };

/** It can be read, and will have nothing more; that is no reason not to read. */
const TAKES_NOTHING: ReadonlySet<string> = new Set(['TIER_FULL', 'TIER_READ_ONLY', 'TIER_REFUSED']);

export class TierWriter implements AsyncDisposable {
  readonly #options: TierWriterOptions;
  readonly #health: TierHealth;
  readonly #counts: TierCounts;
  readonly #queue: PutQueue;
  #writes = 0;
  #isPaused = false;
  #hasSaidFull = false;
  #trouble: ErrorRecord | undefined;
  #isSweeping = false;
  #isClosing = false;
  #sweepTimer: Timer | undefined;
  #pauseTimer: Timer | undefined;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(options: TierWriterOptions, health: TierHealth, counts: TierCounts) {
    this.#options = options;
    this.#health = health;
    this.#counts = counts;
    this.#queue = new PutQueue(options.queue ?? QUEUE);
  }

  /** From when it would have nothing until it is seen to take something again. */
  get isFull(): boolean {
    return this.#hasSaidFull;
  }

  get trouble(): ErrorRecord | undefined {
    return this.isFull ? this.#trouble : undefined;
  }

  stats(): ReturnType<PutQueue['stats']> {
    return this.#queue.stats();
  }

  push(put: WaitingPut): void {
    this.#queue.push(put);
    this.#pump();
  }

  /** The tier is open, for the first time or again. */
  opened(): void {
    if (this.#isClosing) return;
    this.#goOn();
    this.#sweepNowAndThen();
  }

  failed(error: ErrorRecord): void {
    this.#counts.errors++;
    if (error.code === 'TIER_TOO_LARGE') return;
    if (TAKES_NOTHING.has(error.code)) this.#pause(error);
    else this.#health.failed('write', error);
  }

  /** Puts what is queued, where that is quickly done. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#sweepTimer?.[Symbol.dispose]();
    this.#pauseTimer?.[Symbol.dispose]();
    if (this.#canWrite() && this.#isBusy()) {
      this.#drained = Promise.withResolvers();
      await within(this.#options.clock, this.#drained.promise, FLUSH_MS);
    }
    this.#queue.dropAll();
  }

  #canWrite(): boolean {
    return !this.#health.isDown && !this.#isPaused && !this.#health.isOver;
  }

  #isBusy(): boolean {
    return this.#writes > 0 || this.#queue.stats().queued > 0;
  }

  #pump(): void {
    while (this.#canWrite() && this.#writes < PUTS_AT_ONCE) {
      const put = this.#queue.take(this.#options.clock.nowMs());
      if (put === undefined) break;
      void this.#write(put);
    }
    if (!this.#isBusy() || !this.#canWrite()) this.#drained?.resolve();
  }

  async #write(put: WaitingPut): Promise<void> {
    const { key, stored, expiresAtMs } = put;
    this.#writes++;
    const error = await this.#health.attempt(WRITE_MS, (signal) =>
      this.#options.tier.put(key, stored, expiresAtMs, signal),
    );
    this.#writes--;
    if (error === undefined) {
      this.#counts.puts++;
      this.#health.succeeded('write');
      this.#sayTaken();
      put.settle(true);
    } else {
      this.failed(error);
      this.#keepOrDrop(put, error);
    }
    this.#pump();
  }

  #keepOrDrop(put: WaitingPut, { code }: ErrorRecord): void {
    if (!TAKES_NOTHING.has(code)) put.tries++;
    const isLost = code === 'TIER_TOO_LARGE' || put.tries >= MAX_TRIES || this.#health.isOver;
    if (isLost) this.#queue.drop(put);
    else this.#queue.giveBack(put);
  }

  /** Nothing is put for a while, unless a sweep makes room. */
  #pause(error: ErrorRecord): void {
    if (this.#isPaused || this.#isClosing) return;
    this.#isPaused = true;
    this.#trouble = error;
    this.#sayFull(error);
    this.#pauseTimer = this.#options.clock.after(PAUSE_MS, () => this.#goOn());
    void this.#sweep().then((hasMadeRoom) => {
      if (hasMadeRoom && this.#isPaused) this.#goOn();
    });
  }

  /** Once until something is put again. */
  #sayFull(error: ErrorRecord): void {
    if (this.#hasSaidFull) return;
    this.#hasSaidFull = true;
    this.#options.log.warn('tier takes nothing; it is tried until it does', errorFields(error));
  }

  #sayTaken(): void {
    if (!this.#hasSaidFull) return;
    this.#hasSaidFull = false;
    this.#options.log.info('tier takes segments again');
  }

  #goOn(): void {
    this.#pauseTimer?.[Symbol.dispose]();
    this.#isPaused = false;
    this.#pump();
  }

  #sweepNowAndThen(): void {
    this.#sweepTimer?.[Symbol.dispose]();
    void this.#sweep();
    const { clock, random } = this.#options;
    // Two weirs that were started together need not sweep together
    const delayMs = SWEEP_EVERY_MS * (0.5 + random() / 2);
    this.#sweepTimer = clock.after(delayMs, () => this.#sweepNowAndThen());
  }

  /** Whether it took something away. */
  async #sweep(): Promise<boolean> {
    if (this.#isSweeping || this.#health.isDown || this.#isClosing) return false;
    this.#isSweeping = true;
    const counts = this.#counts;
    let taken = 0;
    const error = await this.#health.attempt(SWEEP_MS, async (signal) => {
      const { tier, clock } = this.#options;
      const swept = await tier.sweep(clock.nowMs(), signal);
      counts.expired += swept.expired;
      counts.evicted += swept.evicted;
      taken = swept.expired + swept.evicted;
      Object.assign(counts, await tier.use(signal));
    });
    this.#isSweeping = false;
    if (error === undefined) this.#health.succeeded('write');
    else this.failed(error);
    return taken > 0;
  }
}
