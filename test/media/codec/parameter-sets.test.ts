// This file tests what is read of sequence parameter sets.
import { describe, expect, test } from 'bun:test';
import { assert as check, property, uint8Array } from 'fast-check';
import { parseH264Sps } from '../../../src/media/codec/h264-sps.ts';
import { parseHevcSps } from '../../../src/media/codec/hevc-sps.ts';
import { SPS } from '../../support/live/parameter-sets.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const EIGHT = { chromaFormat: 1, lumaBits: 8, chromaBits: 8 };

describe('parseH264Sps()', () => {
  test.each([
    ['encoder-baseline-720', Uint8Array.from(SPS), { width: 1280, height: 720, ...EIGHT }],
    [
      'x264-high-1080-cropped',
      hex('67640028acd940780227e5c05a808080a0000003002000000781e30632c0'),
      { width: 1920, height: 1080, ...EIGHT },
    ],
  ])('%s', (_, unit, wanted) => {
    expect(parseH264Sps(unit)).toEqual(wanted);
  });

  test('what is cut off is none', () => {
    for (let size = 0; size < 9; size++) {
      expect(parseH264Sps(Uint8Array.from(SPS.slice(0, size)))).toBeUndefined();
    }
  });

  test('whatever comes, a size that can be or none', () => {
    check(
      property(uint8Array({ maxLength: 60 }), (bytes) => {
        for (const format of [parseH264Sps(bytes), parseHevcSps(bytes)]) {
          if (format === undefined) continue;
          expect(format.width).toBeWithin(1, 16_385);
          expect(format.height).toBeWithin(1, 16_385);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseHevcSps()', () => {
  test('x265-main-320x180', () => {
    const unit = hex(
      '42 01 01 01 60 00 00 03 00 90 00 00 03 00 00 03 00 3c a0 0a 08 0b 9f 79 65 79 24 ca e0 10 00 00 03 00 10 00 00 03 01 90 80',
    );
    expect(parseHevcSps(unit)).toMatchObject({ width: 320, height: 180, ...EIGHT, subLayers: 1 });
  });
});
