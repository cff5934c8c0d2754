// This file has the shared store take the line-ups that wait for it, as soon as it does.
import { type Backoff, backoffDelayMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { KeepAnswer } from './line-up-messages.ts';

export type WaitingKeeperParts = {
  readonly isStoreUp: () => boolean;
  /** Names of those that wait. */
  readonly waiting: () => readonly string[];
  /** Rejects where nobody could be asked. */
  readonly keep: () => Promise<KeepAnswer>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** A look at what is in memory; the store joins within ten seconds by itself. */
const LOOK_MS = 500;
/** Of one that answers, and takes no writes. */
const RETRY: Backoff = { baseMs: 1000, maxMs: 60_000 };

export class WaitingKeeper {
  readonly #parts: WaitingKeeperParts;
  #isRunning = false;
  #attempt = 0;

  constructor(parts: WaitingKeeperParts) {
    this.#parts = parts;
  }

  /** Until nothing waits any more; one run at a time. Never rejects. */
  async run(): Promise<void> {
    const { waiting, log, signal } = this.#parts;
    const lineUps = waiting();
    if (this.#isRunning || lineUps.length === 0) return;
    this.#isRunning = true;
    this.#attempt = 0;
    log.warn('line-ups are served, and wait for the shared store to keep their ids', { lineUps });
    while (!signal.aborted && waiting().length > 0) await this.#step();
    this.#isRunning = false;
    if (!signal.aborted) log.info('line-ups are kept in the shared store', { lineUps });
  }

  async #step(): Promise<void> {
    const { isStoreUp, clock, random, signal } = this.#parts;
    const delayMs = isStoreUp() ? backoffDelayMs(RETRY, this.#attempt++, random) : LOOK_MS;
    await sleep(clock, delayMs, signal);
    if (!signal.aborted && isStoreUp()) await this.#try();
  }

  async #try(): Promise<void> {
    const { keep, log } = this.#parts;
    try {
      const { reason } = await keep();
      if (reason !== undefined) log.warn('shared store takes no line-ups yet', { reason });
    } catch (error) {
      log.warn('shared store takes no line-ups yet', errorFields(errorRecord(error)));
    }
  }
}
