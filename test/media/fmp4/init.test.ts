// This file tests the reading of init segments.
import { describe, expect, test } from 'bun:test';
import { FormatError } from '../../../src/base/errors.ts';
import { parseInit } from '../../../src/media/fmp4/init.ts';
import {
  ASC,
  audioEntry,
  avc1,
  avcC,
  type Bytes,
  box,
  esds,
  fullBox,
  hvcC,
  initOf,
  join,
  largeBox,
  PPS,
  SPS,
  text,
  trak,
  trex,
  u16,
  u32,
  u64,
  visualEntry,
  zeros,
} from '../../support/fmp4-boxes.ts';

const sound = (...entries: readonly Bytes[]) => trak({ id: 2, handler: 'soun', entries });
const first = (bytes: Uint8Array) => parseInit(bytes).tracks[0]!;
const describedBy = (entry: Bytes) => first(initOf(trak({ entries: [entry] }))).descriptions[0]!;

const VPS = [0x40, 1, 0x0c];
const HEVC_SPS = [0x42, 1, 1];
const HEVC_PPS = [0x44, 1, 0xc0];
const SEI = [0x4e, 1, 5];

describe('parseInit()', () => {
  test('reads what fragments need to know of a track', () => {
    const track = first(initOf(trak({ id: 7, timescale: 12_800 }), trex(7, 512, 99, 0x10000)));
    expect(track).toEqual({
      trackId: 7,
      kind: 'video',
      timescale: 12_800,
      editUnits: 0n,
      descriptions: [
        { codec: 'h264', nal: { codec: 'h264', lengthBytes: 4, parameterSets: [SPS, PPS] } },
      ],
      descriptionIndex: 1,
      defaults: { duration: 512, sizeBytes: 99, flags: 0x10000 },
    });
  });

  test('finds moov behind others, in 64 bits of size too', () => {
    const init = initOf(trak({}));
    const moovAt = new DataView(init.buffer).getUint32(0);
    const moov = largeBox('moov', init.subarray(moovAt + 8));
    expect(first(join(box('free', zeros(5)), moov)).trackId).toBe(1);
    const open = join(init.subarray(0, moovAt), u32(0), init.subarray(moovAt + 4));
    expect(first(open).trackId).toBe(1);
  });

  test('leaves out what is neither picture nor sound', () => {
    const subtitles = trak({ id: 3, handler: 'text', entries: [box('wvtt', zeros(8))] });
    const { tracks } = parseInit(initOf(subtitles, trak({}), sound(audioEntry('ac-3'))));
    expect(tracks.map(({ kind }) => kind)).toEqual(['video', 'audio']);
  });

  const languages = [
    { name: 'und', packed: 0x55c4, value: undefined },
    { name: 'deu', packed: 0x10b5, value: 'deu' },
    { name: "QuickTime's number for English", packed: 0, value: undefined },
  ];
  for (const { name, packed, value } of languages) {
    test(`language ${name}`, () => {
      expect(first(initOf(trak({ language: u16(packed) }))).language).toBe(value as string);
    });
  }

  const edit = (duration: number, mediaTime: number) => [
    ...u32(duration),
    ...u32(mediaTime >>> 0),
    0,
    1,
    0,
    0,
  ];
  const edit64 = (duration: bigint, mediaTime: bigint) => [
    ...u64(duration),
    ...u64(mediaTime),
    0,
    1,
    0,
    0,
  ];
  const edits = [
    { name: 'none', elst: fullBox('elst', 0, 0, u32(0)), value: 0n },
    { name: 'two frames', elst: fullBox('elst', 0, 0, u32(1), edit(0, 1024)), value: -1024n },
    { name: '56 ms of nothing', elst: fullBox('elst', 0, 0, u32(1), edit(56, -1)), value: 2470n },
    {
      name: 'nothing, then sound without its first frame',
      elst: fullBox('elst', 0, 0, u32(2), edit(1000, -1), edit(5000, 1024)),
      value: 44_100n - 1024n,
    },
    {
      name: 'the same in 64 bits',
      elst: fullBox('elst', 1, 0, u32(2), edit64(1000n, -1n), edit64(0n, 2n ** 40n)),
      value: 44_100n - 2n ** 40n,
    },
    {
      name: 'cuts after the first',
      elst: fullBox('elst', 0, 0, u32(2), edit(1000, 10), edit(1000, 99_999)),
      value: -10n,
    },
  ];
  for (const { name, elst, value } of edits) {
    test(`edit list: ${name}`, () => {
      expect(first(initOf(trak({ timescale: 44_100, edts: elst }))).editUnits).toBe(value);
    });
  }

  const nal = { codec: 'h264', lengthBytes: 4, parameterSets: [SPS, PPS] };
  const hevc = {
    codec: 'hevc',
    lengthBytes: 4,
    parameterSets: [VPS, HEVC_SPS, HEVC_PPS].map((set) => Uint8Array.from(set)),
  };
  const aac = { objectType: 2, frequencyIndex: 3, channelConfig: 2 };
  const quickTime = (version: number, added: number) =>
    box('mp4a', join(zeros(6), u16(1), u16(version), zeros(18 + added), esds()));
  const entries = [
    { name: 'avc1', entry: avc1(), value: { codec: 'h264', nal } },
    {
      name: 'avc3',
      entry: visualEntry('avc3', box('pasp', zeros(8)), avcC([], [], 2)),
      value: { codec: 'h264', nal: { codec: 'h264', lengthBytes: 2, parameterSets: [] } },
    },
    {
      name: 'hvc1, sets in another order, and an SEI',
      entry: visualEntry(
        'hvc1',
        hvcC([
          [0x27, [SEI]],
          [0x22, [HEVC_PPS]],
          [0x20, [VPS]],
          [0x21, [HEVC_SPS]],
        ]),
      ),
      value: { codec: 'hevc', nal: hevc },
    },
    {
      name: 'hev1',
      entry: visualEntry('hev1', hvcC([])),
      value: { codec: 'hevc', nal: { ...hevc, parameterSets: [] } },
    },
    { name: 'mp4a', entry: audioEntry('mp4a', esds()), value: { codec: 'aac', aac } },
    {
      name: 'mp4a of MPEG-2',
      entry: audioEntry('mp4a', esds(ASC, 0x67)),
      value: { codec: 'aac', aac },
    },
    { name: 'mp4a of QuickTime 1', entry: quickTime(1, 16), value: { codec: 'aac', aac } },
    {
      name: 'mp4a in a wave',
      entry: audioEntry('mp4a', box('wave', join(box('frma', text('mp4a')), esds(), zeros(4)))),
      value: { codec: 'aac', aac },
    },
    { name: 'mp4a of MP3', entry: audioEntry('mp4a', esds([], 0x6b)), value: { codec: 'mp3' } },
    { name: 'mp4a of AC-3', entry: audioEntry('mp4a', esds([], 0xa5)), value: { codec: 'ac3' } },
    {
      name: 'ac-3',
      entry: audioEntry('ac-3', box('dac3', [0x10, 0x3c, 0xe0])),
      value: { codec: 'ac3' },
    },
    { name: 'ec-3', entry: audioEntry('ec-3', box('dec3', zeros(5))), value: { codec: 'eac3' } },
  ];
  for (const { name, entry, value } of entries) {
    test(`sample entry: ${name}`, () => expect(describedBy(entry)).toEqual(value as never));
  }

  const entryOf = (entry: Bytes) => initOf(trak({ entries: [entry] }));
  const many = (count: number, entry: Bytes) => Array.from({ length: count }, () => entry);
  const sets = (count: number) => hvcC([[0x20, many(count, VPS)]]);
  const refused = [
    { name: 'nothing', bytes: new Uint8Array(), says: 'it has no moov, wanted one' },
    { name: 'no track', bytes: initOf(), says: 'it has no track, wanted video or audio' },
    { name: 'a track twice', bytes: initOf(trak({}), trak({})), says: 'track 1 is there twice' },
    {
      name: '33 tracks',
      bytes: initOf(...Array.from({ length: 33 }, (_, index) => trak({ id: index + 1 }))),
      says: 'it has more than 32 tracks',
    },
    { name: 'track 0', bytes: initOf(trak({ id: 0 })), says: 'its track_ID is 0' },
    { name: 'timescale 0', bytes: initOf(trak({ timescale: 0 })), says: 'its timescale is 0' },
    {
      name: 'encrypted pictures',
      bytes: entryOf(visualEntry('encv', avcC())),
      says: 'it is encrypted (encv), wanted clear samples',
    },
    {
      name: 'encrypted sound',
      bytes: initOf(sound(audioEntry('enca', esds()))),
      says: 'it is encrypted (enca)',
    },
    {
      name: 'AV1',
      bytes: entryOf(visualEntry('av01')),
      says: 'it is box av01, wanted H.264, HEVC',
    },
    { name: 'Opus', bytes: initOf(sound(audioEntry('Opus'))), says: 'it is box Opus' },
    { name: 'no sample entry', bytes: initOf(trak({ entries: [] })), says: 'it has no entry' },
    {
      name: '65 sample entries',
      bytes: initOf(trak({ entries: many(65, avc1()) })),
      says: 'it has 65 entries, wanted 64 at most',
    },
    { name: 'no avcC', bytes: entryOf(visualEntry('avc1')), says: 'avc1 has no avcC, wanted one' },
    {
      name: 'an avcC of version 2',
      bytes: entryOf(avc1(box('avcC', [2, 0, 0, 0, 0, 0, 0]))),
      says: 'its version is 2, wanted 1',
    },
    {
      name: 'a parameter set past the end',
      bytes: entryOf(avc1(box('avcC', [1, 0, 0, 0, 3, 1, 0xff, 0xff, 9]))),
      says: 'it has 1 bytes left, wanted 65535 more',
    },
    {
      name: '97 parameter sets of HEVC',
      bytes: entryOf(visualEntry('hvc1', sets(97))),
      says: 'more than 96 parameter sets',
    },
    {
      name: 'no esds',
      bytes: initOf(sound(audioEntry('mp4a'))),
      says: 'mp4a has no esds, wanted one',
    },
    {
      name: 'sound of another kind',
      bytes: initOf(sound(audioEntry('mp4a', esds([], 0xdd)))),
      says: 'its object type is 0xdd',
    },
    {
      name: 'a descriptor of endless size',
      bytes: initOf(sound(audioEntry('mp4a', fullBox('esds', 0, 0, [9, 0xff, 0xff, 0xff, 0xff])))),
      says: 'a descriptor has a size of more than 4 bytes',
    },
    {
      name: 'a cut sample entry',
      bytes: entryOf(box('mp4a', zeros(8))),
      says: 'it has 0 bytes left, wanted 2 more',
    },
    {
      name: 'an edit list of 2^32 - 1',
      bytes: initOf(trak({ edts: fullBox('elst', 0, 0, u32(0xffffffff)) })),
      says: 'it has 4294967295 entries',
    },
    {
      name: 'a box that ends after its parent',
      bytes: initOf(trak({}), box('udta', zeros(0), 99)),
      says: 'box udta has size 99, wanted 16 at most',
    },
    {
      name: 'a child of size 0',
      bytes: initOf(box('udta', [], 0), trak({})),
      says: 'box udta has size 0, wanted 8 at least',
    },
    {
      name: 'a box of size 2',
      bytes: box('moov', [], 2),
      says: 'box moov has size 2, wanted 8 at least',
    },
    {
      name: 'size 1 without 64 bits',
      bytes: box('moov', [0, 0], 1),
      says: 'a box header is cut off, wanted 16 bytes',
    },
    {
      name: 'a box of 2^63',
      bytes: largeBox('moov', [], 2n ** 63n),
      says: 'box moov has size 9223372036854776000',
    },
    {
      name: 'a header that is cut off',
      bytes: join(initOf(trak({})), [0, 0, 0]),
      says: 'a box header is cut off, wanted 8 bytes',
    },
    {
      name: 'a type that cannot be read',
      bytes: box('\0\x01\xff\n', [], 3),
      says: 'a box of unreadable type has size 3',
    },
  ];
  for (const { name, bytes, says } of refused) {
    test(`refuses ${name}`, () => {
      expect(() => parseInit(bytes)).toThrow(says);
      expect(() => parseInit(bytes)).toThrow(FormatError);
    });
  }

  test('says where and by what paragraph', () => {
    const init = entryOf(visualEntry('encv', avcC()));
    try {
      parseInit(init);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'MEDIA_FORMAT',
        format: 'fmp4',
        spec: 'ISO/IEC 14496-12 §8.5.2',
      });
      const at = Buffer.from(init).indexOf('encv') - 4;
      expect((error as FormatError).offset).toBe(at);
    }
  });
});
