// This file tests the errors of sources and the reading of Retry-After.
import { describe, expect, test } from 'bun:test';
import { parseRetryAfterMs, SourceStatusError } from '../../src/source/errors.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 0, 0);

describe('parseRetryAfterMs()', () => {
  for (const [value, expected] of [
    [null, undefined],
    ['', undefined],
    ['soon', undefined],
    ['0', 0],
    ['5', 5000],
    [' 120 ', 120_000],
    ['999999', 999_999_000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Thursday, 01-Jan-26 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['1e3', undefined],
    ['٥', undefined],
    ['5 seconds please', undefined],
  ] as const) {
    test(`of ${JSON.stringify(value)} is ${expected}`, () => {
      expect(parseRetryAfterMs(value, NOW)).toBe(expected as number);
    });
  }

  test('is never negative nor not a number, whatever is sent', () => {
    for (const value of ['-5', '1.5', '5,5', '+5', 'NaN', 'Infinity', '0x10', '9'.repeat(400)]) {
      const waitMs = parseRetryAfterMs(value, NOW);
      if (waitMs !== undefined) expect(waitMs).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('SourceStatusError', () => {
  test('says what was asked for and keeps what the answer said', () => {
    const error = new SourceStatusError('playlist', 503, 5000);
    expect(error.code).toBe('SOURCE_STATUS');
    expect(error.message).toContain('playlist');
    expect(error.message).toContain('503');
    expect([error.status, error.retryAfterMs]).toEqual([503, 5000]);
    expect(error.detail).toEqual({ status: 503, retryAfterMs: 5000 });
    expect(new SourceStatusError('segment', 404, undefined).detail).toEqual({ status: 404 });
  });
});
