// This file is an overflow over tiers that fail and dawdle as they are told.
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { GuardedTier } from '../../src/ring/tiers/guarded-tier.ts';
import { Overflow } from '../../src/ring/tiers/overflow.ts';
import { TierChain } from '../../src/ring/tiers/tier-chain.ts';
import { ScriptedTier } from '../ring/tiers/scripted-tier.ts';
import { type FakeClock, settle } from './fake-clock.ts';

export const AGE_MS = 3_600_000;

export type ScriptedOverflow = {
  readonly overflow: Overflow;
  /** A folder of this weir alone. */
  readonly own: ScriptedTier;
  /** A database that others use too; given, where two weirs share it. */
  readonly shared: ScriptedTier;
};

/** `isShared`: whether there is the database beside the folder. */
export async function scriptedOverflow(
  clock: FakeClock,
  isShared = true,
  shared = new ScriptedTier(clock),
): Promise<ScriptedOverflow> {
  const scripted = openScripted(clock, isShared, shared);
  await settle();
  return scripted;
}

/** Its tiers are up a moment later. */
export function openScripted(
  clock: FakeClock,
  isShared = true,
  shared = new ScriptedTier(clock),
): ScriptedOverflow {
  const own = new ScriptedTier(clock);
  const guard = (tier: ScriptedTier) =>
    new GuardedTier({ tier, clock, random: seededRandom(1), log: silentLog, ageMs: AGE_MS });
  const folder = guard(own);
  const databases = isShared ? [guard(shared)] : [];
  const overflow = new Overflow({
    all: new TierChain([folder, ...databases], clock),
    shared: new TierChain(databases, clock),
    clock,
    ageMs: AGE_MS,
  });
  overflow.start();
  return { overflow, own, shared };
}
