// This file makes the tier that a setting describes.
import type { Clock } from '../../base/clock.ts';
import { DiskTier } from './disk.ts';
import type { Tier } from './tier.ts';
import type { TierSpec } from './tier-spec.ts';

/** Throws TierError where the setting is of no use. Only the thread of the tiers loads the drivers. */
export function createTier(spec: TierSpec, clock: Clock): Tier {
  return new DiskTier({ path: spec.path, sizeBytes: spec.sizeBytes, clock });
}
