// This file tests where a file is cut for a loop, and which files are refused.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, constantFrom, integer, property, tuple } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { assembleSegment, type LoopIndex } from '../../../src/media/mpegts/loop-index.ts';
import { indexLoop, LoopIndexer } from '../../../src/media/mpegts/loop-indexer.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import {
  joinBytes,
  patSection,
  pesHeader,
  pmtSection,
  psiPacket,
  tsPacket,
} from '../../support/ts-packets.ts';
import { readTsVector, TS_VECTORS, type TsVector } from '../../support/ts-vectors.ts';

/** First timestamps and key frames as ffprobe tells them; lengths by hand from frame counts. */
const INDEXED: Readonly<Record<TsVector, object>> = {
  // 389 frames of AAC at 44.1 kHz, the encoder's first one included
  'ffmpeg-aac-only': {
    durationTicks: 812_931,
    firstTimestamp: 126_000,
    cuts: [0, 334_368, 668_735],
    isIndependent: true,
    hasVideo: false,
  },
  // 189 frames of AAC at 32 kHz: the pictures wait 48 ms for the end of the sound
  'ffmpeg-h264-aac-across-wrap': {
    durationTicks: 544_320,
    firstTimestamp: 2 ** 33 - 298_592,
    cuts: [0, 360_000],
    isIndependent: true,
    hasVideo: true,
  },
  'ffmpeg-h264-aac-null-packets': {
    durationTicks: 184_320,
    firstTimestamp: 133_200,
    cuts: [0],
    isIndependent: true,
    hasVideo: true,
  },
  'ffmpeg-h264-bframes-aac': {
    durationTicks: 722_880,
    firstTimestamp: 133_200,
    cuts: [0, 360_000],
    isIndependent: true,
    hasVideo: true,
  },
  // 180 frames of 3003 ticks; what would be left after 5.005 s goes with the segment before
  'ffmpeg-h264-ntsc': {
    durationTicks: 540_540,
    firstTimestamp: 132_006,
    cuts: [0],
    isIndependent: true,
    hasVideo: true,
  },
  'ffmpeg-h264-two-audio': {
    durationTicks: 543_360,
    firstTimestamp: 133_200,
    cuts: [0, 360_000],
    isIndependent: true,
    hasVideo: true,
  },
  'ffmpeg-hevc': {
    durationTicks: 360_000,
    firstTimestamp: 133_200,
    cuts: [0],
    isIndependent: true,
    hasVideo: true,
  },
  // 250 frames of 3240 ticks
  'ffmpeg-mp2-only': {
    durationTicks: 810_000,
    firstTimestamp: 126_000,
    cuts: [0, 324_000, 648_000],
    isIndependent: true,
    hasVideo: false,
  },
  'ffmpeg-mpeg2': {
    durationTicks: 360_000,
    firstTimestamp: 129_600,
    cuts: [0],
    isIndependent: false,
    hasVideo: true,
  },
};

function segmentBytes(bytes: Uint8Array, index: LoopIndex): Uint8Array {
  return joinBytes(
    index.segments.map((segment) => {
      const part = bytes.subarray(segment.offset, segment.offset + segment.sizeBytes);
      return assembleSegment(segment, part, { ticks: 0, counters: new Map() });
    }),
  );
}

describe('indexLoop()', () => {
  for (const name of TS_VECTORS) {
    test(`reads ${name}`, async () => {
      const { segments, ...index } = indexLoop(await readTsVector(name));
      const cuts = segments.map(({ startTicks }) => startTicks);
      expect({ ...index, cuts }).toMatchObject(INDEXED[name]);
    });

    test(`covers ${name} from its first key frame to its end, each segment with its tables`, async () => {
      const bytes = await readTsVector(name);
      const index = indexLoop(bytes);
      let offset = 0;
      let ticks = 0;
      for (const segment of index.segments) {
        expect([segment.offset, segment.startTicks]).toEqual([offset, ticks]);
        const part = bytes.subarray(offset, offset + segment.sizeBytes);
        const alone = inspectTs(assembleSegment(segment, part, { ticks: 0, counters: new Map() }), {
          pcrIntervalMaxMs: 400,
        });
        expect(alone.problems).toEqual([]);
        expect([...alone.tracks.values()].every(({ pts }) => pts.length > 0)).toBe(true);
        offset += segment.sizeBytes;
        ticks += segment.durationTicks;
      }
      expect([offset, ticks]).toEqual([bytes.length, index.durationTicks]);
    });
  }

  test('gives a segment that has no tables those of the file, their counters going on', async () => {
    const bytes = await readTsVector('ffmpeg-h264-bframes-aac');
    const isTable = (at: number) =>
      [0, 0x1000].includes(((bytes[at + 1]! & 31) << 8) | bytes[at + 2]!);
    const kept: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 188) {
      if (!isTable(at) || at < 1000) kept.push(bytes.slice(at, at + 188));
    }
    const bare = joinBytes(kept);
    const index = indexLoop(bare);
    expect(index.segments.map(({ preamble }) => preamble.length)).toEqual([0, 376]);
    const whole = segmentBytes(bare, index);
    expect(inspectTs(whole, { pcrIntervalMaxMs: 400 }).problems).toEqual([]);
    expect([0, 0x1000].map((pid) => index.counters.get(pid)?.last)).toEqual([1, 1]);
  });

  test('begins with the first key frame where the file begins amid a group of pictures', async () => {
    const bytes = await readTsVector('ffmpeg-h264-two-audio');
    const tables = bytes.slice(188, 3 * 188);
    const cut = joinBytes([tables, bytes.slice(188 * 60)]);
    const index = indexLoop(cut);
    expect(index.firstTimestamp).toBe(313_200);
    const whole = segmentBytes(cut, index);
    expect(inspectTs(whole, { pcrIntervalMaxMs: 400 }).problems).toEqual([]);
  });

  test('finds the same in pieces as in one', async () => {
    const vectors = await Promise.all(TS_VECTORS.map(readTsVector));
    check(
      property(constantFrom(...vectors), integer({ min: 4, max: 60 }), (bytes, packets) => {
        const indexer = new LoopIndexer();
        for (let at = 0; at < bytes.length; at += packets * 188) {
          indexer.push(bytes.subarray(at, at + packets * 188));
        }
        expect(indexer.finish()).toEqual(indexLoop(bytes));
      }),
      { numRuns: 30 },
    );
  });

  test('drops what is less than a packet at the end', async () => {
    const bytes = await readTsVector('ffmpeg-h264-ntsc');
    expect(indexLoop(joinBytes([bytes, bytes.subarray(0, 100)]))).toEqual(indexLoop(bytes));
  });

  test('fails with FormatError or not at all, whatever the bytes', async () => {
    const vectors = await Promise.all(TS_VECTORS.map(readTsVector));
    const change = tuple(integer({ min: 0, max: 24_000 }), integer({ min: 0, max: 255 }));
    const changes = array(change, { minLength: 1, maxLength: 40 });
    check(
      property(constantFrom(...vectors), changes, (vector, list) => {
        const bytes = vector.slice();
        for (const [at, byte] of list) bytes[at] = byte;
        try {
          const index = indexLoop(bytes);
          expect(segmentBytes(bytes, index).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

const PAT = psiPacket(0, 0, patSection([[1, 0x1000]]));
const PMT = psiPacket(0x1000, 0, pmtSection(1, 256, [[0x1b, 256]]));
const IDR = [0, 0, 0, 1, 0x65, 0x88, 0x84];
const P = [0, 0, 0, 1, 0x41, 0x9a, 0x24];

type Frame = {
  readonly pts?: number;
  readonly slice?: readonly number[];
  readonly scrambled?: boolean;
};

function file(frames: readonly Frame[], tables: readonly Uint8Array[] = [PAT, PMT]): Uint8Array {
  const packets = frames.map(({ pts, slice = IDR, scrambled = false }, index) =>
    tsPacket({
      pid: 256,
      starts: true,
      counter: index % 16,
      scrambled,
      payload: [...pesHeader(pts === undefined ? {} : { pts }), ...slice],
    }),
  );
  return joinBytes([...tables, ...packets]);
}

const every = (seconds: number, count: number): Frame[] =>
  Array.from({ length: count }, (_, index) => ({ pts: Math.round(index * seconds * 90_000) }));

const m2ts = (bytes: Uint8Array) => {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 188) {
    packets.push(new Uint8Array(4), bytes.subarray(at, at + 188));
  }
  return joinBytes(packets);
};

const LONG = file(every(1, 8));

const REFUSED: readonly { name: string; bytes: Uint8Array; says: string }[] = [
  { name: 'nothing', bytes: new Uint8Array(), says: 'it is empty' },
  { name: 'a text', bytes: new TextEncoder().encode('#EXTM3U\n'), says: 'it has 8 bytes' },
  { name: 'other media', bytes: new Uint8Array(9000).fill(3), says: 'it is no MPEG-TS' },
  {
    name: 'a start amid a packet',
    bytes: LONG.slice(100),
    says: 'it begins amid a packet, the first whole one is at byte 88',
  },
  { name: 'packets of M2TS', bytes: m2ts(LONG), says: 'its packets have 192 bytes' },
  {
    name: 'bytes missing in the middle',
    bytes: joinBytes([LONG.slice(0, 1000), LONG.slice(1010)]),
    says: 'no packet begins at byte 1128',
  },
  { name: 'no PAT', bytes: file(every(1, 8), []), says: 'it has no PAT' },
  { name: 'no PMT', bytes: file(every(1, 8), [PAT]), says: 'it has no programme map with video' },
  {
    name: 'a programme of data alone',
    bytes: file(every(1, 8), [PAT, psiPacket(0x1000, 0, pmtSection(1, 256, [[0x86, 256]]))]),
    says: 'it has no programme map with video',
  },
  {
    name: 'a stream that is named and not there',
    bytes: file([], [PAT, PMT, PAT, PMT]),
    says: 'its video stream has no packets',
  },
  { name: 'no timestamps', bytes: file([{}, {}, {}, {}]), says: 'its video has no timestamps' },
  {
    name: 'no key frame',
    bytes: file(every(1, 8).map((frame) => ({ ...frame, slice: P }))),
    says: 'its video has no key frame',
  },
  { name: 'one frame', bytes: file(every(1, 1)), says: 'it has but one frame' },
  { name: 'less than a second', bytes: file(every(0.04, 10)), says: 'it is 400 ms long' },
  {
    name: 'no key frame for over a minute',
    bytes: file(every(1, 70).map((frame, index) => (index === 0 ? frame : { ...frame, slice: P }))),
    says: 'it has no key frame for 70 s',
  },
  {
    name: 'timestamps that begin anew',
    bytes: file([...every(1, 8), ...every(1, 8)]),
    says: 'its timestamps jump by -7.0 s',
  },
  {
    name: 'timestamps that leap',
    bytes: file([...every(1, 8), { pts: 20 * 90_000 }]),
    says: 'its timestamps jump by 13.0 s',
  },
  {
    name: 'scrambled video',
    bytes: file(every(1, 8).map((frame) => ({ ...frame, scrambled: true }))),
    says: 'it is scrambled',
  },
  {
    name: 'another video stream half way',
    bytes: joinBytes([LONG, psiPacket(0x1000, 1, pmtSection(1, 256, [[0x24, 300]]))]),
    says: 'its programme map changes',
  },
];

describe('indexLoop() refuses', () => {
  for (const { name, bytes, says } of REFUSED) {
    test(name, () => {
      expect(() => indexLoop(bytes)).toThrow(FormatError);
      expect(() => indexLoop(bytes)).toThrow(says);
    });
  }
});

describe('indexLoop() with packets made by hand', () => {
  test('cuts at the first key frame after 3.5 s', () => {
    const { segments, durationTicks } = indexLoop(LONG);
    expect(segments.map((segment) => segment.durationTicks)).toEqual([360_000, 360_000]);
    expect(durationTicks).toBe(720_000);
  });

  test('takes random_access_indicator for a key frame that is not independent', () => {
    const packets = every(1, 8).map(({ pts }, index) =>
      tsPacket({
        pid: 256,
        starts: true,
        counter: index,
        randomAccess: true,
        payload: [...pesHeader({ pts: pts as number }), ...P],
      }),
    );
    const index = indexLoop(joinBytes([PAT, PMT, ...packets]));
    expect(index.segments.length).toBe(2);
    expect(index.isIndependent).toBe(false);
  });

  test('does not cut where a header of another stream goes on after the cut', () => {
    const map = pmtSection(1, 256, [
      [0x1b, 256],
      [0x03, 257],
    ]);
    const video = file(every(1, 12), []);
    const audio = pesHeader({ streamId: 0xc0, pts: 4 * 90_000 });
    const at = 4 * 188;
    const bytes = joinBytes([
      PAT,
      psiPacket(0x1000, 0, map),
      video.slice(0, at),
      tsPacket({ pid: 257, starts: true, counter: 0, payload: audio.slice(0, 10) }),
      video.slice(at, at + 188),
      tsPacket({ pid: 257, counter: 1, payload: audio.slice(10) }),
      video.slice(at + 188),
    ]);
    const { segments } = indexLoop(bytes);
    expect(segments.map(({ startTicks }) => startTicks / 90_000)).toEqual([0, 5, 9]);
  });
});
