// This file tests that a broken packed audio segment is told from a whole one.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { checkPackedAudio } from '../../../src/media/packed-audio/check.ts';
import { bytesOf, concat, cutAt, cutsOf } from '../chunks.ts';

/** An ADTS frame: AAC-LC, 44.1 kHz, stereo. */
function adts(size: number): Uint8Array {
  const frame = new Uint8Array(Math.max(size, 7)).fill(0x21);
  frame.set([
    0xff,
    0xf1,
    0x50,
    0x80 | (size >> 11),
    (size >> 3) & 0xff,
    ((size & 7) << 5) | 0x1f,
    0xfc,
  ]);
  return frame;
}

/** An ID3 tag as RFC 8216 §3.4 has it, with room for `size` bytes. */
function id3(size: number, flags = 0): Uint8Array {
  const synchsafe = [(size >> 21) & 0x7f, (size >> 14) & 0x7f, (size >> 7) & 0x7f, size & 0x7f];
  return concat(bytesOf('ID3'), [4, 0, flags, ...synchsafe], new Uint8Array(size));
}

const FRAMES = concat(adts(7), adts(200), adts(1800), adts(371));
const MP3 = [0xff, 0xfb, 0x90, 0x64, 0, 0, 0, 0];
const AC3 = [0x0b, 0x77, 1, 2, 3, 4, 5, 6];

type Row = {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly reason?: string;
  readonly offset?: number;
};

const ROWS: readonly Row[] = [
  { name: 'AAC', bytes: FRAMES },
  { name: 'AAC behind ID3', bytes: concat(id3(63), FRAMES) },
  {
    name: 'AAC behind ID3 with a footer',
    bytes: concat(id3(300, 0x10), new Uint8Array(10), FRAMES),
  },
  { name: 'AAC behind two ID3 tags', bytes: concat(id3(63), id3(0), FRAMES) },
  { name: 'ID3 between frames', bytes: concat(FRAMES, id3(200), FRAMES) },
  { name: 'the last frame cut', bytes: FRAMES.subarray(0, -5) },
  { name: 'the last header cut', bytes: concat(FRAMES, [0xff, 0xf1]) },
  { name: 'MP3', bytes: concat(MP3) },
  { name: 'MP3 behind ID3', bytes: concat(id3(63), MP3) },
  { name: 'AC-3 behind ID3', bytes: concat(id3(63), AC3) },
  { name: 'nothing', bytes: concat(), reason: 'it ends before its first frame, wanted audio' },
  {
    name: 'nothing but ID3',
    bytes: id3(63),
    reason: 'it ends before its first frame, wanted audio',
    offset: 73,
  },
  {
    name: 'ID3 cut in its header',
    bytes: id3(63).subarray(0, 8),
    reason: 'an ID3 tag is cut off, wanted its header',
  },
  {
    name: 'ID3 cut in its body',
    bytes: id3(200).subarray(0, 50),
    reason: 'an ID3 tag is cut off, wanted 210 bytes',
  },
  {
    name: 'one frame, cut',
    bytes: adts(200).subarray(0, 100),
    reason: 'its only frame is cut off, wanted 200 bytes',
  },
  { name: 'no sync', bytes: new Uint8Array(100), reason: 'no frame begins here, wanted audio' },
  {
    name: 'sync lost after a frame',
    bytes: concat(adts(50), new Uint8Array(100)),
    reason: 'no frame begins here, wanted audio',
    offset: 50,
  },
  {
    name: 'another format after a frame',
    bytes: concat(adts(50), MP3),
    reason: 'no frame begins here, wanted audio',
    offset: 50,
  },
  {
    name: 'a byte lost',
    bytes: concat(FRAMES.subarray(0, 100), FRAMES.subarray(101)),
    reason: 'no frame begins here, wanted audio',
    offset: 207,
  },
  {
    name: 'a frame too small',
    bytes: adts(6),
    reason: 'an ADTS frame has size 6, wanted 7 at least',
  },
];

describe('checkPackedAudio()', () => {
  for (const { name, bytes, reason, offset } of ROWS) {
    test(`${name}: ${reason ?? 'whole'}`, () => {
      const wanted = reason === undefined ? undefined : { reason, offset: offset ?? 0 };
      expect(checkPackedAudio([bytes])).toEqual(wanted);
    });
  }

  test('says the same however the bytes are cut into chunks', () => {
    for (const { bytes } of ROWS) {
      const wanted = checkPackedAudio([bytes]);
      fc.assert(
        fc.property(cutsOf(bytes), (cuts) => {
          expect(checkPackedAudio(cutAt(bytes, cuts))).toEqual(wanted);
        }),
        { numRuns: 30 },
      );
    }
  });

  test('any bytes are judged, none crash it', () => {
    const start = fc.constantFrom(id3(5), adts(20), concat());
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 100 }), (head, junk) => {
        const flaw = checkPackedAudio([head, junk]);
        if (flaw !== undefined) expect(flaw.offset).toBeLessThanOrEqual(head.length + junk.length);
      }),
    );
  });
});
