// This file tests that segments are found by their time, however many there are and whatever lies between.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, integer, property, record } from 'fast-check';
import type { ArchivedSegment } from '../../../src/recording/archive/archived.ts';
import {
  endMs,
  PAGE_SEGMENTS,
  segmentPages,
  segmentsBefore,
} from '../../../src/recording/archive/segment-pages.ts';
import { ScriptedRendition } from '../../support/scripted-archive.ts';

const START_MS = Date.UTC(2026, 10, 21);
const numbers = (segments: readonly ArchivedSegment[]) => segments.map(({ number }) => number);

describe('segmentPages()', () => {
  for (const count of [0, 1, PAGE_SEGMENTS - 1, PAGE_SEGMENTS, PAGE_SEGMENTS + 1, 1700]) {
    test(`gives each of ${count} once`, async () => {
      const main = new ScriptedRendition('main', START_MS).fill(count);
      const found: number[] = [];
      for await (const page of segmentPages(main, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })) {
        expect(page.length).toBeLessThanOrEqual(PAGE_SEGMENTS);
        found.push(...numbers(page));
      }
      expect(found).toEqual(Array.from({ length: count }, (_, number) => number));
    });
  }

  test('ends, also where many last no time at all', async () => {
    const main = new ScriptedRendition('main', START_MS);
    for (let index = 0; index < 3 * PAGE_SEGMENTS; index++) main.put({ durationS: 0.001 });
    let count = 0;
    const span = { fromMs: START_MS, toMs: START_MS + 10_000 };
    for await (const page of segmentPages(main, span)) count += page.length;
    expect(count).toBe(3 * PAGE_SEGMENTS);
  });
});

describe('segmentsBefore()', () => {
  test('finds the newest that have ended, as a look at all of them does', () => {
    const stretch = record({
      count: integer({ min: 1, max: 800 }),
      holeMs: integer({ min: 0, max: 100_000_000 }),
    });
    const stretches = array(stretch, { minLength: 1, maxLength: 4 });
    check(
      property(
        stretches,
        integer({ min: 0, max: 1000 }),
        integer({ min: 1, max: 20 }),
        (all, permille, count) => {
          const main = new ScriptedRendition('main', START_MS);
          for (const { count: size, holeMs } of all) {
            main.fill(size);
            main.put({ startMs: (main.held()?.toMs ?? 0) + holeMs, discontinuity: true });
          }
          const { fromMs, toMs } = main.held() as { fromMs: number; toMs: number };
          const atMs = fromMs + ((toMs - fromMs) * permille) / 1000;
          const ended = main.rows.filter((row) => endMs(row) <= atMs + 1);
          expect(numbers(segmentsBefore(main, atMs, count))).toEqual(numbers(ended.slice(-count)));
        },
      ),
      { numRuns: 300 },
    );
  });
});
