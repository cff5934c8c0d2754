// This file tests the forms in which viewers name times and lengths.
import { describe, expect, test } from 'bun:test';
import { parseLength, parseTime } from '../../src/delivery/archive-query.ts';

const AT_MS = Date.UTC(2026, 10, 21, 19, 50, 7);

describe('parseTime()', () => {
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['2026-11-21T19:50:07Z', AT_MS],
    ['2026-11-21T20:50:07+01:00', AT_MS],
    ['2026-11-21T20:50:07 01:00', AT_MS],
    ['1795290607', AT_MS],
    ['1795290607.5', AT_MS + 500],
    ['1795290607500', AT_MS + 500],
    ['20261121195007', AT_MS],
    ['20261321195007', undefined],
    ['20261121255007', undefined],
    ['20260230195007', undefined],
    ['179529060750', undefined],
    ['-1', undefined],
    ['{utc}', undefined],
    ['', undefined],
  ];
  test.each(rows)('%p is %p', (text, ms) => {
    expect(parseTime(text)).toBe(ms as number);
  });
});

describe('parseLength()', () => {
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['30m', 1_800_000],
    ['90', 90_000],
    ['x', undefined],
  ];
  test.each(rows)('%p is %p', (text, ms) => {
    expect(parseLength(text)).toBe(ms as number);
  });
});
