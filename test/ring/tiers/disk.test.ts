// This file tests a folder as a place for segments.
import { systemClock } from '../../../src/base/clock.ts';
import { DiskTier } from '../../../src/ring/tiers/disk.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { describeTier } from './contract.ts';

describeTier(
  'DiskTier',
  async () => {
    const folder = await createTempFolder();
    return {
      makeTier: (sizeBytes) => new DiskTier({ path: folder.path, sizeBytes, clock: systemClock }),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  },
  { runs: 60, timeoutMs: 30_000 },
);
