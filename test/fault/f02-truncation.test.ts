// This file is failure F2: an upstream that loses the end of a segment.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { all, rangeIgnored, rangeShort, TRUNCATIONS } from '../support/origin/fault.ts';
import { mostTries, onFirstTries, World } from './world.ts';

/** Not on a packet's border: a body cut there, with a clean end, is whole for all one can tell. */
const SHARE = 0.503;
const WATCH_MS = 10_000;

const KINDS = Object.keys(TRUNCATIONS) as (keyof typeof TRUNCATIONS)[];
const ROWS = (['ts', 'fmp4'] as const).flatMap((form) =>
  KINDS.map((kind, index) => ({ id: `f2-${form}-${index}`, form, kind })),
);

const COLD = KINDS.map((kind, index) => ({ id: `f2-cold-${index}`, kind }));

/** What is left ends on a packet's border: only its range tells that it is short. */
const RANGES = [
  { id: 'f2-range-short', kind: 'a 206 with less than was asked for', fault: rangeShort(0.5) },
  {
    id: 'f2-range-ignored',
    kind: 'a 200 that ends within the range',
    fault: all(rangeIgnored, (whole) => ({ ...whole, body: whole.body.subarray(0, 150 * 188) })),
  },
];

const world = new World({
  ...Object.fromEntries(RANGES.map(({ id }) => [id, { live: { byteRanges: true } }])),
  ...Object.fromEntries(ROWS.map(({ id, form }) => [id, { live: { form } }])),
  ...Object.fromEntries(COLD.map(({ id }) => [id, {}])),
});
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

describe.concurrent('F2: an upstream that truncates', () => {
  test.each(ROWS)(
    '$form, $kind: nobody gets a short body with a clean end',
    async ({ id, kind }) => {
      const place = world.at(id);
      const fault = onFirstTries(place, TRUNCATIONS[kind](SHARE));
      const seen = await world.watch(id, { count: 8, forMs: WATCH_MS });
      expect(seen.blamed).toEqual([]);
      expect(fault.applied()).toBeGreaterThanOrEqual(2);
      expect(seen.counts.gaps).toBe(0);
      expect(seen.counts.whole).toBeGreaterThan(8 * 5);
      expect(mostTries(place)).toBeLessThanOrEqual(3);
    },
    30_000,
  );

  test.each(RANGES)(
    'byte ranges, $kind: asked again, and whole',
    async ({ id, fault }) => {
      const place = world.at(id);
      const rule = onFirstTries(place, fault);
      const seen = await world.watch(id, { count: 8, forMs: WATCH_MS });
      expect(seen.blamed).toEqual([]);
      expect(rule.applied()).toBeGreaterThanOrEqual(2);
      expect(seen.counts.gaps).toBe(0);
      expect(seen.counts.whole).toBeGreaterThan(8 * 5);
      expect(mostTries(place)).toBeLessThanOrEqual(3);
    },
    30_000,
  );

  test.each(COLD)(
    'cold, $kind: what was piped goes on or breaks, and is never short with a clean end',
    async ({ id, kind }) => {
      const place = world.at(id);
      const fault = onFirstTries(place, TRUNCATIONS[kind](SHARE), { every: 1, skip: 0 });
      const seen = await world.watch(id, { count: 8, forMs: 6000 });
      expect(seen.blamed).toEqual([]);
      expect(fault.applied()).toBeGreaterThanOrEqual(5);
      expect(seen.counts.whole).toBeGreaterThan(8 * 2);
    },
    30_000,
  );
});
