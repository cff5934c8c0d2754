// This file tests which access units count as a picture of one colour.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isFlatPicture, type PictureCodec } from '../../../src/media/codec/flat-picture.ts';

const CODE = [0, 0, 1];
const SAME = Array.from({ length: 3000 }, () => 0x5a);
/** No four bytes of it come twice. */
const NEWS = Array.from({ length: 300 }, (_, index) => [index >> 8, index & 0xff, 7]).flat();

/** first_mb_in_slice 0 and slice_type I, P; nal_unit_type 1 and 5. */
const I = [0x41, 0b1_0001000];
const P = [0x41, 0b1_1_000000];
const IDR = [0x65, 0b1_0001000];
/** first_mb_in_slice 6: not the first slice. */
const I_LATER = [0x41, 0b00111_000, 0b1000_0000];

const unit = (...parts: readonly (readonly number[])[]) => Uint8Array.from(parts.flat());

const ROWS: readonly (readonly [
  name: string,
  codec: PictureCodec,
  unit: Uint8Array,
  isFlat: boolean | undefined,
])[] = [
  ['an IDR picture that says one thing', 'h264', unit(CODE, IDR, SAME), true],
  ['one that says much', 'h264', unit(CODE, IDR, NEWS), false],
  ['an I picture', 'h264', unit(CODE, I, SAME), true],
  ['slices of I', 'h264', unit(CODE, I, SAME, CODE, I_LATER, SAME), true],
  ['the second of them says much', 'h264', unit(CODE, I, SAME, CODE, I_LATER, NEWS), false],
  ['a P picture', 'h264', unit(CODE, P, SAME), undefined],
  ['a second field of P', 'h264', unit(CODE, I, SAME, CODE, P, NEWS), true],
  ['data partitions', 'h264', unit(CODE, [0x42, 0x88], SAME), undefined],
  [
    'headers, messages and filler',
    'h264',
    unit(CODE, [0x67], NEWS, CODE, [0x06], NEWS, CODE, IDR, SAME, CODE, [0x0c], NEWS),
    true,
  ],
  ['no slice', 'h264', unit(CODE, [0x67], SAME), undefined],
  ['nothing', 'h264', unit(), undefined],
  ['an IDR picture of HEVC', 'hevc', unit(CODE, [0x26, 0x01, 0x80], SAME), true],
  ['a CRA picture that says much', 'hevc', unit(CODE, [0x2a, 0x01, 0x80], NEWS), false],
  ['a trailing picture', 'hevc', unit(CODE, [0x02, 0x01, 0x80], SAME), undefined],
  [
    'messages behind it',
    'hevc',
    unit(CODE, [0x26, 0x01, 0x80], SAME, CODE, [0x50, 0x01], NEWS),
    true,
  ],
  [
    'another layer',
    'hevc',
    unit(CODE, [0x26, 0x01, 0x80], SAME, CODE, [0x26, 0x09, 0x80], NEWS),
    true,
  ],
  [
    'an I picture of MPEG-2',
    'mpeg2video',
    unit(CODE, [0, 0, 0x08], CODE, [1], SAME, CODE, [2], SAME),
    true,
  ],
  ['a P picture of MPEG-2', 'mpeg2video', unit(CODE, [0, 0, 0x10], CODE, [1], SAME), undefined],
  [
    'headers before it',
    'mpeg2video',
    unit(CODE, [0xb3], NEWS, CODE, [0, 0, 0x08], CODE, [1], SAME),
    true,
  ],
  [
    'a second field',
    'mpeg2video',
    unit(CODE, [0, 0, 0x08], CODE, [1], SAME, CODE, [0, 0, 0x10], CODE, [1], NEWS),
    true,
  ],
  [
    'one that says much',
    'mpeg2video',
    unit(CODE, [0, 0, 0x08], CODE, [1], SAME, CODE, [2], NEWS),
    false,
  ],
];

describe('isFlatPicture()', () => {
  test.each(ROWS)('%s (%s)', (_name, codec, bytes, isFlat) => {
    expect(isFlatPicture(codec, bytes)).toBe(isFlat);
  });

  test('more bytes than a picture of one colour has, however alike', () => {
    const bytes = new Uint8Array(2 * 1024 * 1024).fill(0x5a);
    bytes.set([...CODE, ...IDR]);
    expect(isFlatPicture('h264', bytes)).toBe(false);
  });

  test('takes any bytes', () => {
    const codecs = fc.constantFrom<PictureCodec>('h264', 'hevc', 'mpeg2video');
    const byte = fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(codecs, fc.array(byte, { maxLength: 400 }), (codec, bytes) => {
        expect([true, false, undefined]).toContain(isFlatPicture(codec, Uint8Array.from(bytes)));
      }),
      { numRuns: 1000 },
    );
  });
});
