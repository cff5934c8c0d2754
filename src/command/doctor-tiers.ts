// This file opens every place of `overflow`, writes into it and reads that again.
import { Patience, systemClock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import type { OverflowTier } from '../config/resolve-overflow.ts';
import { createTier } from '../ring/tiers/create-tier.ts';
import type { Tier } from '../ring/tiers/tier.ts';
import { placeOf } from '../ring/tiers/tier-spec.ts';
import { absentFolder } from './doctor-places.ts';
import type { Finding } from './finding.ts';

/** A database that makes its tables for the first time takes a second or two. */
const WAIT_MS = 10_000;
/** As long as it may be left where it cannot be taken away again. */
const HELD_MS = 60_000;
const BYTES = 64 * 1024;

export async function checkTiers({ overflow, dataDir }: Config): Promise<Finding[]> {
  const check = (tier: OverflowTier) =>
    (tier.kind === 'disk' ? absentFolder(dataDir, 'tiers', tier.path) : undefined) ??
    checkTier(tier);
  if (overflow.length > 0) return await Promise.all(overflow.map(check));
  const found = 'not configured: segments are held in memory alone';
  return [{ state: 'ok', what: 'overflow', found }];
}

async function checkTier(setting: OverflowTier): Promise<Finding> {
  const what = setting.kind;
  const place = placeOf(setting);
  try {
    await using tier = createTier(setting, systemClock);
    const tookMs = await roundTrip(tier);
    const held = `segments are held for ${formatDuration(setting.ageMs)}`;
    const found = `${place} took ${BYTES / 1024} KiB and gave it back in ${tookMs} ms; ${held}`;
    return { state: 'ok', what, found };
  } catch (error) {
    const { code, message } = errorRecord(error);
    const advice = 'weir plays without it, and uses it once it works';
    return { state: 'warn', what, found: `${message} (${code})`, advice };
  }
}

async function roundTrip(tier: Tier): Promise<number> {
  using patience = new Patience(systemClock, WAIT_MS, new AbortController().signal);
  const { signal } = patience;
  await tier.open(signal);
  const key = { channel: 'weir-doctor', rendition: 'doctor', name: crypto.randomUUID() };
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  const startedMs = systemClock.monotonicMs();
  const stored = { body: new Blob([bytes]), contentType: 'application/octet-stream' };
  await tier.put(key, stored, systemClock.nowMs() + HELD_MS, signal);
  const found = await tier.get(key, signal);
  const tookMs = Math.round(systemClock.monotonicMs() - startedMs);
  await tier.delete([key], signal);
  const isSame = found !== undefined && Buffer.compare(await found.body.bytes(), bytes) === 0;
  if (!isSame) throw new Error(`Cannot use ${tier.place}: it gives back other than was put`);
  return tookMs;
}
