// This file tests EXTINF and the numbers in it.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatDecimal } from '../../../src/media/m3u8/decimal.ts';
import { formatInf, MAX_DURATION, parseInf } from '../../../src/media/m3u8/inf.ts';

const ROWS: readonly (readonly [text: string, duration: number | undefined, title: string])[] = [
  ['9.009,', 9.009, ''],
  ['10,', 10, ''],
  ['10', 10, ''],
  ['10 ', 10, ''],
  ['10 , a title ', 10, 'a title'],
  ['4,a, title, with commas', 4, 'a, title, with commas'],
  ['.5,', 0.5, ''],
  ['5.,', 5, ''],
  ['+4,', 4, ''],
  ['0,', 0, ''],
  ['-0,', 0, ''],
  ['9.0090000004,', 9.009, ''],
  ['9,984,', 9.984, ''],
  ['9,984000,no desc', 9.984, 'no desc'],
  ['9,5,', 9.5, ''],
  ['10,24,Jack Bauer', 10, '24,Jack Bauer'],
  ['10,24', 10, '24'],
  ['10.0,24,', 10, '24,'],
  ['-1,Channel', undefined, 'Channel'],
  ['-1 tvg-id="a" group-title="b",Channel', undefined, 'Channel'],
  ['', undefined, ''],
  [',title', undefined, 'title'],
  ['abc,title', undefined, 'title'],
  ['NaN,', undefined, ''],
  ['Infinity,', undefined, ''],
  ['1e400,', undefined, ''],
  [`${MAX_DURATION},`, MAX_DURATION, ''],
  [`${MAX_DURATION + 1},`, undefined, ''],
];

describe('parseInf()', () => {
  for (const [text, duration, title] of ROWS) {
    test(`"${text}" lasts ${duration ?? 'no one knows how long'}, title "${title}"`, () => {
      expect(parseInf(text)).toStrictEqual({ duration, title });
    });
  }
});

describe('formatInf()', () => {
  test('writes at most six decimals, no exponent, and a point', () => {
    const written = [10, 9.009, 0.1 + 0.2, 1e-7, 4.00008, 1e6, 1 / 3].map((s) => formatInf(s, ''));
    const seconds = ['10.0', '9.009', '0.3', '0.0', '4.00008', '1000000.0', '0.333333'];
    expect(written).toEqual(seconds.map((text) => `#EXTINF:${text},`));
  });

  test('is read back, whatever duration and title', () => {
    const duration = fc.double({ min: 0, max: MAX_DURATION, noNaN: true });
    fc.assert(
      fc.property(duration, fc.string(), (seconds, title) => {
        const once = parseInf(formatInf(seconds, title.trim()).slice('#EXTINF:'.length));
        expect(once.title).toBe(title.trim());
        expect(once.duration).toBeCloseTo(seconds, 5);
        const twice = formatInf(once.duration as number, once.title);
        expect(parseInf(twice.slice('#EXTINF:'.length))).toStrictEqual(once);
      }),
    );
  });
});

describe('formatDecimal()', () => {
  test('never writes an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(formatDecimal(value)).toMatch(/^-?\d+(\.\d{1,6})?$/);
      }),
    );
  });
});
