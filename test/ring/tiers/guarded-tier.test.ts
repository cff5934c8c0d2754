// This file tests that nobody waits for a tier and nothing breaks with it.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Log, silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { GuardedTier } from '../../../src/ring/tiers/guarded-tier.ts';
import type { QueueLimits } from '../../../src/ring/tiers/put-queue.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { ScriptedTier } from './scripted-tier.ts';
import { bodyOf, HOUR_MS, key, stored } from './stored-segment.ts';

const BUDGET_MS = 50;

let clock: FakeClock;
let tier: ScriptedTier;
let guarded: GuardedTier;
let said: string[];

function guard(queue?: QueueLimits): GuardedTier {
  const log: Log = {
    ...silentLog,
    info: (message) => said.push(message),
    warn: (message, fields) => said.push(`${message} (${fields?.['code']})`),
    with: () => log,
  };
  return new GuardedTier({
    tier,
    clock,
    random: seededRandom(1),
    log,
    ageMs: HOUR_MS,
    ...(queue === undefined ? {} : { queue }),
  });
}

beforeEach(() => {
  clock = new FakeClock();
  said = [];
  tier = new ScriptedTier(clock);
  guarded = guard();
});

afterEach(async () => {
  const closed = guarded[Symbol.asyncDispose]();
  await clock.advance(20_000);
  await closed;
  expect({ closed: tier.isClosed, timers: clock.pendingCount }).toEqual({
    closed: true,
    timers: 0,
  });
});

async function start(): Promise<void> {
  guarded.start();
  await settle();
}

/** What get() says, and after how long. */
async function timed(name = 'a'): Promise<{ size: number | undefined; afterMs: number }> {
  const startMs = clock.monotonicMs();
  let answer: { size: number | undefined; afterMs: number } | undefined;
  void guarded.get(key(name), BUDGET_MS).then((got) => {
    answer = { size: got?.body.size, afterMs: clock.monotonicMs() - startMs };
  });
  await clock.runUntil(() => answer !== undefined, 60_000);
  return answer!;
}

function put(name: string, sizeBytes = 10): Promise<boolean> {
  return guarded.put(key(name), stored(bodyOf(name, sizeBytes)));
}

const MISS_AT_ONCE = { size: undefined, afterMs: 0 };
const LATE = { size: undefined, afterMs: BUDGET_MS };

describe('GuardedTier', () => {
  test('passes on what is held, and counts it', async () => {
    await start();
    expect(await put('a')).toBe(true);
    expect(await timed('a')).toEqual({ size: 10, afterMs: 0 });
    expect(await timed('b')).toEqual(MISS_AT_ONCE);
    expect(guarded.stats()).toMatchObject({ state: 'up', hits: 1, misses: 1, puts: 1, errors: 0 });
    expect(said).toEqual(['tier is up']);
  });

  test('holds for its age, or for as long as it is asked to where that is longer', async () => {
    await start();
    const nowMs = clock.nowMs();
    await put('aged');
    await guarded.put(key('longer'), stored(bodyOf('b', 1)), nowMs + 5 * HOUR_MS);
    await guarded.put(key('shorter'), stored(bodyOf('c', 1)), nowMs + 5);
    expect([...tier.expiries.values()].map((ms) => ms - nowMs)).toEqual([
      HOUR_MS,
      5 * HOUR_MS,
      HOUR_MS,
    ]);
  });

  test('a tier that is down at the start is in use within 10 s of its coming', async () => {
    tier.failure = 'TIER_UNREACHABLE';
    await start();
    const held = put('a');
    expect(await timed()).toEqual(MISS_AT_ONCE);
    await clock.advance(3_600_000);
    tier.failure = undefined;
    await clock.runUntil(() => guarded.stats().state === 'up', 10_000);
    await clock.advance(0);
    // Queued since then, and its time is over
    expect(await held).toBe(false);
    expect(await put('b')).toBe(true);
    expect(said).toEqual([
      'tier is down; it is tried until it is back (TIER_UNREACHABLE)',
      'tier is up',
    ]);
    expect(guarded.stats().skipped).toBe(1);
  });

  test('what was queued while it was down is put once it is back', async () => {
    tier.failure = 'TIER_REFUSED';
    await start();
    const held = [put('a'), put('b')];
    await clock.advance(60_000);
    tier.failure = undefined;
    await clock.advance(10_000);
    expect(await Promise.all(held)).toEqual([true, true]);
  });

  test('a tier that hangs when it is opened is tried again, and is not waited for', async () => {
    tier.delayMs = Number.POSITIVE_INFINITY;
    await start();
    expect(await timed()).toEqual(MISS_AT_ONCE);
    await clock.advance(30_000);
    expect(tier.count('open')).toBeGreaterThan(2);
    tier.delayMs = 0;
    await clock.runUntil(() => guarded.stats().state === 'up', 10_000);
  });

  test('three failures in a row, and it is left alone; one that succeeds between them counts', async () => {
    await start();
    for (const failure of ['fail', 'fail', 'works', 'fail', 'fail', 'works']) {
      tier.failure = failure === 'fail' ? 'TIER_BROKEN' : undefined;
      await timed();
    }
    expect(guarded.stats()).toMatchObject({ state: 'up', errors: 4, trips: 0 });
    tier.failure = 'TIER_BROKEN';
    for (let count = 0; count < 3; count++) await guarded.get(key('a'), BUDGET_MS);
    expect(guarded.stats()).toMatchObject({ state: 'down', errors: 7, trips: 1 });
    const asked = tier.count('get');
    expect(await timed()).toEqual(MISS_AT_ONCE);
    expect(tier.count('get')).toBe(asked);
    expect(said.at(-1)).toBe('tier is down; it is tried until it is back (TIER_BROKEN)');
  });

  test('a tier that is slow costs 50 ms three times, then nothing until it is tried again', async () => {
    await start();
    await put('a');
    tier.delayMs = 2000;
    for (let count = 0; count < 3; count++) expect(await timed()).toEqual(LATE);
    for (let count = 0; count < 20; count++) expect(await timed()).toEqual(MISS_AT_ONCE);
    expect(guarded.stats()).toMatchObject({ state: 'down', late: 3, skipped: 20, hits: 0 });
    // It opens, in time, and is late at the first try: one is enough now
    await clock.runUntil(() => guarded.stats().state === 'up', 10_000);
    expect(await timed()).toEqual(LATE);
    expect(guarded.stats()).toMatchObject({ state: 'down', late: 4, trips: 2 });
    tier.delayMs = 0;
    await clock.runUntil(() => guarded.stats().state === 'up', 10_000);
    expect(await timed()).toEqual({ size: 10, afterMs: 0 });
    expect(said.filter((line) => line === 'tier is up')).toHaveLength(2);
  });

  test('writes that succeed slowly do not hide that every read is late', async () => {
    await start();
    await put('a');
    tier.delayMs = 300;
    for (let count = 0; count < 2; count++) {
      await timed();
      const held = put(`w${count}`);
      await clock.advance(400);
      expect(await held).toBe(true);
    }
    await timed();
    expect(guarded.stats().state).toBe('down');
  });

  test('an answer within less than is fair counts as late, not as a failure', async () => {
    await start();
    tier.delayMs = 10;
    for (let count = 0; count < 5; count++) {
      const got = guarded.get(key('a'), 5);
      await clock.advance(20);
      expect(await got).toBeUndefined();
    }
    expect(guarded.stats()).toMatchObject({ state: 'up', late: 5 });
  });

  test('asks no more at once than it may, and gives up reads that hang', async () => {
    await start();
    tier.delayMs = Number.POSITIVE_INFINITY;
    const asked = Array.from({ length: 100 }, () => guarded.get(key('a'), BUDGET_MS));
    expect(tier.count('get')).toBe(64);
    await clock.advance(BUDGET_MS);
    expect(await Promise.all(asked)).toEqual(new Array(100).fill(undefined));
    expect(guarded.stats()).toMatchObject({ late: 64, skipped: 36, trips: 1 });
    tier.delayMs = 0;
    await clock.advance(10_000);
    expect(await timed()).toEqual(MISS_AT_ONCE);
    expect(guarded.stats().misses).toBe(1);
  });

  test('a tier that has forgotten that it was open is opened at once', async () => {
    await start();
    await put('a');
    tier.failures = { get: 'TIER_CLOSED' };
    expect(await timed()).toEqual(MISS_AT_ONCE);
    expect(guarded.stats().state).toBe('down');
    tier.failures = {};
    await clock.runUntil(() => guarded.stats().state === 'up', 1000);
    expect(await timed()).toEqual({ size: 10, afterMs: 0 });
  });
});

describe('GuardedTier queues what is put', () => {
  test('and drops the oldest over its count', async () => {
    await guarded[Symbol.asyncDispose]();
    tier = new ScriptedTier(clock);
    guarded = guard({ maxCount: 3, maxBytes: 1000 });
    const held = ['a', 'b', 'c', 'd', 'e'].map((name) => put(name));
    expect(guarded.stats()).toMatchObject({ queued: 3, queuedBytes: 30, dropped: 2 });
    await start();
    expect(await Promise.all(held)).toEqual([false, false, true, true, true]);
    expect([...tier.held.keys()]).toEqual(['c.ts', 'd.ts', 'e.ts']);
  });

  test('and over its bytes, except for one that is alone', async () => {
    await guarded[Symbol.asyncDispose]();
    tier = new ScriptedTier(clock);
    guarded = guard({ maxCount: 10, maxBytes: 100 });
    const held = [put('a', 60), put('b', 60), put('c', 500)];
    expect(guarded.stats()).toMatchObject({ queued: 1, queuedBytes: 500, dropped: 2 });
    await start();
    expect(await Promise.all(held)).toEqual([false, false, true]);
  });

  test('and has few of them under way at once', async () => {
    await start();
    tier.delayMs = 100;
    const held = ['a', 'b', 'c', 'd', 'e'].map((name) => put(name));
    expect(tier.count('put')).toBe(2);
    await clock.advance(300);
    expect(await Promise.all(held)).toEqual([true, true, true, true, true]);
  });

  test('and tries each three times', async () => {
    await start();
    await put('first');
    tier.failures = { put: 'TIER_BROKEN' };
    const held = put('a');
    await settle();
    expect(await held).toBe(false);
    expect(guarded.stats()).toMatchObject({ state: 'down', errors: 3, dropped: 1, queued: 0 });
  });

  test('and drops at once what is too large for it, which is no failure', async () => {
    await start();
    tier.failures = { put: 'TIER_TOO_LARGE' };
    const held = await Promise.all(['a', 'b', 'c', 'd'].map((name) => put(name)));
    expect(held).toEqual([false, false, false, false]);
    expect(guarded.stats()).toMatchObject({ state: 'up', dropped: 4 });
  });

  for (const code of ['TIER_FULL', 'TIER_READ_ONLY', 'TIER_REFUSED'] as const) {
    test(`and waits where there is ${code}, while it is still read`, async () => {
      await start();
      await put('a');
      tier.failures = { put: code };
      const held = put('b');
      await settle();
      expect(guarded.stats()).toMatchObject({ state: 'full', queued: 1, trips: 0 });
      expect(await timed('a')).toEqual({ size: 10, afterMs: 0 });
      await clock.advance(60_000);
      expect(guarded.stats()).toMatchObject({ state: 'full', queued: 1, dropped: 0, trips: 0 });
      tier.failures = {};
      await clock.advance(5000);
      expect(await held).toBe(true);
      expect(guarded.stats().state).toBe('up');
      expect(said).toEqual([
        'tier is up',
        `tier takes nothing; it is tried until it does (${code})`,
        'tier takes segments again',
      ]);
    });
  }

  test('and goes on at once where a sweep made room', async () => {
    await start();
    tier.failures = { put: 'TIER_FULL' };
    tier.delayMs = 10;
    tier.swept = { expired: 1, evicted: 2 };
    const held = put('a');
    await clock.advance(15);
    tier.failures = {};
    await clock.advance(100);
    expect(await held).toBe(true);
    expect(guarded.stats()).toMatchObject({ expired: 1, evicted: 2, state: 'up' });
  });

  test('and puts what is left when it is closed, where that is quickly done', async () => {
    await start();
    tier.delayMs = 390;
    const held = Array.from({ length: 20 }, (_, index) => put(`n${index}`));
    const closed = guarded[Symbol.asyncDispose]();
    expect(await guarded.put(key('late'), stored(bodyOf('late', 1)))).toBe(false);
    await clock.advance(3000);
    await closed;
    const outcomes = await Promise.all(held);
    // Two at once, 390 ms each, for 2 s
    expect(outcomes.filter((isHeld) => isHeld)).toHaveLength(10);
  });
});

describe('GuardedTier keeps its tier swept', () => {
  test('when it is opened, and every half minute', async () => {
    await start();
    expect(tier.count('sweep')).toBe(1);
    tier.swept = { expired: 2, evicted: 1 };
    await clock.advance(10 * 60_000);
    const sweeps = tier.count('sweep');
    expect(sweeps).toBeGreaterThanOrEqual(20);
    expect(sweeps).toBeLessThanOrEqual(41);
    expect(guarded.stats()).toMatchObject({
      expired: 2 * (sweeps - 1),
      evicted: sweeps - 1,
      bytes: 7,
    });
  });

  test('not while it is down, and one sweep at a time', async () => {
    await start();
    tier.failures = { sweep: 'TIER_UNREACHABLE', open: 'TIER_UNREACHABLE' };
    await clock.advance(120_000);
    expect(guarded.stats().state).toBe('down');
    const sweeps = tier.count('sweep');
    await clock.advance(120_000);
    expect(tier.count('sweep')).toBe(sweeps);
  });

  test('and says which it holds, where it answers at all', async () => {
    expect(await guarded.holds([key('a')])).toBeUndefined();
    await start();
    await put('a');
    expect(await guarded.holds([key('b'), key('a')])).toEqual([false, true]);
    tier.failures = { holds: 'TIER_UNREACHABLE' };
    for (let asked = 0; asked < 3; asked++) {
      expect(await guarded.holds([key('a')])).toBeUndefined();
    }
    expect(guarded.stats().state).toBe('down');
  });

  test('and deletes what it is told to, where it can', async () => {
    await start();
    await put('a');
    expect(await guarded.delete([key('a')])).toBe(true);
    expect(tier.held.size).toBe(0);
    tier.failure = 'TIER_UNREACHABLE';
    expect(await guarded.delete([key('a')])).toBe(false);
  });
});
