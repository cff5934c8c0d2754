// This file tests that every kind of tier comes to life in its thread.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { type Log, silentLog } from '../../../src/base/log.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { GuardedTier } from '../../../src/ring/tiers/guarded-tier.ts';
import { MISS_BUDGET_MS } from '../../../src/ring/tiers/tier-chain.ts';
import type { TierSpec } from '../../../src/ring/tiers/tier-spec.ts';
import { placeOf } from '../../../src/ring/tiers/tier-spec.ts';
import { TierThread } from '../../../src/ring/tiers/tier-thread.ts';
import { TIER_WORKER } from '../../../src/threads.ts';
import { type Fault, FaultProxy } from '../../support/fault-proxy.ts';
import { freePort } from '../../support/free-port.ts';
import { hasProgram } from '../../support/programs.ts';
import { startRedis } from '../../support/redis-server.ts';
import { codeOf } from './contract.ts';
import { bodyOf, HOUR_MS, key, NEVER, read, stored } from './stored-segment.ts';

const TEST_MS = 60_000;
/** A busy machine; the picture waits 50 ms. */
const BUDGET_MS = 5000;

let thread: TierThread;
let said: string[];

const log: Log = {
  ...silentLog,
  info: (message) => said.push(message),
  warn: (message, fields) => said.push(`${message}: ${fields?.['code']}`),
  with: () => log,
};

beforeEach(() => {
  said = [];
  thread = new TierThread({ entry: TIER_WORKER, clock: systemClock, log });
});

afterEach(async () => await thread[Symbol.asyncDispose]());

describe('createTier()', () => {
  const closed = `127.0.0.1:${freePort()}`;
  const rows: [string, TierSpec, string, string][] = [
    [
      'a Redis',
      { kind: 'redis', url: `redis://u:c4n4ry@${closed}/2` },
      `redis at ${closed}, database 2`,
      'TIER_UNREACHABLE',
    ],
    [
      'a Postgres',
      { kind: 'postgres', url: `postgres://u:c4n4ry@${closed}/weir` },
      `postgres at ${closed}, database weir`,
      'TIER_UNREACHABLE',
    ],
    [
      'a MySQL',
      { kind: 'mysql', url: `mysql://u:c4n4ry@${closed}/weir`, sizeBytes: 1e9 },
      `mysql at ${closed}, database weir`,
      'TIER_UNREACHABLE',
    ],
    [
      'a URL that is none',
      { kind: 'redis', url: 'redis://c4n4ry@@:x/-1' },
      'redis',
      'TIER_REFUSED',
    ],
  ];
  for (const [title, spec, place, code] of rows) {
    test(
      `${title} is named without what is secret, and says why it does not open`,
      async () => {
        expect(placeOf(spec)).toBe(place);
        const tier = thread.tier(spec);
        expect({ kind: tier.kind, place: tier.place }).toEqual({ kind: spec.kind, place });
        const opened = tier.open(NEVER);
        await expect(opened).rejects.not.toThrow('c4n4ry');
        expect(await codeOf(opened)).toBe(code);
        expect(thread.stats().deaths).toBe(0);
        await tier[Symbol.asyncDispose]();
      },
      TEST_MS,
    );
  }
});

describe.skipIf(!hasProgram('redis-server'))('a guarded Redis in its thread', () => {
  test(
    'is joined when it comes, left when it goes, and joined again',
    async () => {
      await using server = await startRedis();
      await server.process.kill();
      await using guarded = new GuardedTier({
        tier: thread.tier({ kind: 'redis', url: `redis://127.0.0.1:${server.port}` }),
        clock: systemClock,
        random: systemRandom,
        log,
        ageMs: HOUR_MS,
      });
      guarded.start();
      const isHeld = guarded.put(key('a'), stored(bodyOf('a', 300_000)));
      expect(await guarded.get(key('a'), BUDGET_MS)).toBeUndefined();
      await until(() => said.length > 0);

      for (let life = 0; life < 2; life++) {
        await server.process.start();
        await until(() => guarded.stats().state === 'up');
        if (life === 0) expect(await isHeld).toBe(true);
        await guarded.put(key('b'), stored(bodyOf('b', 300_000)));
        const got = await guarded.get(key('b'), BUDGET_MS);
        expect(await read(got)).toEqual(bodyOf('b', 300_000));
        await server.process.kill();
        while (guarded.stats().state === 'up') await guarded.get(key('b'), BUDGET_MS);
      }
      expect(said).toEqual([
        'tier is down; it is tried until it is back: TIER_UNREACHABLE',
        'tier is up',
        'tier is down; it is tried until it is back: TIER_UNREACHABLE',
        'tier is up',
        'tier is down; it is tried until it is back: TIER_UNREACHABLE',
      ]);
    },
    TEST_MS,
  );

  const faults: readonly Fault[] = [
    { kind: 'delay', delayMs: 1000 },
    { kind: 'stall' },
    { kind: 'reset' },
    { kind: 'refuse' },
    { kind: 'half-open' },
  ];
  for (const fault of faults) {
    test(
      `is left alone, and nobody waits for it: ${fault.kind}`,
      async () => {
        await using server = await startRedis();
        await using proxy = await FaultProxy.listen(server.port);
        await using guarded = new GuardedTier({
          tier: thread.tier({ kind: 'redis', url: `redis://127.0.0.1:${proxy.port}` }),
          clock: systemClock,
          random: systemRandom,
          log,
          ageMs: HOUR_MS,
        });
        guarded.start();
        expect(await guarded.put(key('a'), stored(bodyOf('a', 200_000)))).toBe(true);
        await proxy.set(fault);
        // What is refused leaves open what is open: the server goes as well
        if (fault.kind === 'refuse') await server.process.kill();
        while (guarded.stats().state === 'up') await guarded.get(key('a'), MISS_BUDGET_MS);
        const { skipped } = guarded.stats();
        for (let count = 0; count < 100; count++) await guarded.get(key('a'), MISS_BUDGET_MS);
        expect(guarded.stats().skipped).toBeGreaterThan(skipped);
        if (fault.kind === 'refuse') await server.process.start();
        await proxy.set({ kind: 'pass' });
        await until(() => guarded.stats().state === 'up');
        await guarded.put(key('b'), stored(bodyOf('b', 200_000)));
        await untilHeld(guarded);
        expect(thread.stats().deaths).toBe(0);
      },
      TEST_MS,
    );
  }
});

/** A machine that is busy may be late for a read or two. */
async function untilHeld(guarded: GuardedTier): Promise<void> {
  for (;;) {
    const got = await guarded.get(key('b'), BUDGET_MS);
    if (got !== undefined) {
      expect(await read(got)).toEqual(bodyOf('b', 200_000));
      return;
    }
    await guarded.put(key('b'), stored(bodyOf('b', 200_000)));
    await Bun.sleep(20);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(20);
}
