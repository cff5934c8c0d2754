// This file keeps the thread in which the tiers live running.
import { AskedThread } from '../../base/asked-thread.ts';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { TierError } from './errors.ts';
import type { FolderMarks } from './folder-mark.ts';
import { RemoteTier } from './remote-tier.ts';
import type { Tier } from './tier.ts';
import type { TierAnswers, TierCall } from './tier-messages.ts';
import type { TierSpec } from './tier-spec.ts';

export type TierThreadOptions = {
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
};

/** Whoever guards a tier tries it again and again, and by himself ever more seldom. */
const REBIRTH_MS = 1000;

/**
 * Drivers parse megabytes and sum them up, which the serving thread has no time for. All tiers share
 * one thread: what is slow about them is waiting. Should it die, every call fails with
 * TIER_UNREACHABLE, another is started, and the tiers in it want to be opened again.
 */
export class TierThread implements AsyncDisposable {
  readonly #thread: AskedThread<undefined, TierCall, TierAnswers>;
  #nextTier = 1;
  #isClosed = false;

  constructor(options: TierThreadOptions) {
    this.#thread = new AskedThread({
      ...options,
      name: 'the tiers',
      settings: undefined,
      gone,
      isQuick: true,
      rebirthMs: REBIRTH_MS,
    });
  }

  /** A tier that lives there; the thread is started for the first call. `marks`: of folders. */
  tier(spec: TierSpec, marks?: FolderMarks): Tier {
    assert(!this.#isClosed, 'no tier is made in a thread that was closed');
    return new RemoteTier(this.#nextTier++, spec, this.#thread, marks);
  }

  stats(): { readonly waiting: number; readonly deaths: number } {
    return this.#thread.stats();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#thread[Symbol.asyncDispose]();
  }
}

function gone(reason: string, { place }: TierCall): TierError {
  const message = `Cannot reach ${place}: its thread is gone (${reason})`;
  return new TierError('TIER_UNREACHABLE', message, { place });
}
