// This file tests how the Range header is read.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type ByteInterval, parseRange } from '../../src/delivery/range.ts';

type Row = readonly [
  header: string | null,
  sizeBytes: number,
  wanted: ByteInterval | 'unsatisfiable' | undefined,
];

const ROWS: readonly Row[] = [
  // RFC 9110 §14.1.2: the examples of a body of 10,000 bytes
  ['bytes=0-499', 10_000, { first: 0, last: 499 }],
  ['bytes=500-999', 10_000, { first: 500, last: 999 }],
  ['bytes=-500', 10_000, { first: 9500, last: 9999 }],
  ['bytes=9500-', 10_000, { first: 9500, last: 9999 }],
  ['bytes=0-0', 10_000, { first: 0, last: 0 }],
  ['bytes=-1', 10_000, { first: 9999, last: 9999 }],
  ['bytes=0-', 1, { first: 0, last: 0 }],
  ['  bytes=0-1 ', 10, { first: 0, last: 1 }],
  ['bytes=3-99', 10, { first: 3, last: 9 }],
  ['bytes=-99', 10, { first: 0, last: 9 }],
  ['bytes=007-008', 10, { first: 7, last: 8 }],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=10-20', 10, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-5', 0, 'unsatisfiable'],
  // Malformed or of several: the whole
  [null, 10, undefined],
  ['', 10, undefined],
  ['bytes=-', 10, undefined],
  ['bytes=5-3', 10, undefined],
  ['bytes=0-1,3-4', 10, undefined],
  ['bytes=a-b', 10, undefined],
  ['bytes=0x1-2', 10, undefined],
  ['bytes=+1-2', 10, undefined],
  ['bytes=1.5-2', 10, undefined],
  ['bytes=1e3-', 10_000, undefined],
  ['bytes= 0-1', 10, undefined],
  ['items=0-1', 10, undefined],
  ['bytes 0-1', 10, undefined],
  ['bytes=0-9999999999999999', 10, undefined],
  ['bytes=0-999999999999999', 10, { first: 0, last: 9 }],
];

describe('parseRange()', () => {
  for (const [header, sizeBytes, wanted] of ROWS) {
    test(`${JSON.stringify(header)} of ${sizeBytes} bytes`, () => {
      expect(parseRange(header, sizeBytes)).toEqual(wanted as ByteInterval);
    });
  }

  test('never leaves the body, and gives what Array.slice gives', () => {
    const number = fc.nat(50);
    fc.assert(
      fc.property(number, number, number, (from, to, sizeBytes) => {
        const range = parseRange(`bytes=${from}-${to}`, sizeBytes);
        const all = Array.from({ length: sizeBytes }, (_, index) => index);
        if (to < from) return expect(range).toBeUndefined();
        if (range === undefined) throw new Error('not read');
        const got = range === 'unsatisfiable' ? [] : all.slice(range.first, range.last + 1);
        expect(got).toEqual(all.slice(from, to + 1));
        expect(range === 'unsatisfiable').toBe(from >= sizeBytes);
      }),
    );
  });

  test('reads anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(1000), (text, sizeBytes) => {
        const range = parseRange(`bytes=${text}`, sizeBytes);
        if (range === undefined || range === 'unsatisfiable') return;
        expect(range.first).toBeGreaterThanOrEqual(0);
        expect(range.last).toBeGreaterThanOrEqual(range.first);
        expect(range.last).toBeLessThan(sizeBytes);
      }),
    );
  });
});
