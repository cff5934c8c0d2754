// This file tests with which segment a source takes over from another.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { segmentsFrom } from '../../../src/prefetch/loop/join.ts';
import type { Join } from '../../../src/prefetch/messages.ts';
import type { ListedSegment } from '../../../src/ring/listing.ts';
import { listedSegment } from '../../support/listed.ts';

const BEGIN_MS = Date.UTC(2026, 0, 1);

/** Segments 0, 1, 2… of these lengths; where `datesAt` says so, one tells when it began. */
function segments(durationsS: readonly number[], datesAt: readonly number[] = []): ListedSegment[] {
  let startMs = BEGIN_MS;
  return durationsS.map((durationS, sequence) => {
    const date = datesAt.includes(sequence) ? { programDateTimeMs: startMs } : {};
    startMs += durationS * 1000;
    return listedSegment(sequence, { durationS, ...date });
  });
}

const SIX = [4, 4, 4, 4, 4, 4];
const ALL = [0, 1, 2, 3, 4, 5];

/** Segments, the join, time since it was opened, and the first segment that is named. */
const ROWS: Record<string, readonly [readonly ListedSegment[], Join, number, number]> = {
  'nothing is missing: the newest': [segments(SIX), { missingMs: 0 }, 0, 5],
  'less than half a segment is missing': [segments(SIX), { missingMs: 1999 }, 0, 5],
  'one segment is missing': [segments(SIX), { missingMs: 4000 }, 0, 5],
  'one and a little less than a half': [segments(SIX), { missingMs: 5999 }, 0, 5],
  'one and a half': [segments(SIX), { missingMs: 6000 }, 0, 4],
  two: [segments(SIX), { missingMs: 8000 }, 0, 4],
  'time that went by while it was opened counts': [segments(SIX), { missingMs: 4000 }, 4000, 4],
  'more than there is': [segments(SIX), { missingMs: 1e9 }, 0, 0],
  'for ever': [segments(SIX), { missingMs: Number.POSITIVE_INFINITY }, 0, 0],
  'of unequal lengths': [segments([10, 2, 2, 2, 2]), { missingMs: 6000 }, 0, 2],
  'of a single one': [segments([4]), { missingMs: 60_000 }, 0, 0],
  'by the clock: what begins there': [
    segments(SIX, ALL),
    { missingMs: 0, endMs: BEGIN_MS + 8000 },
    0,
    2,
  ],
  'by the clock: less than half of it was seen': [
    segments(SIX, ALL),
    { missingMs: 0, endMs: BEGIN_MS + 9999 },
    0,
    2,
  ],
  'by the clock: half of it was seen': [
    segments(SIX, ALL),
    { missingMs: 0, endMs: BEGIN_MS + 10_000 },
    0,
    3,
  ],
  'by the clock: one date is enough': [
    segments(SIX, [1]),
    { missingMs: 0, endMs: BEGIN_MS + 12_000 },
    0,
    3,
  ],
  'by the clock: it is behind by as much as its list: its newest again': [
    segments(SIX, ALL),
    { missingMs: 0, endMs: BEGIN_MS + 60_000 },
    0,
    5,
  ],
  'by the clock: its newest is what was seen last: that again': [
    segments(SIX, ALL),
    { missingMs: 0, endMs: BEGIN_MS + 24_000 },
    0,
    5,
  ],
  'by the clock: behind by more than two segments': [
    segments(SIX, ALL),
    { missingMs: 0, endMs: BEGIN_MS + 24_000 + 8001 },
    0,
    5,
  ],
  'by the clock: it is ahead': [
    segments(SIX, ALL),
    { missingMs: 0, endMs: BEGIN_MS - 60_000 },
    0,
    0,
  ],
  'clocks that are too far apart tell nothing': [
    segments(SIX, ALL),
    { missingMs: 8000, endMs: BEGIN_MS + 24_000 + 120_001 },
    0,
    4,
  ],
  'only the old one tells its clock': [
    segments(SIX),
    { missingMs: 8000, endMs: BEGIN_MS + 4000 },
    0,
    4,
  ],
  'only the new one tells its clock': [segments(SIX, ALL), { missingMs: 8000 }, 0, 4],
};

describe('segmentsFrom()', () => {
  test.each(Object.entries(ROWS))('%s', (_name, [listed, join, elapsedMs, first]) => {
    expect(segmentsFrom(listed, join, elapsedMs)[0]?.sequence).toBe(first);
  });

  const seen = (...sequences: number[]) => sequences.map((n) => `http://up.example/${n}.ts`);

  test.each<[string, readonly string[], number[]]>([
    ['its newest was seen: nothing', seen(3, 4, 5), []],
    ['its oldest were seen', seen(1, 2), [3, 4, 5]],
    ['one in the middle was seen', seen(4), [5]],
    ['others were seen', seen(70, 71), [0, 1, 2, 3, 4, 5]],
  ])('of a source that is returned to: %s', (_name, places, sequences) => {
    const join = { missingMs: Number.POSITIVE_INFINITY, seen: places };
    expect(segmentsFrom(segments(SIX), join, 0).map(({ sequence }) => sequence)).toEqual(sequences);
  });

  test('tokens behind an address do not make another segment of it', () => {
    const ref = { kind: 'http', url: 'http://up.example/5.ts?token=2' } as const;
    const listed = [listedSegment(5, { ref })];
    expect(segmentsFrom(listed, { missingMs: 0, seen: seen(5) }, 0)).toEqual([]);
  });

  test.each([2001, 4000, 8000])('a source that is %d ms behind is waited for', (behindMs) => {
    const join = { missingMs: 0, endMs: BEGIN_MS + 24_000 + behindMs };
    expect(segmentsFrom(segments(SIX, ALL), join, 0)).toEqual([]);
  });

  test('of nothing nothing', () => {
    expect(segmentsFrom([], { missingMs: 1000 }, 0)).toEqual([]);
  });

  const durations = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 });

  test('is the end of the list, and at least its newest, unless it is a little behind', () => {
    const date = fc.option(fc.integer({ min: -2e5, max: 2e5 }), { nil: undefined });
    fc.assert(
      fc.property(durations, fc.nat(200_000), date, (lengths, missingMs, endMs) => {
        const listed = segments(lengths, endMs === undefined ? [] : [0]);
        const join = { missingMs, ...(endMs === undefined ? {} : { endMs: BEGIN_MS + endMs }) };
        const from = segmentsFrom(listed, join, 0);
        const totalMs = lengths.reduce((sum, seconds) => sum + seconds * 1000, 0);
        const newestMs = (lengths.at(-1) as number) * 1000;
        const behindMs = (endMs ?? 0) - totalMs;
        const isSoon = endMs !== undefined && behindMs > newestMs / 2 && behindMs <= 2 * newestMs;
        expect(from.length === 0).toBe(isSoon);
        expect(from).toEqual(listed.slice(listed.length - from.length));
      }),
    );
  });

  test('repeats or loses half a segment at most, where the clocks agree', () => {
    fc.assert(
      fc.property(durations, fc.nat(100_000), (lengths, atMs) => {
        const listed = segments(lengths, [0]);
        const totalMs = lengths.reduce((sum, seconds) => sum + seconds * 1000, 0);
        fc.pre(atMs < totalMs - (lengths.at(-1) as number) * 500);
        const [first] = segmentsFrom(listed, { missingMs: 0, endMs: BEGIN_MS + atMs }, 0);
        const before = lengths.slice(0, first?.sequence);
        const startMs = before.reduce((sum, seconds) => sum + seconds * 1000, 0);
        const longestMs = Math.max(...lengths) * 1000;
        expect(Math.abs(startMs - atMs)).toBeLessThanOrEqual(longestMs / 2);
      }),
    );
  });
});
