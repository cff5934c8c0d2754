// This file tests that tiers outlive the thread they live in.
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { type Log, silentLog } from '../../../src/base/log.ts';
import type { Tier } from '../../../src/ring/tiers/tier.ts';
import { TierThread } from '../../../src/ring/tiers/tier-thread.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { codeOf } from './contract.ts';
import { key, NEVER } from './stored-segment.ts';

const ENTRY = new URL('./mortal-tiers.ts', import.meta.url);

let clock: FakeClock;
let thread: TierThread;
let tier: Tier;
let died: string[];

beforeEach(() => {
  clock = new FakeClock();
  died = [];
  const log: Log = {
    ...silentLog,
    error: (_message, fields) => died.push(String(fields?.['reason'])),
  };
  thread = new TierThread({ entry: ENTRY, clock, log });
  tier = thread.tier({ kind: 'disk', path: '/nowhere', sizeBytes: 1 });
});

afterEach(async () => {
  const closed = thread[Symbol.asyncDispose]();
  await clock.advance(2000);
  await closed;
  expect({ timers: clock.pendingCount, ...thread.stats() }).toMatchObject({
    timers: 0,
    waiting: 0,
  });
});

for (const name of ['throw', 'exit']) {
  test(`a thread that dies by ${name} fails what waits, and another takes its place`, async () => {
    const waiting = codeOf(tier.get(key('hang'), NEVER));
    expect(await codeOf(tier.get(key(name), NEVER))).toBe('TIER_UNREACHABLE');
    expect(await waiting).toBe('TIER_UNREACHABLE');
    expect(await codeOf(tier.get(key('soon'), NEVER))).toBe('TIER_UNREACHABLE');
    // It died young: no storm of starts
    await clock.advance(999);
    expect(await codeOf(tier.get(key('soon'), NEVER))).toBe('TIER_UNREACHABLE');
    await clock.advance(1);
    const got = await tier.get(key('back'), NEVER);
    expect(await got?.body.text()).toBe('back.ts');
    expect({ died: died.length, ...thread.stats() }).toEqual({ died: 1, waiting: 0, deaths: 1 });
  });
}

test('a thread that does not answer is replaced', async () => {
  const silent = codeOf(tier.get(key('fall silent'), NEVER));
  await clock.advance(25_000);
  expect(await silent).toBe('TIER_UNREACHABLE');
  await clock.advance(1000);
  expect((await tier.get(key('back'), NEVER))?.contentType).toBe('1');
  expect(died).toEqual(['it does not answer']);
});

test('what is given up is not waited for', async () => {
  const given = new AbortController();
  const call = codeOf(tier.get(key('hang'), given.signal));
  given.abort();
  expect(await call).toBe('TIER_ABORTED');
  expect(thread.stats().waiting).toBe(0);
});

test('a thread that is closed fails what waits, and is not started again', async () => {
  const call = codeOf(tier.get(key('hang'), NEVER));
  const closed = thread[Symbol.asyncDispose]();
  await clock.advance(2000);
  await closed;
  expect(await call).toBe('TIER_UNREACHABLE');
  expect(await codeOf(tier.get(key('a'), NEVER))).toBe('TIER_UNREACHABLE');
  expect(died).toEqual([]);
});
