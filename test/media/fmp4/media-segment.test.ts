// This file tests the reading of frames out of media segments.
import { describe, expect, test } from 'bun:test';
import { array, bigInt, assert as check, integer, property, record, uint8Array } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { parseInit } from '../../../src/media/fmp4/init.ts';
import { parseMediaSegment } from '../../../src/media/fmp4/media-segment.ts';
import {
  audioEntry,
  avc1,
  type Bytes,
  box,
  esds,
  fragmentOf,
  fullBox,
  initOf,
  join,
  NON_SYNC,
  SYNC,
  text,
  trak,
  trex,
  u32,
  u64,
  zeros,
} from '../../support/fmp4-boxes.ts';

const INIT = parseInit(
  initOf(
    trak({ timescale: 90_000 }),
    trak({ id: 2, handler: 'soun', timescale: 48_000, entries: [audioEntry('mp4a', esds())] }),
    trex(1, 3000, 2, NON_SYNC),
    trex(2, 1024, 3, SYNC),
  ),
);

const rowsOf = (bytes: Uint8Array, init = INIT, fileOffset = 0) =>
  parseMediaSegment(bytes, init, fileOffset).map((frame) => [
    frame.track.trackId,
    frame.dts,
    frame.pts,
    frame.durationTicks,
    frame.isSync,
    String.fromCharCode(...frame.bytes),
  ]);

/** A moof of trafs and an mdat; `dataAt` of each run is from the start of the moof. */
function segment(trafs: (dataAt: number) => readonly Bytes[], data: string): Uint8Array {
  const moof = (dataAt: number) =>
    box('moof', join(fullBox('mfhd', 0, 0, u32(1)), ...trafs(dataAt)));
  return join(moof(moof(0).length + 8), box('mdat', text(data)));
}

const tfhd = (id: number, flags = 0x020000, ...parts: readonly Bytes[]) =>
  fullBox('tfhd', 0, flags, u32(id), ...parts);
const tfdt = (time: number) => fullBox('tfdt', 0, 0, u32(time));
const traf = (...boxes: readonly Bytes[]) => box('traf', join(...boxes));

describe('parseMediaSegment()', () => {
  test('reads frames of two tracks, at their times', () => {
    const bytes = fragmentOf(
      {
        time: 9000n,
        samples: [
          { bytes: text('key'), flags: SYNC, offset: 6000 },
          { bytes: text('frame'), offset: -3000 },
        ],
      },
      { id: 2, time: 48_000n, samples: [{ bytes: text('ton'), duration: 1024, flags: SYNC }] },
    );
    expect(rowsOf(bytes)).toEqual([
      [1, 9000, 15_000, 3000, true, 'key'],
      [1, 12_000, 9000, 3000, false, 'frame'],
      [2, 90_000, 90_000, 1920, true, 'ton'],
    ]);
  });

  test('passes over everything but fragments', () => {
    const fragment = fragmentOf({ samples: [{ bytes: text('a') }] });
    const other = fragmentOf({ id: 9, samples: [{ bytes: text('x') }] });
    const beside = join(box('styp', zeros(8)), box('sidx', zeros(40)), box('emsg', zeros(30)));
    expect(rowsOf(join(beside, fragment, other, box('prft', zeros(8)))).length).toBe(1);
  });

  test('fills in what tfhd or trex say of all samples', () => {
    const run = (dataAt: number) => fullBox('trun', 0, 0x05, u32(3), u32(dataAt), u32(SYNC));
    const own = [u32(1500), u32(1)];
    const bytes = segment(
      (at) => [
        traf(tfhd(1), tfdt(0), run(at)),
        traf(tfhd(1, 0x020018, ...own), tfdt(9000), run(at + 6)),
      ],
      'aabbccdef',
    );
    expect(rowsOf(bytes)).toEqual([
      [1, 0, 0, 3000, true, 'aa'],
      [1, 3000, 3000, 3000, false, 'bb'],
      [1, 6000, 6000, 3000, false, 'cc'],
      [1, 9000, 9000, 1500, true, 'd'],
      [1, 10_500, 10_500, 1500, false, 'e'],
      [1, 12_000, 12_000, 1500, false, 'f'],
    ]);
  });

  test('runs without an offset of their own go on where the last ended', () => {
    const more = fullBox('trun', 0, 0, u32(2));
    const bytes = segment(
      (at) => [traf(tfhd(1), tfdt(0), fullBox('trun', 0, 1, u32(1), u32(at)), more, more)],
      'aabbccddee',
    );
    expect(rowsOf(bytes).map(([, dts, , , , data]) => [dts, data])).toEqual([
      [0, 'aa'],
      [3000, 'bb'],
      [6000, 'cc'],
      [9000, 'dd'],
      [12_000, 'ee'],
    ]);
  });

  test('a fragment without base goes on after that of the track before it, wanted or not', () => {
    const run = (at: number) => fullBox('trun', 0, 1, u32(1), u32(at));
    const bytes = segment(
      (at) => [
        traf(tfhd(9, 0x10, u32(4)), run(at)),
        traf(tfhd(2, 0), tfdt(0), fullBox('trun', 0, 0, u32(1))),
        traf(tfhd(1, 0), tfdt(0), fullBox('trun', 0, 0, u32(1))),
      ],
      'xxxxtonaa',
    );
    expect(rowsOf(bytes).map(([id, , , , , data]) => [id, data])).toEqual([
      [2, 'ton'],
      [1, 'aa'],
    ]);
  });

  test('offsets may count from the start of the file', () => {
    const base = (at: number) =>
      traf(tfhd(1, 1, u64(BigInt(1000 + at))), tfdt(0), fullBox('trun', 0, 0, u32(2)));
    const bytes = segment((at) => [base(at)], 'aabb');
    expect(rowsOf(bytes, INIT, 1000).map((row) => row[5])).toEqual(['aa', 'bb']);
    expect(() => rowsOf(bytes)).toThrow('a sample lies at byte 1');
  });

  test('without tfdt a fragment begins where the one before it ended', () => {
    const one = fragmentOf({ time: 90_000n, samples: [{ bytes: text('a') }] });
    const next = segment((at) => [traf(tfhd(1), fullBox('trun', 0, 1, u32(1), u32(at)))], 'bb');
    expect(rowsOf(join(one, next)).map((row) => row[1])).toEqual([90_000, 93_000]);
    expect(() => rowsOf(next)).toThrow('traf has no tfdt, wanted one');
  });

  test('times of 64 bits in any timescale lose nothing', () => {
    const init = parseInit(initOf(trak({ timescale: 10_000_000 })));
    const time = 17_000_000_000_123_456_7n;
    const [row] = rowsOf(fragmentOf({ time, samples: [{ bytes: [1] }] }), init);
    expect(row?.[1]).toBe(Number((time * 90_000n + 5_000_000n) / 10_000_000n));
  });

  test('segments that join in their timescale join in ticks', () => {
    const timescales = integer({ min: 1, max: 200_000 });
    const durations = array(integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 20 });
    const input = record({ timescale: timescales, start: bigInt(0n, 2n ** 36n), durations });
    check(
      property(input, ({ timescale, start, durations: list }) => {
        const init = parseInit(initOf(trak({ timescale })));
        const samples = list.map((duration) => ({ bytes: [1], duration }));
        const frames = parseMediaSegment(fragmentOf({ time: start, samples }), init);
        const units = BigInt(list.reduce((sum, duration) => sum + duration, 0));
        const next = fragmentOf({ time: start + units, samples: [{ bytes: [1] }] });
        const last = frames.at(-1)!;
        expect(last.dts + last.durationTicks).toBe(parseMediaSegment(next, init)[0]!.dts);
        for (const [index, frame] of frames.slice(1).entries()) {
          expect(frame.dts).toBe(frames[index]!.dts + frames[index]!.durationTicks);
        }
      }),
    );
  });

  const edited = parseInit(
    initOf(trak({ edts: fullBox('elst', 0, 0, u32(1), u32(0), u32(6000), u32(0x10000)) })),
  );
  test('an edit list moves both times, below 0 too', () => {
    const bytes = fragmentOf({ samples: [{ bytes: [1], offset: 6000 }] });
    expect(rowsOf(bytes, edited)[0]?.slice(1, 3)).toEqual([-6000, 0]);
  });

  const two = parseInit(initOf(trak({ entries: [avc1(), avc1()] }), trex(1, 1, 1, 0, 2)));
  test('a fragment names its sample entry', () => {
    const bytes = (index: number) =>
      segment(
        (at) => [
          traf(tfhd(1, 0x020002, u32(index)), tfdt(0), fullBox('trun', 0, 1, u32(1), u32(at))),
        ],
        'a',
      );
    const [entry, other] = two.tracks[0]!.descriptions;
    expect(parseMediaSegment(bytes(1), two)[0]!.description).toBe(entry!);
    expect(parseMediaSegment(fragmentOf({ samples: [{ bytes: [1] }] }), two)[0]!.description).toBe(
      other!,
    );
    for (const index of [0, 3]) {
      expect(() => parseMediaSegment(bytes(index), two)).toThrow(
        `it uses sample entry ${index} of track 1`,
      );
    }
  });

  const run =
    (...parts: readonly Bytes[]) =>
    (at: number) => [
      traf(tfhd(1), tfdt(0), fullBox('trun', 0, 1, parts[0]!, u32(at), ...parts.slice(1))),
    ];
  const endless = fullBox('trun', 0, 0, u32(90_000));
  const refused = [
    { name: 'nothing', bytes: new Uint8Array(), says: 'it has no moof, wanted one' },
    { name: 'an init segment', bytes: initOf(trak({})), says: 'it has no moof, wanted one' },
    {
      name: 'no tfhd',
      bytes: segment(() => [traf(tfdt(0))], ''),
      says: 'traf has no tfhd, wanted one',
    },
    {
      name: '2^32 - 1 samples',
      bytes: segment(run(u32(0xffffffff)), 'a'),
      says: 'it has 4294967295 samples, wanted 90000 at most',
    },
    {
      name: 'samples past the end',
      bytes: segment(run(u32(3)), 'aabbc'),
      says: 'a sample lies at byte ',
    },
    {
      name: 'samples before the start',
      bytes: segment(
        () => [traf(tfhd(1), tfdt(0), fullBox('trun', 0, 1, u32(1), u32(0xffffff00)))],
        'a',
      ),
      says: 'a sample lies at byte -256 to -254',
    },
    {
      name: 'fields past the end of trun',
      bytes: segment(
        () => [traf(tfhd(1), tfdt(0), fullBox('trun', 0, 0xf00, u32(2), zeros(16)))],
        '',
      ),
      says: 'it has 0 bytes left, wanted 4 more',
    },
    {
      name: 'bytes that are many samples',
      bytes: segment(
        (at) => [
          traf(
            tfhd(1, 0x020010, u32(100)),
            tfdt(0),
            ...Array.from({ length: 50 }, () => fullBox('trun', 0, 1, u32(1), u32(at))),
          ),
        ],
        'a'.repeat(100),
      ),
      says: 'its samples are more than its bytes',
    },
    {
      name: 'empty samples without end, of a track nobody wants',
      bytes: segment(() => [traf(tfhd(9, 0x020010, u32(0)), ...[endless, endless, endless])], ''),
      says: 'it has more than 200000 samples',
    },
    {
      name: 'a time after the end of the world',
      bytes: fragmentOf({ time: 2n ** 64n - 1n, samples: [] }),
      says: 'its time is 204963823041217 s',
    },
  ];
  for (const { name, bytes, says } of refused) {
    test(`refuses ${name}`, () => {
      expect(() => parseMediaSegment(bytes, INIT)).toThrow(says);
      expect(() => parseMediaSegment(bytes, INIT)).toThrow(FormatError);
    });
  }

  const WHOLE = join(
    initOf(trak({}), sound(), trex(1), trex(2)),
    fragmentOf(
      { samples: [{ bytes: text('abcd') }] },
      { id: 2, samples: [{ bytes: text('ton') }] },
    ),
  );
  function sound(): Uint8Array {
    return trak({
      id: 2,
      handler: 'soun',
      timescale: 48_000,
      entries: [audioEntry('mp4a', esds())],
    });
  }

  /** Whatever the bytes, either frames come that lie in them, or a FormatError. */
  function expectTame(bytes: Uint8Array): void {
    try {
      const frames = parseMediaSegment(bytes, parseInit(bytes));
      for (const frame of frames)
        expect(frame.at + frame.bytes.length).toBeLessThanOrEqual(bytes.length);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      expect((error as Error).message).toMatch(/^Cannot read .*, wanted /);
    }
  }

  test('a cut at any byte is refused, or is one between boxes', () => {
    for (let size = 0; size < WHOLE.length; size++) expectTame(WHOLE.subarray(0, size));
  });

  test('any byte may be any other', () => {
    for (let at = 0; at < WHOLE.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) expectTame(WHOLE.with(at, value));
    }
  });

  test('any four bytes may be any number', () => {
    const numbers = integer({ min: 0, max: 0xffffffff });
    check(
      property(integer({ min: 0, max: WHOLE.length - 4 }), numbers, (at, value) => {
        const bytes = WHOLE.slice();
        new DataView(bytes.buffer).setUint32(at, value);
        expectTame(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('noise is refused', () => {
    check(property(uint8Array({ maxLength: 200 }), (noise) => expectTame(noise)));
  });
});
