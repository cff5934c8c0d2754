// This file is the entry of the thread in which the tiers live.
import { assert, assertNever } from '../../base/assert.ts';
import { systemClock } from '../../base/clock.ts';
import { type ErrorRecord, errorRecord } from '../../base/errors.ts';
import { giveWay } from '../../base/give-way.ts';
import { createTier } from './create-tier.ts';
import { tierErrorOf } from './errors.ts';
import type { Stored, Tier } from './tier.ts';
import type { Found, FromTiers, TierCall, ToTiers } from './tier-messages.ts';
import type { TierSpec } from './tier-spec.ts';

declare const self: Worker;

/** The collector does not see how large a Blob is; this thread serves nobody and may collect often. */
const COLLECT_AFTER_BYTES = 8 * 1024 * 1024;

/** One that could not be made is what it failed with: each call of it fails with that. */
const tiers = new Map<number, Tier | ErrorRecord>();
const running = new Map<number, AbortController>();
let carriedBytes = 0;

// Viewers come before copies, also where there is one core for both
giveWay();

self.onmessage = ({ data }: MessageEvent<ToTiers>) => {
  switch (data.type) {
    case 'make':
      tiers.set(data.tier, made(data.spec));
      break;
    case 'call':
      void answer(data.id, data.tier, data.call);
      break;
    case 'abort':
      running.get(data.id)?.abort();
      break;
    case 'ping':
      post({ type: 'pong' });
      break;
    case 'end':
      void end();
      break;
    default:
      assertNever(data);
  }
};

function made(spec: TierSpec): Tier | ErrorRecord {
  try {
    return createTier(spec, systemClock);
  } catch (error) {
    return errorRecord(error);
  }
}

async function answer(id: number, tier: number, call: TierCall): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const subject = tiers.get(tier);
    assert(subject !== undefined, 'a tier is made before it is called');
    if ('code' in subject) throw tierErrorOf(subject);
    const value = await perform(subject, call, abort.signal);
    const bytes = heldBy(call, value);
    post({ type: 'answer', id, value });
    letGoOf(bytes);
  } catch (error) {
    post({ type: 'failure', id, error: errorRecord(error) });
  } finally {
    running.delete(id);
    if (call.what === 'close') tiers.delete(tier);
  }
}

async function perform(tier: Tier, call: TierCall, signal: AbortSignal): Promise<unknown> {
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
      return await tier[Symbol.asyncDispose]();
    default:
      return assertNever(call);
  }
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

async function end(): Promise<void> {
  const closing = [...tiers.values()].map(async (tier) => {
    if (!('code' in tier)) await tier[Symbol.asyncDispose]();
  });
  await Promise.allSettled(closing);
  tiers.clear();
  post({ type: 'ended' });
}

function post(message: FromTiers): void {
  self.postMessage(message);
}
