// This file tests that sound is found by when it is heard.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { findSound, type Timed } from '../../../src/packaging/mpegts/sound-search.ts';
import type { Segment } from '../../../src/ring/rendition-ring.ts';
import { ringSegment } from '../../support/ring-segment.ts';

const SECOND = 90_000;
const WRAP = 2 ** 33;

/** Each lasts as long as the next says in seconds; what is told of its length may be wrong. */
function listOf(startsS: readonly number[], toldS = 2): Map<Segment, Timed> {
  return new Map(
    startsS.slice(0, -1).map((startS, index) => {
      const wrapped = (seconds: number) => (seconds * SECOND + WRAP) % WRAP;
      const timed = { startTicks: wrapped(startS), endTicks: wrapped(startsS[index + 1]!) };
      return [ringSegment(index, { durationS: toldS }), timed];
    }),
  );
}

async function find(list: ReadonlyMap<Segment, Timed | undefined>, atS: number, guess = 0) {
  let looks = 0;
  const measure = async (segment: Segment) => {
    looks += 1;
    return list.get(segment);
  };
  const atTicks = (atS * SECOND + WRAP) % WRAP;
  const found = await findSound([...list.keys()], guess, atTicks, measure);
  return { found: typeof found === 'object' ? found.mediaSequence : found, looks };
}

describe('findSound()', () => {
  test.each<[string, number, number | 'later' | undefined]>([
    ['the first', 0.5, 0],
    ['one in the middle', 5, 2],
    ['where one begins', 6, 3],
    ['the last', 7.9, 3],
    ['what begins later than the picture', -1, 0],
    ['what has yet to come', 8, 'later'],
    ['a time of another clock', 4000, undefined],
  ])('%s', async (_, atS, wanted) => {
    for (const guess of [-1, 0, 2, 3, 99]) {
      expect((await find(listOf([0, 2, 4, 6, 8]), atS, guess)).found).toBe(wanted);
    }
  });

  test('what follows a hole', async () => {
    const list = listOf([0, 2, 4, 6, 8]);
    const hole = [...list.keys()][2]!;
    list.delete(hole);
    expect((await find(list, 5)).found).toBe(3);
  });

  test('as if what cannot be read, or is of another time, were not there', async () => {
    const list = new Map<Segment, Timed | undefined>(listOf([0, 2, 4, 6, 8]));
    const [first, , third] = [...list.keys()];
    list.set(first!, undefined);
    list.set(third!, { startTicks: 4000 * SECOND, endTicks: 4002 * SECOND });
    expect((await find(list, 3)).found).toBe(1);
    expect((await find(list, 5, 2)).found).toBe(3);
  });

  test('nothing where there is nothing', async () => {
    expect((await find(new Map(), 5)).found).toBeUndefined();
  });

  test('whatever the list says of lengths, wherever the clock wraps, and in few looks', async () => {
    const scenario = fc.record({
      lengths: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 20 }),
      fromS: fc.integer({ min: -20, max: 20 }),
      toldS: fc.constantFrom(0, 0.5, 2, 7),
      share: fc.double({ min: 0, max: 0.999, noNaN: true }),
      guess: fc.integer({ min: -1, max: 21 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ lengths, fromS, toldS, share, guess }) => {
        const starts = [fromS];
        for (const length of lengths) starts.push(starts.at(-1)! + length);
        const whole = starts.at(-1)! - fromS;
        // More than a minute away tells nothing
        const isNear = whole < 60;
        const atS = fromS + Math.floor(share * whole);
        const wanted = starts.findLastIndex((startS) => startS <= atS);
        const { found, looks } = await find(listOf(starts, toldS), atS, guess);
        if (isNear) expect(found).toBe(wanted);
        expect(looks).toBeLessThanOrEqual(lengths.length);
      }),
    );
  });
});
