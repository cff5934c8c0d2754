// This file tests at which time a segment of an archive is said to have begun.
import { describe, expect, test } from 'bun:test';
import { StartTimes } from '../../../src/recording/archive/start-times.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 20);

describe('StartTimes.seen()', () => {
  test.each<[string, number | undefined, number]>([
    ['without a date of the source', undefined, 0],
    ['with one that is about right', -12_345, -12_345],
    ['a minute off', 60_000, 60_000],
    ['more than a minute off', 60_001, 0],
    ['of last year', -365 * 86_400_000, 0],
  ])('%s', (_, dateMs, wanted) => {
    const programDateTimeMs = dateMs === undefined ? undefined : NOW_MS + dateMs;
    const seen = new StartTimes().seen({ listedMs: NOW_MS, programDateTimeMs });
    expect(seen - NOW_MS).toBe(wanted);
  });
});

describe('StartTimes.place()', () => {
  test.each<[string, number, number | undefined, number]>([
    ['the first is where it was seen', 500, undefined, 500],
    ['right behind the one before', 0, 0, 0],
    ['also where it was seen a little late', 7900, 0, 0],
    ['a hole is one', 8001, 0, 8001],
    ['a long one too', 3_600_000, 0, 3_600_000],
    ['time never goes back', -3_600_000, 0, 0],
  ])('%s', (_, seenMs, beforeMs, wanted) => {
    const beforeEndMs = beforeMs === undefined ? undefined : NOW_MS + beforeMs;
    const startMs = new StartTimes().place(1, NOW_MS + seenMs, beforeEndMs, 4);
    expect(startMs - NOW_MS).toBe(wanted);
  });

  test('renditions of a channel agree on what has one number', () => {
    const times = new StartTimes();
    expect(times.place(7, NOW_MS, undefined, 4)).toBe(NOW_MS);
    expect(times.place(7, NOW_MS + 3000, undefined, 4)).toBe(NOW_MS);
    expect(times.place(8, NOW_MS + 7000, undefined, 4)).toBe(NOW_MS + 7000);
  });

  test('unless the number stands for something else by now', () => {
    const times = new StartTimes();
    times.place(7, NOW_MS, undefined, 4);
    expect(times.place(7, NOW_MS + 60_000, undefined, 4)).toBe(NOW_MS + 60_000);
    expect(times.place(7, NOW_MS + 61_000, undefined, 4)).toBe(NOW_MS + 60_000);
  });
});
