// This file tests the counting of AAC frames.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, integer, property } from 'fast-check';
import { AdtsCounter } from '../../../src/media/codec/adts.ts';

/** A frame of `length` bytes, header included; `rate` is the index of the sampling frequency. */
function frame(length: number, rate = 5, blocks = 1): number[] {
  const header = [
    0xff,
    0xf1,
    0x40 | (rate << 2),
    0x40 | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f,
    0xfc | (blocks - 1),
  ];
  return [...header, ...new Array<number>(length - 7).fill(0xff)];
}

function count(pieces: readonly (readonly number[])[]): number | undefined {
  const counter = new AdtsCounter();
  for (const piece of pieces) counter.read(Uint8Array.from(piece), 0, piece.length);
  return counter.seconds;
}

describe('AdtsCounter', () => {
  const rows = [
    { name: 'nothing', bytes: [], seconds: 0 },
    { name: 'one frame at 32 kHz', bytes: frame(100), seconds: 0.032 },
    { name: 'a frame that has only begun', bytes: frame(100).slice(0, 20), seconds: 0.032 },
    {
      name: 'frames of two and four blocks',
      bytes: [...frame(9, 3, 2), ...frame(8, 3, 4)],
      seconds: 0.128,
    },
    { name: 'the smallest frame', bytes: [...frame(7), ...frame(7)], seconds: 0.064 },
    { name: 'no ADTS', bytes: [1, 2, 3, 4, 5, 6, 7], seconds: undefined },
    { name: 'a frequency that is reserved', bytes: frame(100, 13), seconds: undefined },
    {
      name: 'a length less than the header',
      bytes: frame(100).with(4, 0).with(5, 0x9f),
      seconds: undefined,
    },
  ];
  for (const { name, bytes, seconds } of rows) {
    test(name, () => expect(count([bytes])).toBe(seconds as number));
  }

  test('counts the same however the bytes are cut', () => {
    const frames = array(integer({ min: 7, max: 40 }), { minLength: 1, maxLength: 8 });
    check(
      property(frames, integer({ min: 1, max: 50 }), (lengths, size) => {
        const bytes = lengths.flatMap((length) => frame(length));
        const pieces: number[][] = [];
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
        expect(count(pieces)).toBeCloseTo(lengths.length * 0.032, 9);
      }),
    );
  });

  test('goes on with a frame that crosses into the next packet, and begins anew when lost', () => {
    const counter = new AdtsCounter();
    const read = (bytes: readonly number[]) =>
      counter.read(Uint8Array.from(bytes), 0, bytes.length);
    read(frame(30).slice(0, 20));
    counter.begin();
    read([...frame(30).slice(20), ...frame(30)]);
    expect(counter.seconds).toBe(0.032);
    read([0, 0, 0, 0, 0, 0, 0]);
    expect(counter.seconds).toBeUndefined();
    counter.begin();
    read(frame(30));
    expect(counter.seconds).toBe(0.032);
  });
});
