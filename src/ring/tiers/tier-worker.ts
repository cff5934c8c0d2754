// This file is the entry of the thread in which the tiers live.
import { answerCalls } from '../../base/answer-calls.ts';
import { assertNever } from '../../base/assert.ts';
import { systemClock } from '../../base/clock.ts';
import { giveWay } from '../../base/give-way.ts';
import { createTier } from './create-tier.ts';
import { TierError } from './errors.ts';
import type { Stored, Tier } from './tier.ts';
import type { Found, TierCall } from './tier-messages.ts';

/** The collector does not see how large a Blob is; this thread serves nobody and may collect often. */
const COLLECT_AFTER_BYTES = 8 * 1024 * 1024;

const tiers = new Map<number, Tier>();
let carriedBytes = 0;

// Viewers come before copies, also where there is one core for both
giveWay();

answerCalls<undefined, TierCall>(() => ({
  async call(call, signal) {
    const value = await perform(call, signal);
    const bytes = heldBy(call, value);
    // Once the answer is on its way
    setImmediate(() => letGoOf(bytes));
    return value;
  },
  async [Symbol.asyncDispose]() {
    await Promise.allSettled([...tiers.values()].map((tier) => tier[Symbol.asyncDispose]()));
  },
}));

async function perform(call: TierCall, signal: AbortSignal): Promise<unknown> {
  const tier = tierFor(call);
  switch (call.what) {
    case 'open':
      await tier.open(signal, call.mustBeThere);
      return tier.isMarked ?? false;
    case 'get':
      return found(await tier.get(call.key, signal, call.form));
    case 'holds':
      return await tier.holds(call.keys, signal);
    case 'put':
      return await tier.put(call.key, call.stored, call.expiresAtMs, signal);
    case 'delete':
      return await tier.delete(call.keys, signal);
    case 'sweep':
      return await tier.sweep(call.nowMs, signal);
    case 'use':
      return await tier.use(signal);
    case 'close':
      tiers.delete(call.tier);
      return await tier[Symbol.asyncDispose]();
    default:
      return assertNever(call);
  }
}

/** Made when it is opened for the first time in this thread: throws where its setting is of no use. */
function tierFor(call: TierCall): Tier {
  const known = tiers.get(call.tier);
  if (known !== undefined) return known;
  const { place } = call;
  if (call.what !== 'open') {
    throw new TierError('TIER_CLOSED', `Cannot use ${place}: it is not open`, { place });
  }
  const tier = createTier(call.spec, systemClock);
  tiers.set(call.tier, tier);
  return tier;
}

function found(stored: Stored | undefined): Found | undefined {
  return stored && { ...stored, sizeBytes: stored.body.size };
}

/** To be asked before the answer: a body that lies in a file may be gone with it. */
function heldBy(call: TierCall, value: unknown): number {
  if (call.what === 'put') return call.stored.body.size;
  const isRead = call.what === 'get' && call.form === 'memory' && value !== undefined;
  return isRead ? (value as Found).sizeBytes : 0;
}

function letGoOf(bytes: number): void {
  carriedBytes += bytes;
  if (carriedBytes < COLLECT_AFTER_BYTES) return;
  carriedBytes = 0;
  Bun.gc(true);
}
