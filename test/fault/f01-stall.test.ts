// This file is failure F1: an upstream that stalls in the middle of a segment.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { stalledAt } from '../support/origin/fault.ts';
import { mostTries, onFirstTries, World } from './world.ts';

/** Where the first try of every third segment falls silent. */
const STALLS = {
  'f1-head': 'head',
  'f1-start': 0,
  'f1-first': 0.01,
  'f1-half': 0.5,
  'f1-last': 0.99,
} as const;
const VIEWERS = 40;
const WATCH_MS = 10_000;

const world = new World({
  ...Object.fromEntries(Object.keys(STALLS).map((id) => [id, {}])),
  'f1-dead': {},
});
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

describe.concurrent('F1: an upstream that stalls', () => {
  test.each(Object.entries(STALLS))(
    '%s: every third segment is tried again and all viewers get every byte',
    async (id, at) => {
      const place = world.at(id);
      const fault = onFirstTries(place, stalledAt(at));
      const seen = await world.watch(id, { count: VIEWERS, forMs: WATCH_MS });
      expect(seen.blamed).toEqual([]);
      expect(fault.applied()).toBeGreaterThanOrEqual(2);
      expect(seen.counts).toMatchObject({ gaps: 0 });
      expect(seen.counts.whole).toBeGreaterThan(VIEWERS * 5);
      expect(mostTries(place)).toBeLessThanOrEqual(3);
      // Silence is not waited for longer than it takes to make the segment once and a half.
      const stalled = place.origin.requests.filter((request) => request.abandonedAtMs);
      expect(stalled.length).toBeGreaterThan(0);
      for (const { atMs, abandonedAtMs } of stalled) {
        expect(abandonedAtMs! - atMs).toBeLessThan(2200);
      }
    },
    30_000,
  );

  test('one segment that never comes is a gap, and the picture goes on', async () => {
    const place = world.at('f1-dead');
    place.origin.on(/\/f1-dead\/720\/110\.ts/, stalledAt(0.5));
    const seen = await world.watch('f1-dead', { count: VIEWERS, forMs: WATCH_MS + 4000 });
    expect(seen.blamed).toEqual([]);
    expect(seen.counts.gaps).toBe(1);
    const last = seen.reports[0]!.segments.at(-1)!;
    expect(place.live.identify(last.clearSha256)!.index).toBeGreaterThan(13);
  }, 30_000);
});
