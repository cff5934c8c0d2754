// This file tests that a broken fragmented MP4 segment is told from a whole one.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { checkFragments, type SegmentRole } from '../../../src/media/fmp4/check.ts';
import { bytesOf, concat, cutAt, cutsOf } from '../chunks.ts';

/** A box of the top level, its size written as told. */
function box(type: string, payloadBytes: number, size = payloadBytes + 8): Uint8Array {
  const bytes = new Uint8Array(8 + payloadBytes).fill(0xa5);
  new DataView(bytes.buffer).setUint32(0, size);
  bytes.set(bytesOf(type), 4);
  return bytes;
}

/** A box with a 64-bit size. */
function largeBox(type: string, payloadBytes: number, high = 0, low = payloadBytes + 16) {
  const bytes = new Uint8Array(16 + payloadBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1);
  bytes.set(bytesOf(type), 4);
  view.setUint32(8, high);
  view.setUint32(12, low);
  return bytes;
}

const INIT = concat(box('ftyp', 16), box('moov', 300));
const MEDIA = concat(box('styp', 16), box('sidx', 44), box('moof', 100), box('mdat', 500));
const CMAF = concat(MEDIA, box('prft', 24), box('emsg', 60), box('moof', 90), largeBox('mdat', 70));

type Row = {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly role: SegmentRole;
  /** Nothing where it is whole. */
  readonly reason?: string;
  readonly offset?: number;
};

const ROWS: readonly Row[] = [
  { name: 'media', bytes: MEDIA, role: 'media' },
  { name: 'media of several fragments', bytes: CMAF, role: 'media' },
  { name: 'an init segment', bytes: INIT, role: 'init' },
  { name: 'an init segment with media behind it', bytes: concat(INIT, MEDIA), role: 'media' },
  { name: 'the same as an init segment', bytes: concat(INIT, MEDIA), role: 'init' },
  { name: 'either: media', bytes: MEDIA, role: 'either' },
  { name: 'either: init', bytes: INIT, role: 'either' },
  { name: 'an empty mdat', bytes: concat(box('moof', 8), box('mdat', 0)), role: 'media' },
  {
    name: 'a QuickTime name',
    bytes: concat(concat([0, 0, 0, 8, 0xa9], bytesOf('nam')), MEDIA),
    role: 'media',
  },
  {
    name: 'init where media is wanted',
    bytes: INIT,
    role: 'media',
    reason: 'it has no moof, wanted one',
  },
  {
    name: 'media where init is wanted',
    bytes: MEDIA,
    role: 'init',
    reason: 'it has no moov, wanted one',
  },
  {
    name: 'neither',
    bytes: box('free', 9),
    role: 'either',
    reason: 'it has no moof and no moov, wanted one',
  },
  {
    name: 'a lone mdat',
    bytes: box('mdat', 9),
    role: 'media',
    reason: 'it has no moof, wanted one',
  },
  {
    name: 'a cut between moof and mdat',
    bytes: MEDIA.subarray(0, 24 + 52 + 108),
    role: 'media',
    reason: 'a moof is the last box, wanted mdat',
    offset: 76,
  },
  {
    name: 'size 0',
    bytes: concat(box('moof', 8), box('mdat', 100, 0)),
    role: 'media',
    reason: 'box mdat has size 0, wanted 8 at least',
    offset: 16,
  },
  {
    name: 'size 7',
    bytes: box('moof', 100, 7),
    role: 'media',
    reason: 'box moof has size 7, wanted 8 at least',
  },
  {
    name: 'a large size too small',
    bytes: largeBox('mdat', 9, 0, 15),
    role: 'media',
    reason: 'box mdat has size 15, wanted 16 at least',
  },
  {
    name: 'a large size past any file',
    bytes: largeBox('mdat', 9, 0xffffffff, 0xffffffff),
    role: 'media',
    reason: 'box mdat is cut off at 25 bytes, wanted 18446744073709552000',
  },
  {
    name: 'size past the end',
    bytes: box('moof', 10, 0xffffffff),
    role: 'media',
    reason: 'box moof is cut off at 18 bytes, wanted 4294967295',
  },
  {
    name: 'junk behind the last box',
    bytes: concat(MEDIA, [0, 0, 0, 9, 1, 2, 3, 4, 5]),
    role: 'media',
    reason: 'a box has an unreadable type, wanted four letters',
    offset: MEDIA.length,
  },
  {
    name: 'an HTML page behind the last box',
    bytes: concat(MEDIA, bytesOf('<html></html>')),
    role: 'media',
    reason: 'box l></ is cut off',
    offset: MEDIA.length,
  },
];

describe('checkFragments()', () => {
  for (const { name, bytes, role, reason, offset } of ROWS) {
    test(`${name}: ${reason ?? 'whole'}`, () => {
      const flaw = checkFragments([bytes], role);
      if (reason === undefined) expect(flaw).toBeUndefined();
      else expect(flaw?.reason).toStartWith(reason);
      if (reason !== undefined) expect(flaw?.offset).toBe(offset ?? 0);
    });
  }

  test('finds a cut at every place but between fragments', () => {
    const whole = new Set([MEDIA.length, MEDIA.length + 32, MEDIA.length + 32 + 68]);
    for (let size = 0; size < CMAF.length; size++) {
      const chunks = cutAt(CMAF.subarray(0, size), [size >> 1, size >> 2]);
      expect({ size, whole: checkFragments(chunks, 'media') === undefined }).toEqual({
        size,
        whole: whole.has(size),
      });
    }
  });

  test('says the same however the bytes are cut into chunks', () => {
    for (const { bytes, role } of ROWS) {
      const wanted = checkFragments([bytes], role);
      fc.assert(
        fc.property(cutsOf(bytes), (cuts) => {
          expect(checkFragments(cutAt(bytes, cuts), role)).toEqual(wanted);
        }),
        { numRuns: 30 },
      );
    }
  });

  test('any bytes are judged, none crash it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: MEDIA.length }), (junk, at) => {
        const bytes = MEDIA.slice();
        bytes.set(junk.subarray(0, bytes.length - at), at);
        const flaw = checkFragments([bytes], 'media');
        if (flaw !== undefined) expect(flaw.reason).toMatch(/^[\x20-\x7e©]+$/);
      }),
    );
  });
});
