// This file tests where a piece of MPEG-TS is said to begin.
import { describe, expect, test } from 'bun:test';
import { firstPcr } from '../../../src/media/mpegts/media-clock.ts';
import { tsWithClock } from '../../support/ts-clock.ts';

/** Packets in the smaller and in the larger head that is looked at. */
const SMALL = 87;
const LARGE = 2788;

const ROWS: Record<string, readonly [readonly Uint8Array[], number | undefined]> = {
  'nothing at all': [[], undefined],
  'an empty piece': [[new Uint8Array(0)], undefined],
  'a clock in the first packet': [[tsWithClock(90_000)], 90_000],
  'a clock that is zero': [[tsWithClock(0)], 0],
  'the last tick before it begins anew': [[tsWithClock(2 ** 33 - 1)], 2 ** 33 - 1],
  'packets without one before it': [[tsWithClock(7, 50)], 7],
  'beyond the smaller head': [[tsWithClock(8, SMALL + 1)], 8],
  'at the end of the larger head': [[tsWithClock(9, LARGE - 2)], 9],
  'beyond the larger head': [[tsWithClock(10, LARGE + 1)], undefined],
  'the first of two': [[tsWithClock(11), tsWithClock(12)], 11],
  'a packet in two pieces': [
    [tsWithClock(13, 3).subarray(0, 600), tsWithClock(13, 3).subarray(600)],
    13,
  ],
  'half a packet': [[tsWithClock(14).subarray(0, 100)], undefined],
  'what is no MPEG-TS': [[new TextEncoder().encode('x'.repeat(1000))], undefined],
  'garbage after a packet without one': [
    [tsWithClock(1, 1).subarray(0, 188), new Uint8Array(188)],
    undefined,
  ],
};

describe('firstPcr()', () => {
  test.each(Object.entries(ROWS))('%s', (_name, [pieces, want]) => {
    expect(firstPcr(pieces)).toBe(want);
  });
});
