// This file tests tiers that live in a thread of their own.
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { TierThread } from '../../../src/ring/tiers/tier-thread.ts';
import { TIER_WORKER } from '../../../src/threads.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { describeTier } from './contract.ts';

describeTier(
  'DiskTier in its thread',
  async () => {
    const folder = await createTempFolder();
    const thread = new TierThread({ entry: TIER_WORKER, clock: systemClock, log: silentLog });
    return {
      makeTier: (sizeBytes) => thread.tier({ kind: 'disk', path: folder.path, sizeBytes }),
      [Symbol.asyncDispose]: async () => {
        await thread[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  },
  { runs: 30, timeoutMs: 30_000 },
);
