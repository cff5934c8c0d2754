// This file tests what a splicer makes of segments that are cut, damaged or no television at all.
import { describe, expect, test } from 'bun:test';
import { assert as check, integer, property, uint8Array } from 'fast-check';
import { Splicer } from '../../../src/media/mpegts/splicer.ts';
import { checkTransport } from '../../support/check-transport.ts';
import { spliceSegment } from '../../support/splice.ts';
import { cutAt, packetsOf, pidOf, withoutPid } from '../../support/ts-damage.ts';
import { mediaOf, pesPackets } from '../../support/ts-elementary.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import {
  joinBytes,
  patSection,
  pesHeader,
  pmtSection,
  psiPacket,
  psiSection,
  tsPacket,
} from '../../support/ts-packets.ts';
import { readTsVector } from '../../support/ts-vectors.ts';

const H264 = await readTsVector('ffmpeg-h264-bframes-aac');
const AAC = await readTsVector('ffmpeg-aac-only');
const [VIDEO, AUDIO] = [0x200, 0x201];

const TABLES = [
  psiPacket(0, 0, patSection([[7, 0x30]])),
  psiPacket(
    0x30,
    0,
    pmtSection(7, VIDEO, [
      [0x1b, VIDEO],
      [0x0f, AUDIO],
    ]),
  ),
];

/** An access unit of H.264 with one slice. */
const idr = [0, 0, 0, 1, 0x65, 0x88, 1, 2, 3];
const other = [0, 0, 0, 1, 0x41, 0x9a, 1, 2, 3];

function video(dts: number, slice: readonly number[], counter: number, pts = dts): Uint8Array {
  const header = pesHeader(pts === dts ? { pts } : { pts, dts });
  return tsPacket({
    pid: VIDEO,
    starts: true,
    counter,
    pcr: Math.max(0, dts - 9000) * 300,
    payload: [...header, ...slice],
  });
}

/** A PES packet of `dataBytes` in as many packets as it needs. */
function audio(pts: number, dataBytes: number, counter: number): Uint8Array[] {
  const header = pesHeader({ streamId: 0xc0, pts });
  const length = header.length + dataBytes - 6;
  header[4] = length >> 8;
  header[5] = length & 0xff;
  const pes = [...header, ...Array.from({ length: dataBytes }, (_, i) => i & 0xff)];
  const count = Math.ceil(pes.length / 184);
  return Array.from({ length: count }, (_, i) =>
    tsPacket({
      pid: AUDIO,
      starts: i === 0,
      counter: (counter + i) & 15,
      payload: pes.slice(i * 184, i * 184 + 184),
    }),
  );
}

/** A key frame and as many others as make `frames`. */
function frames(fromDts: number, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    video(fromDts + i * 3600, i === 0 ? idr : other, i & 15),
  );
}

describe('Splicer, of what it cannot use,', () => {
  const headless = joinBytes(
    packetsOf(H264).filter((packet) => ![0, 0x1000].includes(pidOf(packet))),
  );
  const scrambled = joinBytes(
    packetsOf(H264).map((packet) => {
      if (pidOf(packet) >= 0x100 && pidOf(packet) < 0x200) packet[3]! |= 0xc0;
      return packet;
    }),
  );
  const timeless = joinBytes([
    ...TABLES,
    tsPacket({ pid: VIDEO, starts: true, payload: [...pesHeader({}), ...idr] }),
  ]);
  const jumpy = joinBytes([
    ...TABLES,
    ...Array.from({ length: 500 }, (_, i) => video(i % 2 === 0 ? 9e5 : 9e8 + i, idr, i & 15)),
  ]);
  const rows = [
    { name: 'nothing', bytes: new Uint8Array(), says: /no MPEG-TS/ },
    { name: 'another format', bytes: new Uint8Array(5000).fill(0x20), says: /no MPEG-TS/ },
    { name: 'no tables', bytes: headless, says: /no tables/ },
    { name: 'no timestamps', bytes: timeless, says: /no timestamps/ },
    { name: 'nothing clear', bytes: scrambled, says: /scrambled/ },
    {
      name: 'no key frame',
      bytes: joinBytes([...TABLES, video(9e5, other, 0)]),
      says: /key frame/,
    },
  ];
  for (const { name, bytes, says } of rows) {
    test(`says: ${name}; and the stream goes on`, () => {
      const splicer = new Splicer();
      const parts = [spliceSegment(splicer, H264).bytes];
      const { report, bytes: none } = spliceSegment(splicer, bytes, true);
      expect(report.outcome).toBe('skipped');
      expect(report.reason).toMatch(says);
      expect(none.length).toBe(0);
      parts.push(spliceSegment(splicer, AAC).bytes);
      expect(parts[1]!.length).toBeGreaterThan(AAC.length);
      expect(checkTransport(joinBytes(parts))).toEqual([]);
    });
  }

  test('begins without a key frame after ten seconds of none', () => {
    const splicer = new Splicer();
    const outcomes = Array.from({ length: 4 }, (_, i) => {
      const part = [...TABLES];
      for (let n = 0; n < 100; n++) part.push(video(9e5 + (i * 100 + n) * 3600, other, n & 15));
      return spliceSegment(splicer, joinBytes(part)).report.outcome;
    });
    expect(outcomes).toEqual(['skipped', 'skipped', 'spliced', 'continued']);
  });

  test('joins with a recovery point where there is no key frame', () => {
    // H.264 §D.1.8: recovery_frame_cnt is 3, not exact
    const recovery = [0, 0, 0, 1, 6, 6, 1, 0x24, 0x80, ...other];
    const part = frames(9e5, 10).map((packet, i) =>
      i === 4 ? video(9e5 + i * 3600, recovery, i) : i === 0 ? video(9e5, other, 0) : packet,
    );
    const { bytes, report } = spliceSegment(new Splicer(), joinBytes([...TABLES, ...part]));
    expect(report.outcome).toBe('spliced');
    expect(inspectTs(bytes).tracks.get(0x100)!.dts.length).toBe(6);
  });

  test('takes a heap of jumps without hanging on them', () => {
    const splicer = new Splicer();
    const { bytes, report } = spliceSegment(splicer, jumpy);
    expect(report.splices).toBeLessThan(70);
    expect(checkTransport(bytes).filter((what) => !/after -?\d.*wanted/.test(what))).toEqual([]);
  });

  test('never throws and always ends, whatever the bytes', () => {
    check(
      property(uint8Array({ maxLength: 2000 }), integer({ min: 0, max: 400 }), (noise, at) => {
        const splicer = new Splicer();
        spliceSegment(splicer, noise);
        const broken = H264.slice(0, 188 * 300);
        broken.set(noise.subarray(0, 900), at * 100);
        const { bytes } = spliceSegment(splicer, broken);
        expect(bytes.length % 188).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('Splicer, of PES packets that are not whole,', () => {
  const start = [...TABLES, ...frames(9e5, 3)];
  const tone = (pts: number, counter: number) => audio(pts, 400, counter);

  test('joins one that lies in two segments', () => {
    const splicer = new Splicer();
    const [head, ...rest] = tone(903_000, 0);
    const first = spliceSegment(splicer, joinBytes([...start, head!]));
    const next = [...rest, ...frames(9e5 + 3 * 3600, 3), ...tone(908_000, 3)];
    const second = spliceSegment(splicer, joinBytes(next));
    expect(second.report.outcome).toBe('continued');
    const bytes = joinBytes([first.bytes, second.bytes]);
    expect(checkTransport(bytes)).toEqual([]);
    expect(mediaOf(bytes, 0x101)).toEqual(
      mediaOf(joinBytes([...tone(1, 0), ...tone(1, 3)]), AUDIO),
    );
  });

  test('leaves out the end of one whose segment was another source', () => {
    const splicer = new Splicer();
    const [head, ...rest] = tone(903_000, 0);
    const first = spliceSegment(splicer, joinBytes([...start, head!]));
    const other = [...TABLES, ...rest, ...frames(5e6, 3), ...tone(5_004_000, 3)];
    const second = spliceSegment(splicer, joinBytes(other), true);
    const bytes = joinBytes([first.bytes, second.bytes]);
    expect(checkTransport(bytes)).toEqual([]);
    expect(mediaOf(bytes, 0x101)).toEqual(mediaOf(joinBytes(tone(1, 3)), AUDIO));
  });

  test('leaves out sound of which packets are lost', () => {
    const [lossy, whole] = [tone(903_000, 0), tone(906_000, 3)];
    const segment = joinBytes([...start, lossy[0]!, lossy[2]!, ...whole, ...tone(909_000, 6)]);
    const { bytes } = spliceSegment(new Splicer(), segment);
    expect(checkTransport(bytes)).toEqual([]);
    expect(mediaOf(bytes, 0x101)).toEqual(mediaOf(joinBytes([...whole, ...tone(1, 6)]), AUDIO));
  });

  test('writes times whose bytes lie in several packets', () => {
    const pes = [...pesHeader({ pts: 907_200, dts: 903_600 }), ...other];
    const cuts = [pes.slice(0, 11), pes.slice(11, 12), pes.slice(12)];
    const split = cuts.map((payload, i) =>
      tsPacket({ pid: VIDEO, starts: i === 0, counter: 1 + i, payload }),
    );
    const segment = joinBytes([
      ...TABLES,
      video(9e5, idr, 0),
      ...split,
      video(907_200, other, 4, 910_800),
    ]);
    const { bytes } = spliceSegment(new Splicer({ startTicks: 2 ** 33 - 3600 }), segment);
    const headers = pesPackets(bytes, 0x100).map(({ header }) => [...header.subarray(9)]);
    const stamps = (pts: number, dts: number) => pesHeader({ pts, dts }).slice(9);
    expect(headers[1]).toEqual(stamps(3600, 0));
    expect(headers[2]).toEqual(stamps(7200, 3600));
  });
});

describe('Splicer, of times that are wrong,', () => {
  test('leaves out a frame whose timestamp is of no clock', () => {
    const part = [...TABLES, ...frames(9e5, 20)];
    part[12] = video(7e8, other, 10);
    const { bytes, report } = spliceSegment(new Splicer(), joinBytes(part));
    expect(report.splices).toBe(1);
    expect(inspectTs(bytes).tracks.get(0x100)?.dts.length).toBe(19);
    expect(checkTransport(bytes, { pcrIntervalMaxMs: 100 })).toEqual([]);
  });

  test('does not follow a PCR that has nothing to do with the frames', () => {
    const part = frames(9e5, 20).map((packet, i) => {
      // program_clock_reference_base without its top bits
      if (i > 5) packet.fill(0, 6, 9);
      return packet;
    });
    const { bytes, report } = spliceSegment(new Splicer(), joinBytes([...TABLES, ...part]));
    expect(report.splices).toBe(1);
    expect(checkTransport(bytes)).toEqual([]);
  });

  test('leaves out pictures that are shown before the key frame joined with', () => {
    const open = [
      ...TABLES,
      video(9e5, idr, 0, 907_200),
      video(903_600, other, 1),
      video(907_200, other, 2, 918_000),
      video(910_800, other, 3),
    ];
    const { bytes } = spliceSegment(new Splicer(), joinBytes(open));
    const { dts, pts } = inspectTs(bytes).tracks.get(0x100)!;
    expect(dts.map((time) => time - dts[0]!)).toEqual([0, 7200, 10_800]);
    expect(pts.map((time) => time - dts[0]!)).toEqual([7200, 18_000, 10_800]);
  });

  test('lets sound that was ahead end before that of the next source begins', () => {
    const ahead = [
      ...TABLES,
      ...frames(9e5, 10),
      ...audio(930_000, 400, 0),
      ...audio(960_000, 400, 3),
    ];
    const next = [
      ...TABLES,
      ...frames(5e6, 1),
      ...Array.from({ length: 40 }, (_, i) => audio(5e6 + i * 1920, 400, (i * 3) & 15)).flat(),
      ...frames(5e6 + 3600, 20).slice(1),
    ];
    const splicer = new Splicer();
    const bytes = joinBytes(
      [ahead, next].map((part) => spliceSegment(splicer, joinBytes(part), true).bytes),
    );
    expect(checkTransport(bytes)).toEqual([]);
    const tracks = inspectTs(bytes).tracks;
    const shown = tracks.get(0x100)!.dts;
    expect(shown[10]! - shown[9]!).toBe(3600);
    const sound = tracks.get(0x101)!.dts;
    expect(sound.length).toBeGreaterThan(10);
    expect(sound[2]! - sound[1]!).toBeGreaterThan(29_000);
  });
});

describe('Splicer, of the map,', () => {
  test('lets through no PID that is not in it', () => {
    const stray = tsPacket({ pid: 0x400, starts: true, payload: [...pesHeader({ pts: 9e5 }), 1] });
    const sdt = psiPacket(0x11, 0, patSection([[1, 0x20]]));
    const part = [
      ...TABLES,
      stray,
      sdt,
      ...frames(9e5, 4),
      stray,
      tsPacket({ pid: 0x1fff, payload: [] }),
    ];
    const { bytes } = spliceSegment(new Splicer(), joinBytes(part));
    const pids = new Set(packetsOf(bytes).map(pidOf));
    expect([...pids].sort((a, b) => a - b)).toEqual([0, 0x100, 0x1000]);
  });

  test('lets the clock of a PID of its own through on that of the pictures', () => {
    const clock = (dts: number) => tsPacket({ pid: 0x3ff, pcr: (dts - 9000) * 300 });
    const tables = [TABLES[0]!, psiPacket(0x30, 0, pmtSection(7, 0x3ff, [[0x1b, VIDEO]]))];
    const media = frames(9e5, 50).flatMap((packet, i) => [clock(9e5 + i * 3600), packet]);
    const { bytes } = spliceSegment(new Splicer(), joinBytes([...tables, ...media]));
    expect(checkTransport(bytes)).toEqual([]);
    expect(inspectTs(bytes).pcrPid).toBe(0x100);
  });

  test('follows recordings in one segment that have tables of their own', () => {
    const second = [...TABLES, ...frames(5e6, 50), ...audio(5e6 + 9000, 400, 0)];
    const { bytes, report } = spliceSegment(new Splicer(), joinBytes([H264, ...second, H264]));
    expect(report.splices).toBe(3);
    expect(checkTransport(bytes)).toEqual([]);
    const shown = inspectTs(H264).tracks.get(0x100)!.dts.length;
    expect(inspectTs(bytes).tracks.get(0x100)!.dts.length).toBe(2 * shown + 50);
  });

  test('plays sound alone that is private data by its type', () => {
    const ac3 = [0x06, 0xe0 | (AUDIO >> 8), AUDIO & 0xff, 0xf0, 3, 0x6a, 1, 0];
    const map = psiSection(2, [
      0,
      7,
      0xc1,
      0,
      0,
      0xe0 | (AUDIO >> 8),
      AUDIO & 0xff,
      0xf0,
      0,
      ...ac3,
    ]);
    const tones = Array.from({ length: 60 }, (_, i) => audio(9e5 + i * 2880, 400, (i * 3) & 15));
    const radio = joinBytes([TABLES[0]!, psiPacket(0x30, 0, map), ...tones.flat()]);
    const { bytes, marks } = spliceSegment(new Splicer(), radio);
    expect(checkTransport(bytes)).toEqual([]);
    expect(mediaOf(bytes, 0x101)).toEqual(mediaOf(joinBytes(tones.flat()), AUDIO));
    expect(marks.filter(({ isJoin }) => isJoin).length).toBe(4);
  });

  test('goes on with pictures where the sound of a segment is missing', () => {
    const splicer = new Splicer();
    const [one, two] = cutAt(H264, 0.5);
    const parts = [one, withoutPid(two, 257)].map((part) => spliceSegment(splicer, part));
    expect(parts.map(({ report }) => report.outcome)).toEqual(['spliced', 'continued']);
    expect(checkTransport(joinBytes(parts.map(({ bytes }) => bytes)))).toEqual([]);
  });
});
