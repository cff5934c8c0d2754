// This file tests what is read of the frames of sound.
import { describe, expect, test } from 'bun:test';
import { assert as check, property, uint8Array } from 'fast-check';
import { readAac, readAc3, readMpegAudio } from '../../../src/media/codec/sound-frame.ts';

const bytes = (...values: number[]) => Uint8Array.from([...values, ...new Array(16).fill(0)]);

describe('sound frames', () => {
  test.each([
    // profile LC, 48 kHz, two channels, 200 bytes
    ['AAC', readAac, [0xff, 0xf1, 0x4c, 0x80, 0x19, 0x1f, 0xfc], [200, 7, 1024, 48_000, 2]],
    [
      'AAC with a checksum',
      readAac,
      [0xff, 0xf0, 0x4c, 0x80, 0x19, 0x1f, 0xfc],
      [200, 9, 1024, 48_000, 2],
    ],
    // 48 kHz, 192 kbit/s, bsid 8, two channels
    ['AC-3', readAc3, [0x0b, 0x77, 0, 0, 0x14, 0x40, 0x40], [768, 0, 1536, 48_000, 2]],
    [
      'AC-3 at 44.1 kHz, the longer frame',
      readAc3,
      [0x0b, 0x77, 0, 0, 0x55, 0x40, 0x40],
      [836, 0, 1536, 44_100, 2],
    ],
    // bsid 16, six blocks, two channels, 384 words
    ['E-AC-3', readAc3, [0x0b, 0x77, 0x01, 0x7f, 0x34, 0x80, 0], [768, 0, 1536, 48_000, 2]],
    ['layer II', readMpegAudio, [0xff, 0xfd, 0xa4, 0], [576, 0, 1152, 48_000, 2]],
    ['layer III, padded', readMpegAudio, [0xff, 0xfb, 0x92, 0], [418, 0, 1152, 44_100, 2]],
    [
      'layer III of MPEG-2, mono',
      readMpegAudio,
      [0xff, 0xf3, 0x80, 0xc0],
      [208, 0, 576, 22_050, 1],
    ],
  ] as const)('%s', (_, read, head, wanted) => {
    const frame = read(bytes(...head), 0);
    expect([
      frame?.frameBytes,
      frame?.headerBytes,
      frame?.samples,
      frame?.config.sampleRate,
      frame?.config.channels,
    ]).toEqual([...wanted]);
  });

  test.each([
    ['AAC of several blocks', readAac, [0xff, 0xf1, 0x4c, 0x80, 0x19, 0x1f, 0xfd]],
    ['AAC whose channels stand in the frame', readAac, [0xff, 0xf1, 0x4c, 0x00, 0x19, 0x1f, 0xfc]],
    ['AC-3 of a reserved rate', readAc3, [0x0b, 0x77, 0, 0, 0xd4, 0x40, 0x40]],
    ['layer I', readMpegAudio, [0xff, 0xff, 0xa4, 0]],
    ['free format', readMpegAudio, [0xff, 0xfd, 0x04, 0]],
  ] as const)('%s is none that can be carried', (_, read, head) => {
    expect(read(bytes(...head), 0)).toBeUndefined();
  });

  test('whatever comes, a frame has bytes and lasts', () => {
    check(
      property(uint8Array({ minLength: 2, maxLength: 20 }), (noise) => {
        const heads = [
          [0xff, 0xf1],
          [0x0b, 0x77],
          [0xff, 0xfb],
        ];
        for (const [index, read] of [readAac, readAc3, readMpegAudio].entries()) {
          const frame = read(Uint8Array.from([...heads[index]!, ...noise]), 0);
          if (frame === undefined) continue;
          expect(frame.frameBytes).toBeGreaterThan(0);
          expect(frame.samples).toBeGreaterThan(0);
          expect(frame.config.sampleRate).toBeGreaterThan(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
