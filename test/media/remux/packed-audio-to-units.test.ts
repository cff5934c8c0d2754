// This file tests how packed AAC becomes PES packets.
import { describe, expect, test } from 'bun:test';
import { assert as check, property, uint8Array } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { createPackedAudioInput } from '../../../src/media/remux/packed-audio-to-units.ts';
import { type Bytes, join, text, u32, zeros } from '../../support/fmp4-boxes.ts';
import { id3Tag, stampFrame } from './id3-tags.ts';

/** A frame of `size` bytes; `rate` is the index of 48 kHz. */
function frame(size: number, rate = 3): Uint8Array {
  const header = [
    0xff,
    0xf1,
    0x40 | (rate << 2),
    0x80 | (size >> 11),
    (size >> 3) & 0xff,
    ((size & 7) << 5) | 0x1f,
    0xfc,
  ];
  return join(header, new Array<number>(size - 7).fill(0x21));
}

const frames = (count: number) => join(...Array.from({ length: count }, () => frame(20)));
const timesOf = (segment: Bytes, input = createPackedAudioInput()) =>
  input.demux(join(segment)).units.map(({ dts, bytes }) => [dts, bytes.length]);

describe('createPackedAudioInput()', () => {
  const rows = [
    {
      name: 'frames after a tag',
      segment: join(id3Tag(stampFrame(9000n)), frames(5)),
      value: [
        [9000, 60],
        [14_760, 40],
      ],
    },
    {
      name: 'a time of 33 bits',
      segment: join(id3Tag(stampFrame(2n ** 33n - 1n)), frames(1)),
      value: [[2 ** 33 - 1, 20]],
    },
    {
      name: 'a time of more',
      segment: join(id3Tag(stampFrame(2n ** 40n + 5n)), frames(1)),
      value: [[5, 20]],
    },
    {
      name: 'other frames in the tag',
      segment: join(id3Tag(join(text('TIT2'), u32(3), zeros(5), stampFrame(7n))), frames(1)),
      value: [[7, 20]],
    },
    {
      name: 'a tag of version 3',
      segment: join(id3Tag(join(text('TIT2'), u32(200), zeros(202), stampFrame(7n)), 3), frames(1)),
      value: [[7, 20]],
    },
    {
      name: 'a second tag with another time',
      segment: join(id3Tag(stampFrame(0n)), frames(1), id3Tag(stampFrame(90_000n)), frames(1)),
      value: [
        [0, 20],
        [90_000, 20],
      ],
    },
    {
      name: 'a second tag without time',
      segment: join(id3Tag(stampFrame(0n)), frames(1), id3Tag([]), frames(1)),
      value: [
        [0, 20],
        [1920, 20],
      ],
    },
    {
      name: 'a frame cut off at the end',
      segment: join(id3Tag(stampFrame(0n)), frames(1), frame(20).subarray(0, 12)),
      value: [[0, 20]],
    },
    {
      name: 'a header cut off at the end',
      segment: join(id3Tag(stampFrame(0n)), frames(1), [0xff, 0xf1]),
      value: [[0, 20]],
    },
    { name: 'nothing but a tag', segment: id3Tag(stampFrame(0n)), value: [] },
  ];
  for (const { name, segment, value } of rows) {
    test(name, () => expect(timesOf(segment)).toEqual(value));
  }

  test('at 44.1 kHz no tick is lost', () => {
    const segment = join(
      id3Tag(stampFrame(0n)),
      ...Array.from({ length: 4410 }, () => frame(9, 4)),
    );
    const { endTicks } = createPackedAudioInput().demux(segment);
    expect(endTicks).toBe(1024 * 9000);
  });

  test('without a tag a segment goes on where the last one ended', () => {
    const input = createPackedAudioInput();
    timesOf(join(id3Tag(stampFrame(90_000n)), frames(10)), input);
    expect(timesOf(frames(1), input)).toEqual([[109_200, 20]]);
  });

  const refused = [
    { name: 'no time at all', segment: frames(1), says: 'it has no ID3 timestamp, wanted one' },
    {
      name: 'a tag of another owner',
      segment: join(id3Tag(stampFrame(1n, 'com.example')), frames(1)),
      says: 'it has no ID3 timestamp',
    },
    {
      name: 'MP3',
      segment: join(id3Tag(stampFrame(1n)), [0xff, 0xfb, 0x90, 0, 0, 0, 0, 0]),
      says: 'no frame begins here, wanted AAC in ADTS',
    },
  ];
  for (const { name, segment, says } of refused) {
    test(`refuses ${name}`, () => {
      expect(() => timesOf(segment)).toThrow(`Cannot remux packed audio: ${says}`);
      expect(() => timesOf(segment)).toThrow(FormatError);
    });
  }

  test('noise is refused or has frames in it', () => {
    const begin = id3Tag(stampFrame(0n));
    check(
      property(uint8Array({ maxLength: 80 }), (noise) => {
        for (const segment of [noise, join(begin, noise), join(text('ID3'), noise)]) {
          try {
            for (const [, size = 0] of timesOf(segment))
              expect(size).toBeLessThanOrEqual(segment.length);
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        }
      }),
    );
  });
});
