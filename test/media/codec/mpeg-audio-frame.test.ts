// This file tests which frames of MPEG audio count as silent.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isSilentMpegAudio } from '../../../src/media/codec/mpeg-audio-frame.ts';
import { parseMpegAudioHeader } from '../../../src/media/codec/mpeg-audio-header.ts';

/** A frame with this header and nothing in it. */
function empty(...header: readonly number[]): Uint8Array {
  const found = parseMpegAudioHeader(Uint8Array.from(header), 0);
  const frame = new Uint8Array(found?.frameBytes ?? header.length);
  frame.set(header);
  return frame;
}

const HEADERS = [
  ['layer II, 192 kbit/s at 48 kHz', [0xff, 0xfd, 0xa4, 0x00], 2, 576, 1152, 48_000],
  ['layer II, 192 kbit/s at 44.1 kHz, padded', [0xff, 0xfd, 0xa2, 0x00], 2, 627, 1152, 44_100],
  ['layer II, 64 kbit/s at 24 kHz', [0xff, 0xf5, 0x84, 0x00], 2, 384, 1152, 24_000],
  ['layer III, 128 kbit/s at 48 kHz', [0xff, 0xfb, 0x94, 0x00], 3, 384, 1152, 48_000],
  ['layer III, 64 kbit/s at 24 kHz', [0xff, 0xf3, 0x84, 0x00], 3, 192, 576, 24_000],
  ['layer III, 32 kbit/s at 12 kHz', [0xff, 0xe3, 0x44, 0x00], 3, 192, 576, 12_000],
] as const;

const NONE: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ['layer I', [0xff, 0xff, 0xa4, 0x00]],
  ['a reserved layer', [0xff, 0xf9, 0xa4, 0x00]],
  ['a reserved version', [0xff, 0xed, 0xa4, 0x00]],
  ['free format', [0xff, 0xfd, 0x04, 0x00]],
  ['a reserved bit rate', [0xff, 0xfd, 0xf4, 0x00]],
  ['a reserved sampling rate', [0xff, 0xfd, 0xac, 0x00]],
  ['no sync word', [0xfe, 0xfd, 0xa4, 0x00]],
  ['three bytes', [0xff, 0xfd, 0xa4]],
];

describe('parseMpegAudioHeader()', () => {
  test.each(HEADERS)('%s', (_name, bytes, layer, frameBytes, samples, sampleRate) => {
    const header = parseMpegAudioHeader(Uint8Array.from(bytes), 0);
    expect(header).toMatchObject({ layer, frameBytes, samples, sampleRate });
  });

  test.each(NONE)('none of %s', (_name, bytes) => {
    expect(parseMpegAudioHeader(Uint8Array.from(bytes), 0)).toBeUndefined();
  });
});

function isSilent(frame: Uint8Array): boolean {
  const header = parseMpegAudioHeader(frame, 0);
  return header !== undefined && isSilentMpegAudio(frame, header);
}

describe('isSilentMpegAudio()', () => {
  test.each(HEADERS)('nothing in %s', (_name, bytes) => {
    expect(isSilent(empty(...bytes))).toBe(true);
  });

  test.each([
    ['the first subband', 4, 0x10],
    ['the second channel of the first', 4, 0x01],
    // 8 bits each for 11 subbands, 6 each for 12, 4 each for 4: the last one's
    ['the last', 4 + 22 - 1, 0x01],
  ])('an allocation in %s with a loud scale factor', (_name, at, bits) => {
    const frame = empty(0xff, 0xfd, 0xa4, 0x00);
    frame[at] = bits;
    expect(isSilent(frame)).toBe(false);
  });

  test('scale factors that nobody hears are silence', () => {
    const frame = empty(0xff, 0xfd, 0xa4, 0x00);
    frame[4] = 0x10;
    // scfsi 2: one scale factor, 62
    frame[26] = 0b10_111110;
    expect(isSilent(frame)).toBe(true);
    frame[26] = 0b10_101100;
    expect(isSilent(frame)).toBe(false);
  });

  test('a bit of spectrum in layer III', () => {
    const frame = empty(0xff, 0xfb, 0x94, 0x00);
    // main_data_begin 9, private 3, scfsi 8: part2_3_length of the first granule
    frame[4 + 3] = 0x01;
    expect(isSilent(frame)).toBe(false);
  });

  test('takes any bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...HEADERS), fc.uint8Array({ maxLength: 700 }), (row, rest) => {
        const frame = Uint8Array.of(...row[1], ...rest);
        expect(typeof isSilent(frame)).toBe('boolean');
      }),
    );
  });
});
