// This file tests how segments go to several tiers and are looked for in their order.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { GuardedTier } from '../../../src/ring/tiers/guarded-tier.ts';
import { MISS_BUDGET_MS, TierChain } from '../../../src/ring/tiers/tier-chain.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { ScriptedTier } from './scripted-tier.ts';
import { bodyOf, HOUR_MS, key, stored } from './stored-segment.ts';

let clock: FakeClock;
let first: ScriptedTier;
let second: ScriptedTier;
let chain: TierChain;

function chainOf(tiers: readonly ScriptedTier[]): TierChain {
  const random = seededRandom(1);
  const guarded = tiers.map(
    (tier) => new GuardedTier({ tier, clock, random, log: silentLog, ageMs: HOUR_MS }),
  );
  return new TierChain(guarded, clock);
}

beforeEach(async () => {
  clock = new FakeClock();
  first = new ScriptedTier(clock);
  second = new ScriptedTier(clock);
  chain = chainOf([first, second]);
  chain.start();
  await settle();
});

afterEach(async () => {
  const closed = chain[Symbol.asyncDispose]();
  await clock.advance(20_000);
  await closed;
  expect(clock.pendingCount).toBe(0);
});

function hold(tier: ScriptedTier, name: string, seed: string): void {
  tier.held.set(key(name).name, stored(bodyOf(seed, 10)));
}

/** Whose body get() brings, and after how long. */
async function timed(name: string): Promise<{ from: string; afterMs: number }> {
  const startMs = clock.monotonicMs();
  let done: { from: string; afterMs: number } | undefined;
  void chain.get(key(name)).then(async (got) => {
    const afterMs = clock.monotonicMs() - startMs;
    const body = await got?.body.bytes();
    const from = ['first', 'second'].find(
      (seed) => body !== undefined && Buffer.compare(body, bodyOf(seed, 10)) === 0,
    );
    done = { from: from ?? 'none', afterMs };
  });
  await clock.runUntil(() => done !== undefined, 60_000);
  return done!;
}

describe('TierChain looks', () => {
  test('in order: the second is not asked for what the first holds', async () => {
    hold(first, 'a', 'first');
    hold(second, 'a', 'second');
    expect(await timed('a')).toEqual({ from: 'first', afterMs: 0 });
    expect(second.count('get')).toBe(0);
  });

  test('in the second where the first says no, fails or is down', async () => {
    hold(second, 'a', 'second');
    for (const failure of [undefined, 'TIER_BROKEN', 'TIER_CLOSED', 'TIER_BROKEN'] as const) {
      first.failure = failure;
      expect(await timed('a')).toEqual({ from: 'second', afterMs: 0 });
    }
  });

  test('in the second once the first has used up its share', async () => {
    hold(first, 'a', 'first');
    hold(second, 'a', 'second');
    first.delayMs = 1000;
    expect(await timed('a')).toEqual({ from: 'second', afterMs: MISS_BUDGET_MS / 2 });
  });

  test('and takes the answer that comes first, while there is time', async () => {
    hold(first, 'a', 'first');
    hold(second, 'a', 'second');
    first.delayMs = 30;
    second.delayMs = 20;
    expect(await timed('a')).toEqual({ from: 'first', afterMs: 30 });
  });

  test('for 50 ms in all, however many are slow', async () => {
    const tiers = Array.from({ length: 8 }, () => new ScriptedTier(clock));
    const slow = chainOf(tiers);
    slow.start();
    await settle();
    for (const tier of tiers) tier.delayMs = 5000;
    let isDone = false;
    void slow.get(key('a')).then(() => {
      isDone = true;
    });
    await clock.advance(MISS_BUDGET_MS - 1);
    expect(isDone).toBe(false);
    await clock.advance(2);
    expect(isDone).toBe(true);
    expect(tiers.map((tier) => tier.count('get'))).toEqual(new Array(8).fill(1));
    const closed = slow[Symbol.asyncDispose]();
    await clock.advance(20_000);
    await closed;
  });

  test('once for all who ask at the same time', async () => {
    hold(second, 'a', 'second');
    second.delayMs = 10;
    const asked = Array.from({ length: 50 }, () => chain.get(key('a')));
    await clock.advance(10);
    for (const got of await Promise.all(asked)) expect(got?.body.size).toBe(10);
    expect(second.count('get')).toBe(1);
  });

  test('nowhere where there is no tier', async () => {
    await using none = new TierChain([], clock);
    expect(none.isEmpty).toBe(true);
    expect(await none.get(key('a'))).toBeUndefined();
    expect(await none.put(key('a'), stored(bodyOf('a', 1)))).toBe(false);
    expect(await none.delete([key('a')])).toBe(true);
  });
});

describe('TierChain says what is held', () => {
  test('by any of its tiers; nothing is said of what one may hold that does not answer', async () => {
    hold(first, 'a', 'first');
    hold(second, 'b', 'second');
    const keys = ['a', 'b', 'c'].map((name) => key(name));
    expect(await chain.holds(keys)).toEqual([true, true, false]);
    second.failures = { holds: 'TIER_BROKEN' };
    expect(await chain.holds(keys)).toEqual([true, undefined, undefined]);
  });

  test('where there is no tier nothing is', async () => {
    await using none = new TierChain([], clock);
    expect(await none.holds([key('a')])).toEqual([false]);
  });
});

describe('TierChain puts', () => {
  test('into every tier, and tells of the first that holds it', async () => {
    second.delayMs = 1000;
    expect(await chain.put(key('a'), stored(bodyOf('a', 5)))).toBe(true);
    await clock.advance(1000);
    expect([first.held.size, second.held.size]).toEqual([1, 1]);
  });

  test('into those that take it', async () => {
    first.failures = { put: 'TIER_TOO_LARGE' };
    expect(await chain.put(key('a'), stored(bodyOf('a', 5)))).toBe(true);
    second.failures = { put: 'TIER_TOO_LARGE' };
    expect(await chain.put(key('b'), stored(bodyOf('b', 5)))).toBe(false);
  });

  test('and deletes from all: it is done only where each has done it', async () => {
    await chain.put(key('a'), stored(bodyOf('a', 5)));
    await settle();
    expect(await chain.delete([key('a')])).toBe(true);
    expect([first.held.size, second.held.size]).toEqual([0, 0]);
    second.failures = { delete: 'TIER_BROKEN' };
    expect(await chain.delete([key('a')])).toBe(false);
  });

  test('and says of each how it is', async () => {
    first.failures = { put: 'TIER_FULL' };
    second.failure = 'TIER_CLOSED';
    void chain.put(key('a'), stored(bodyOf('a', 5)));
    await settle();
    expect(chain.stats().map(({ state }) => state)).toEqual(['full', 'down']);
  });
});
