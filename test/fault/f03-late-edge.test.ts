// This file is failure F3: segments that are listed before they can be had.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { statusAnswer } from '../support/origin/answer.ts';
import { mostTries, type Place, World } from './world.ts';

const WATCH_MS = 11_000;
const VIEWERS = 20;
/** The origin's first segment. */
const FIRST_NUMBER = 100;

const world = new World({ 'f3-short': {}, 'f3-long': {}, 'f3-never': {} });
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

function sinceListed({ live }: Place, lagMs: number): (path: string) => boolean {
  return (path) => (live.listedForMs(path) ?? lagMs) < lagMs;
}

/** By the phase of polls each list may be seen so late that nothing in it is early any more. */
function sinceAsked({ live }: Place, lagMs: number): (path: string) => boolean {
  const askedMs = new Map<string, number>();
  return (path) => {
    if (live.listedForMs(path) === undefined) return false;
    const nowMs = performance.now();
    const firstMs = askedMs.get(path) ?? nowMs;
    askedMs.set(path, firstMs);
    return nowMs - firstMs < lagMs;
  };
}

describe.concurrent('F3: an edge that lags behind its own playlist', () => {
  test.each([
    ['f3-short', 700, 3],
    ['f3-long', 1500, 1],
  ])(
    '%s: 404 for the first %d ms is never passed on',
    async (id, lagMs, gapsMax) => {
      const place = world.at(id);
      const isEarly = id === 'f3-short' ? sinceAsked(place, lagMs) : sinceListed(place, lagMs);
      const rule = place.origin.on((request) => isEarly(request.path), statusAnswer(404));
      const seen = await world.watch(id, { count: VIEWERS, forMs: WATCH_MS });
      expect(seen.blamed).toEqual([]);
      expect(rule.applied()).toBeGreaterThan(2);
      // Some may be given up where the machine is too busy to ask in time.
      expect(seen.counts.gaps).toBeLessThanOrEqual(gapsMax);
      expect(seen.counts.whole).toBeGreaterThan(VIEWERS * 5);
      expect(mostTries(place)).toBeLessThanOrEqual(8);
    },
    30_000,
  );

  test('a segment that never appears is a gap, asked for at most 8 times', async () => {
    const place = world.at('f3-never');
    // Of those to come once all watch: only a cold channel names what it does not have
    const newest = FIRST_NUMBER - 1 + place.live.newestIndex();
    const never = new RegExp(`/f3-never/720/(${newest + 4}|${newest + 6})\\.ts`);
    place.origin.on(never, statusAnswer(404));
    const seen = await world.watch('f3-never', { count: VIEWERS, forMs: WATCH_MS + 3000 });
    expect(seen.blamed).toEqual([]);
    expect(seen.counts.gaps).toBe(2);
    expect(mostTries(place)).toBeLessThanOrEqual(8);
  }, 30_000);
});
