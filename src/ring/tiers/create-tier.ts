// This file makes the tier that a setting describes.
import { assertNever } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { DiskTier } from './disk.ts';
import { mysqlTier } from './mysql.ts';
import { postgresTier } from './postgres.ts';
import { RedisTier } from './redis.ts';
import type { Tier } from './tier.ts';
import type { TierSpec } from './tier-spec.ts';

/** Throws TierError where the setting is of no use. Only the thread of the tiers loads the drivers. */
export function createTier(spec: TierSpec, clock: Clock): Tier {
  if (spec.kind === 'disk') {
    const { path, sizeBytes, markName } = spec;
    return new DiskTier({ path, sizeBytes, clock, markName });
  }
  const { kind, url, sizeBytes } = spec;
  switch (kind) {
    case 'redis':
      return new RedisTier({ url, sizeBytes, clock, random: systemRandom });
    case 'postgres':
      return postgresTier({ url, sizeBytes, clock });
    case 'mysql':
      return mysqlTier({ url, sizeBytes, clock });
    default:
      return assertNever(kind);
  }
}
