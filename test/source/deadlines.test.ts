// This file tests the deadlines that follow from the target duration.
import { describe, expect, test } from 'bun:test';
import { giveUpAfterMs, playlistLimits, segmentLimits } from '../../src/source/deadlines.ts';

const MAX = 1_000_000;

describe('segmentLimits()', () => {
  test('follows the target duration', () => {
    expect(segmentLimits(6, {}, MAX, 0)).toEqual({
      connectMs: 3000,
      firstByteMs: 3000,
      betweenBytesMs: 3000,
      totalMs: 9000,
      maxBytes: MAX,
    });
  });

  test('stays humane for tiny and absurd target durations', () => {
    const tiny = segmentLimits(0.1, {}, MAX, 0);
    expect([tiny.firstByteMs, tiny.betweenBytesMs, tiny.totalMs]).toEqual([1000, 500, 2000]);
  });

  test('doubles with each attempt, three times', () => {
    const totals = [0, 1, 2, 3, 4, 50].map((n) => segmentLimits(6, {}, MAX, n).totalMs);
    expect(totals).toEqual([9000, 18_000, 36_000, 72_000, 72_000, 72_000]);
    expect(segmentLimits(6, {}, MAX, 2)).toMatchObject({
      firstByteMs: 12_000,
      betweenBytesMs: 12_000,
      connectMs: 3000,
    });
  });

  test('what the operator set stands, at every attempt', () => {
    const set = { connectMs: 1, firstByteMs: 2, betweenBytesMs: 3, totalMs: 4 };
    for (const attempt of [0, 3]) {
      expect(segmentLimits(6, set, MAX, attempt)).toEqual({ ...set, maxBytes: MAX });
    }
  });

  test('leaves time for the body after a first byte that may come late', () => {
    const { firstByteMs, totalMs } = segmentLimits(6, { firstByteMs: 30_000 }, MAX, 0);
    expect(firstByteMs).toBe(30_000);
    expect(totalMs).toBe(36_000);
  });
});

describe('playlistLimits()', () => {
  for (const [targetDurationS, firstByteMs, betweenBytesMs, totalMs] of [
    [1, 2000, 1000, 4000],
    [6, 3000, 3000, 9000],
    [20, 10_000, 10_000, 30_000],
  ] as const) {
    test(`of ${targetDurationS} s`, () => {
      expect(playlistLimits(targetDurationS, {})).toEqual({
        connectMs: 3000,
        firstByteMs,
        betweenBytesMs,
        totalMs,
        maxBytes: 2 * 1_048_576,
      });
    });
  }

  test('what the operator set stands', () => {
    const set = { connectMs: 1, firstByteMs: 2, betweenBytesMs: 3, totalMs: 4 };
    expect(playlistLimits(6, set)).toMatchObject(set);
  });
});

describe('giveUpAfterMs()', () => {
  for (const [what, targetDurationS, timeouts, expected] of [
    ['two target durations', 6, {}, 12_000],
    ['no less than two seconds', 0.5, {}, 2000],
    ['no less than the operator gives a whole segment', 6, { totalMs: 40_000 }, 40_000],
    ['no less than the operator gives its first byte', 6, { firstByteMs: 30_000 }, 30_000],
    ['no less for a short deadline', 6, { totalMs: 1000 }, 12_000],
  ] as const) {
    test(what, () => {
      expect(giveUpAfterMs(targetDurationS, timeouts)).toBe(expected);
    });
  }
});
