// This file tests the dates of playlists.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatDateTime, parseDateTime } from '../../../src/media/m3u8/date-time.ts';

const NOON = Date.UTC(2026, 2, 1, 12, 0, 0);

const ROWS: readonly (readonly [text: string, ms: number | undefined])[] = [
  ['2026-03-01T12:00:00Z', NOON],
  ['2026-03-01T12:00:00.5Z', NOON + 500],
  ['2026-03-01T12:00:00.123456789Z', NOON + 123],
  ['2026-03-01T12:00:00,250Z', NOON + 250],
  ['2026-03-01T14:00:00.000+02:00', NOON],
  ['2026-03-01T14:00:00.000+0200', NOON],
  ['2026-03-01T14:00:00+02', NOON],
  ['2026-03-01T06:30:00-0530', NOON],
  ['2026-03-01T12:00:00', NOON],
  ['2026-03-01T12:00:00.040', NOON + 40],
  ['2026-03-01T12:00Z', NOON],
  ['2026-03-01 12:00:00Z', NOON],
  ['2026-03-01t12:00:00z', NOON],
  ['2026-03-01T12:00:00 UTC', NOON],
  ['20260301T120000Z', NOON],
  ['20260301T140000+0200', NOON],
  ['"2026-03-01T12:00:00Z"', NOON],
  ['2026-03-01T11:59:60Z', NOON],
  ['2026-03-01T24:00:00Z', Date.UTC(2026, 2, 2)],
  ['1970-01-01T00:00:00Z', 0],
  ['1899-12-31T23:59:59Z', undefined],
  ['1900-01-01T00:00:00+01:00', undefined],
  ['9999-12-31T23:59:59.999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ['9999-12-31T23:59:59-01:00', undefined],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-00-01T00:00:00Z', undefined],
  ['2026-03-32T00:00:00Z', undefined],
  ['2026-03-01T25:00:00Z', undefined],
  ['2026-03-01T12:60:00Z', undefined],
  ['2026-03-01', undefined],
  ['1772366400', undefined],
  ['yesterday', undefined],
  ['', undefined],
];

describe('parseDateTime()', () => {
  for (const [text, ms] of ROWS) {
    test(`${text === '' ? 'nothing' : text} is ${ms ?? 'not a date'}`, () => {
      expect(parseDateTime(text)).toBe(ms as number);
    });
  }

  test('reads what formatDateTime() wrote', () => {
    const first = Date.UTC(1900, 0, 1);
    const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
    fc.assert(
      fc.property(fc.integer({ min: first, max: last }), (ms) => {
        const text = formatDateTime(ms);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(parseDateTime(text)).toBe(ms);
      }),
    );
  });
});
