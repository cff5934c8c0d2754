// This file tests when an endless stream is taken to be late.
import { describe, expect, test } from 'bun:test';
import { StreamSigns } from '../../../src/prefetch/rendition/stream-signs.ts';

/** Clock of the stream seen to go on at these seconds; is it late then? */
const ROWS: readonly (readonly [string, readonly number[], number, number, boolean])[] = [
  ['nothing is known of a clock that was never seen', [], 60, 2, false],
  ['half a target duration', [0, 0.5, 1], 2, 2, true],
  ['less than that', [0, 0.5, 1], 1.9, 2, false],
  ['half of a long one', [0, 0.5, 1], 5.9, 10, false],
  ['half of a long one, over', [0, 0.5, 1], 6, 10, true],
  ['a second at least, since it is told of twice in that', [0, 0.5, 1], 1.9, 1, false],
  ['longer than it usually stands', [0, 2, 4], 6.9, 2, false],
  ['much longer than that', [0, 2, 4], 7, 2, true],
];

describe('StreamSigns.isLate()', () => {
  test.each(ROWS)('%s', (_, movedS, atS, targetS, isLate) => {
    const signs = new StreamSigns(0);
    for (const second of movedS) signs.received(second * 1000, 'moves');
    signs.received(atS * 1000, 'still');
    expect(signs.isLate(atS * 1000, targetS * 1000)).toBe(isLate);
  });

  test('what is read no further, since enough is here, is not late', () => {
    const signs = new StreamSigns(0);
    for (let ms = 0; ms <= 20_000; ms += 500) signs.received(ms, 'ahead');
    expect(signs.isLate(20_500, 2000)).toBe(false);
  });
});
