// This file tests how NAL units are found in a byte stream.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, constantFrom, integer, property, uint8Array } from 'fast-check';
import { splitByteStream } from '../../../src/media/codec/byte-stream.ts';

const units = (...bytes: number[]) => splitByteStream(Uint8Array.from(bytes)).map((u) => [...u]);

describe('splitByteStream()', () => {
  test.each<[string, number[], number[][]]>([
    ['nothing', [], []],
    ['no start code', [1, 2, 3], []],
    ['three and four bytes', [0, 0, 1, 9, 5, 0, 0, 0, 1, 8], [[9, 5], [8]]],
    ['what stands before the first', [7, 7, 0, 0, 1, 9], [[9]]],
    ['zeros behind a unit', [0, 0, 1, 9, 0, 0, 0], [[9]]],
    ['an empty unit', [0, 0, 1, 0, 0, 1, 9], [[9]]],
    ['a start code alone', [0, 0, 1], []],
    ['ones that are no start', [0, 0, 1, 1, 0, 1, 1], [[1, 0, 1, 1]]],
  ])('%s', (_, bytes, wanted) => {
    expect(units(...bytes)).toEqual(wanted);
  });

  test('gives back what was put together', () => {
    // A unit has no two zeros in a row, and ends in no zero
    const unit = uint8Array({ minLength: 1, maxLength: 40, min: 1 });
    const code = constantFrom([0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0, 1]);
    check(
      property(array(unit, { maxLength: 12 }), code, (parts, start) => {
        const bytes = parts.flatMap((part) => [...start, ...part]);
        expect(units(...bytes)).toEqual(parts.map((part) => [...part]));
      }),
    );
  });

  test('a picture of more units than any has is refused', () => {
    const bytes = new Uint8Array(10_001 * 4).map((_, index) => ([0, 0, 1, 9] as const)[index % 4]!);
    expect(() => splitByteStream(bytes)).toThrow('more than 10000 NAL units');
    expect(splitByteStream(bytes.subarray(4)).length).toBe(10_000);
  });

  test('takes whatever there is', () => {
    check(
      property(array(integer({ min: 0, max: 2 }), { maxLength: 60 }), (bytes) => {
        for (const unit of units(...bytes)) expect(unit.at(-1)).not.toBe(0);
      }),
    );
  });
});
