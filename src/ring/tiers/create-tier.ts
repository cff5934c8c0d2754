// This file makes the tier that a setting describes.
import type { Clock } from '../../base/clock.ts';
import { DiskTier } from './disk.ts';
import type { Tier } from './tier.ts';

/** Plain data: it crosses to the thread where the tier lives. */
export type TierSpec = {
  readonly kind: 'disk';
  readonly path: string;
  readonly sizeBytes: number;
};

export function createTier(spec: TierSpec, clock: Clock): Tier {
  return new DiskTier({ path: spec.path, sizeBytes: spec.sizeBytes, clock });
}

/** As `Tier.place` of what `createTier` makes. */
export function placeOf(spec: TierSpec): string {
  return spec.path;
}
