// This file tests tiers that live in a thread of their own.
import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { TierThread } from '../../../src/ring/tiers/tier-thread.ts';
import { TIER_WORKER } from '../../../src/threads.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { describeTier } from './contract.ts';
import { bodyOf, FAR_MS, key, MIB, NEVER, read, stored } from './stored-segment.ts';

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

test('bodies of any size come back whole', async () => {
  await using folder = await createTempFolder();
  await using thread = new TierThread({ entry: TIER_WORKER, clock: systemClock, log: silentLog });
  const tier = thread.tier({ kind: 'disk', path: folder.path, sizeBytes: 64 * MIB });
  await tier.open(NEVER);
  for (const [name, sizeBytes] of [
    ['large', 500_000],
    ['small', 1000],
  ] as const) {
    await tier.put(key(name), stored(bodyOf(name, sizeBytes)), FAR_MS, NEVER);
    for (const form of ['memory', 'pieces'] as const) {
      const got = await tier.get(key(name), NEVER, form);
      expect(await read(got)).toEqual(bodyOf(name, sizeBytes));
      expect(got?.body.size).toBe(sizeBytes);
      expect(got?.contentType).toBe('video/mp2t');
    }
    const cut = await tier.get(key(name), NEVER, 'pieces');
    expect(await cut?.body.slice(100, 300).bytes()).toEqual(
      bodyOf(name, sizeBytes).slice(100, 300),
    );
  }
});

/** proc(5): field 19 of a thread's stat, counted from 1; the name before it may hold spaces. */
function nicenesses(): number[] {
  const stat = (thread: string) => readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
  return readdirSync('/proc/self/task').map((thread) =>
    Number(stat(thread).split(') ').at(-1)?.split(' ')[16]),
  );
}

test.skipIf(process.platform !== 'linux')(
  'gives way to the thread that serves, which stays as it was',
  async () => {
    const before = getPriority(0);
    await using folder = await createTempFolder();
    await using thread = new TierThread({ entry: TIER_WORKER, clock: systemClock, log: silentLog });
    const tier = thread.tier({ kind: 'disk', path: folder.path, sizeBytes: 64 * MIB });
    await tier.open(NEVER);
    expect(nicenesses()).toContain(Math.min(19, before + 5));
    expect(getPriority(process.pid)).toBe(before);
    expect(getPriority(0)).toBe(before);
  },
);
