// This file tests that segments of any sources become one clean endless stream.
import { describe, expect, test } from 'bun:test';
import { Splicer } from '../../../src/media/mpegts/splicer.ts';
import { checkTransport } from '../../support/check-transport.ts';
import { spliceSegment } from '../../support/splice.ts';
import {
  atTime,
  cutAt,
  losePackets,
  packetsOf,
  pidOf,
  repeatPackets,
  thinPcr,
  withoutPid,
} from '../../support/ts-damage.ts';
import { mediaOf } from '../../support/ts-elementary.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { readTsVector, TS_VECTORS, type TsVector } from '../../support/ts-vectors.ts';

const vectors = new Map<TsVector, Uint8Array<ArrayBuffer>>();
for (const name of TS_VECTORS) vectors.set(name, await readTsVector(name));
const vector = (name: TsVector): Uint8Array<ArrayBuffer> => vectors.get(name)!;

const H264 = vector('ffmpeg-h264-bframes-aac');
const TWO_AUDIO = vector('ffmpeg-h264-two-audio');
const MPEG2 = vector('ffmpeg-mpeg2');
const AAC = vector('ffmpeg-aac-only');
const WRAP = vector('ffmpeg-h264-aac-across-wrap');
const STUFFED = vector('ffmpeg-h264-aac-null-packets');
const [H264_START, H264_END] = cutAt(H264, 0.5);
/** In ticks of 90 kHz. */
const HOUR = 3600 * 90_000;

type Segment = { readonly bytes: Uint8Array; readonly flagged?: boolean };

type Row = {
  readonly name: string;
  readonly segments: readonly Segment[];
  /** What is said of each: its outcome and the number of splices in it. */
  readonly outcomes: readonly string[];
};

function run(segments: readonly Segment[], startTicks?: number) {
  const splicer = new Splicer(startTicks === undefined ? {} : { startTicks });
  const results = segments.map(({ bytes, flagged }) => spliceSegment(splicer, bytes, flagged));
  return { results, bytes: joinBytes(results.map(({ bytes }) => bytes)) };
}

/** Every second PID of the map, its packets damaged as they arrive. */
function scramble(bytes: Uint8Array, pid: number): Uint8Array {
  const packets = packetsOf(bytes);
  for (const packet of packets) if (pidOf(packet) === pid) packet[3]! |= 0x80;
  return joinBytes(packets);
}

function flagBreaks(bytes: Uint8Array): Uint8Array {
  const packets = packetsOf(bytes);
  for (const packet of packets) {
    if ((packet[3]! & 0x20) !== 0 && packet[4]! > 0) packet[5]! |= 0x80;
  }
  return joinBytes(packets);
}

const ROWS: readonly Row[] = [
  { name: 'one segment', segments: [{ bytes: H264 }], outcomes: ['spliced 1'] },
  {
    name: 'two halves of one recording',
    segments: [{ bytes: H264_START }, { bytes: H264_END }],
    outcomes: ['spliced 1', 'continued 0'],
  },
  {
    name: 'the same again, said',
    segments: [{ bytes: H264 }, { bytes: H264, flagged: true }],
    outcomes: ['spliced 1', 'spliced 1'],
  },
  {
    name: 'the same again, not said: time jumps back',
    segments: [{ bytes: H264 }, { bytes: H264 }],
    outcomes: ['spliced 1', 'spliced 1'],
  },
  {
    name: 'time jumps ahead, not said',
    segments: [{ bytes: H264 }, { bytes: atTime(H264, HOUR) }],
    outcomes: ['spliced 1', 'spliced 1'],
  },
  {
    name: 'time jumps back amid a segment',
    segments: [{ bytes: joinBytes([H264, H264]) }],
    outcomes: ['spliced 2'],
  },
  {
    name: 'time jumps ahead amid a segment',
    segments: [{ bytes: joinBytes([H264, atTime(H264, HOUR)]) }],
    outcomes: ['spliced 2'],
  },
  {
    name: 'a source whose own clock wraps is no jump',
    segments: cutAt(WRAP, 0.3).flatMap((part) => cutAt(part, 0.5).map((bytes) => ({ bytes }))),
    outcomes: ['spliced 1', 'continued 0', 'continued 0', 'continued 0'],
  },
  {
    name: 'another codec, other tracks',
    segments: [H264, MPEG2, TWO_AUDIO, vector('ffmpeg-hevc')].map((bytes) => ({ bytes })),
    outcomes: ['spliced 1', 'spliced 1', 'spliced 1', 'spliced 1'],
  },
  {
    name: 'sound alone between pictures',
    segments: [{ bytes: H264 }, { bytes: AAC }, { bytes: H264, flagged: true }],
    outcomes: ['spliced 1', 'spliced 1', 'spliced 1'],
  },
  {
    name: 'no PCR at all',
    segments: [{ bytes: thinPcr(H264, () => false) }, { bytes: thinPcr(AAC, () => false) }],
    outcomes: ['spliced 1', 'spliced 1'],
  },
  {
    name: 'a PCR a second',
    segments: [{ bytes: thinPcr(H264, (index) => index % 25 === 0) }],
    outcomes: ['spliced 1'],
  },
  {
    name: 'a PCR in one half only',
    segments: [{ bytes: H264_START }, { bytes: thinPcr(H264_END, () => false) }],
    outcomes: ['spliced 1', 'continued 0'],
  },
  {
    name: 'no sound although the map says so',
    segments: [{ bytes: withoutPid(H264, 257) }, { bytes: H264, flagged: true }],
    outcomes: ['spliced 1', 'spliced 1'],
  },
  {
    name: 'stuffing, and breaks that the source flags',
    segments: [{ bytes: STUFFED }, { bytes: flagBreaks(STUFFED) }],
    outcomes: ['spliced 1', 'spliced 1'],
  },
  {
    name: 'every tenth packet lost',
    segments: [{ bytes: losePackets(H264, (index) => index > 2 && index % 10 === 0) }],
    outcomes: ['spliced 1'],
  },
  {
    name: 'packets sent twice',
    segments: [{ bytes: repeatPackets(H264, (index) => index % 7 === 0) }],
    outcomes: ['spliced 1'],
  },
  {
    name: 'scrambled sound',
    segments: [{ bytes: scramble(H264, 257) }],
    outcomes: ['spliced 1'],
  },
];

describe('Splicer', () => {
  for (const { name, segments, outcomes } of ROWS) {
    for (const [where, startTicks] of Object.entries({
      early: undefined,
      wrapping: 2 ** 33 - 5e5,
    })) {
      test(`${name}, ${where}`, () => {
        const { results, bytes } = run(segments, startTicks);
        const said = results.map(({ report }) => `${report.outcome} ${report.splices}`);
        expect(said).toEqual([...outcomes]);
        expect(checkTransport(bytes)).toEqual([]);
      });
    }
  }

  for (const before of TS_VECTORS) {
    test(`joins every vector to ${before} without a gap`, () => {
      for (const after of TS_VECTORS) {
        const segments = [vector(before), vector(after)].map((bytes) => ({ bytes, flagged: true }));
        const { results, bytes } = run(segments);
        expect({ after, complaints: checkTransport(bytes) }).toEqual({ after, complaints: [] });
        const [first, second] = results.map(({ marks }) => marks.map(({ time90k }) => time90k));
        const frame = first!.at(-1)! - first!.at(-2)!;
        const gap = second![0]! - first!.at(-1)!;
        // Pictures shown out of order, or sound that went on, may hold the next frame up
        expect({ after, isGap: gap > 0 && gap < Math.max(3 * frame, 0.5 * 90_000) }).toEqual({
          after,
          isGap: true,
        });
      }
    });
  }

  for (const name of TS_VECTORS) {
    test(`keeps the offset of ${name} exactly over segments that go on`, () => {
      const whole = run([{ bytes: vector(name) }]);
      const pieces = [0.2, 0.45, 0.7].reduce<Uint8Array[]>(
        (parts, share) => [...parts.slice(0, -1), ...cutAt(parts.at(-1)!, share)],
        [vector(name)],
      );
      const parted = run(pieces.map((bytes) => ({ bytes })));
      expect(checkTransport(parted.bytes)).toEqual([]);
      const [one, other] = [whole, parted].map(({ bytes }) => inspectTs(bytes).tracks);
      expect([...other!.keys()].sort()).toEqual([...one!.keys()].sort());
      for (const [pid, track] of one!) {
        expect(other!.get(pid)!.pts).toEqual(track.pts);
        expect(other!.get(pid)!.dts).toEqual(track.dts);
        expect(mediaOf(parted.bytes, pid)).toEqual(mediaOf(whole.bytes, pid));
      }
    });

    test(`leaves the media of ${name} as it is`, () => {
      const { bytes } = run([{ bytes: vector(name) }]);
      const source = inspectTs(vector(name), { pcrIntervalMaxMs: 400 });
      const types = [...source.streams.values()];
      const pids = [...inspectTs(bytes).streams];
      for (const [pid, type] of source.streams) {
        const same = pids[types.indexOf(type)]!;
        expect(same[1]).toBe(type);
        const before = mediaOf(vector(name), pid);
        // Before the first key frame nothing goes out
        const after = mediaOf(bytes, same[0]);
        expect(after.length).toBeGreaterThan(before.length - 4);
        expect(before.slice(before.length - after.length)).toEqual(after);
      }
    });
  }

  test('leaves the segment as it is', () => {
    const segment = H264.slice();
    run([{ bytes: segment }]);
    expect(Buffer.compare(segment, H264)).toBe(0);
  });

  test('gives pieces of bounded size', () => {
    const long = joinBytes(Array.from({ length: 20 }, (_, i) => atTime(H264, i * 8 * 90_000)));
    const { pieces } = spliceSegment(new Splicer(), long);
    expect(pieces.length).toBeGreaterThan(15);
    expect(Math.max(...pieces)).toBeLessThan(80 * 1024);
  });
});

describe('the marks of a splicer', () => {
  const { results, bytes } = run([H264, TWO_AUDIO, AAC, WRAP].map((part) => ({ bytes: part })));
  let before = 0;
  const marks = results.flatMap((result) => {
    const placed = result.marks.map((mark) => ({ ...mark, offset: mark.offset + before }));
    before += result.bytes.length;
    return placed;
  });

  test('give each frame of the lead its place and time', () => {
    const tracks = inspectTs(bytes).tracks;
    const times = new Map<number, number>();
    for (const pid of [0x101, 0x100]) {
      tracks.get(pid)!.at.forEach((at, index) => {
        times.set(at, tracks.get(pid)!.dts[index]!);
      });
    }
    for (const { offset, time90k, isJoin } of marks) {
      if (!isJoin) expect(times.get(offset)).toBe(time90k);
    }
    const ordered = marks.map(({ time90k }) => time90k).sort((a, b) => a - b);
    expect(marks.map(({ time90k }) => time90k)).toEqual(ordered);
  });

  test('say where a viewer may join', () => {
    const joins = marks.filter(({ isJoin }) => isJoin);
    expect(joins.length).toBeGreaterThan(10);
    expect(joins[0]!.offset).toBe(0);
    for (const { offset } of joins) {
      const complaints = checkTransport(bytes.subarray(offset)).filter(
        // Sound that began before may go on
        (what) => !what.includes('begins amid a PES packet'),
      );
      expect(complaints).toEqual([]);
    }
  });
});
