// This file tests the writing of MPEG-TS.
import { describe, expect, test } from 'bun:test';
import { array, boolean, assert as check, integer, property, record } from 'fast-check';
import { Muxer } from '../../../src/media/mpegts/mux.ts';
import { createMuxTrack, type MuxUnit } from '../../../src/media/mpegts/mux-track.ts';
import { PACKET_BYTES, parsePacket } from '../../../src/media/mpegts/packet.ts';
import { parsePat } from '../../../src/media/mpegts/pat.ts';
import { PesHeaderReader } from '../../../src/media/mpegts/pes.ts';
import { parsePmt } from '../../../src/media/mpegts/pmt.ts';
import { createPat, createPmt } from '../../../src/media/mpegts/program-tables.ts';
import { crc32 } from '../../../src/media/mpegts/section.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';

const VIDEO = createMuxTrack('h264');
const AUDIO = createMuxTrack('aac');
const START = 1_000_000;

function unit(track: number, dts: number, sizeBytes = 500, more: Partial<MuxUnit> = {}): MuxUnit {
  return {
    track,
    dts,
    pts: dts,
    isKey: false,
    bytes: new Uint8Array(sizeBytes).fill(0x55),
    ...more,
  };
}

const packetsOf = (ts: Uint8Array) =>
  Array.from({ length: ts.length / PACKET_BYTES }, (_, index) =>
    parsePacket(ts, index * PACKET_BYTES),
  );

/** What each PES packet of a PID carries, header left out, and its timestamps. */
function unitsOf(ts: Uint8Array, pid: number) {
  const headers = new PesHeaderReader();
  const units: { pts: number; dts: number; length: number; bytes: number[]; key: boolean }[] = [];
  for (const packet of packetsOf(ts)) {
    if (packet.pid !== pid || !packet.hasPayload) continue;
    const header = headers.read(ts, packet);
    if (header !== undefined) {
      const pts = header.pts?.value ?? -1;
      const lengthAt = packet.payloadAt + 4;
      const length = ts[lengthAt]! * 256 + ts[lengthAt + 1]!;
      units.push({
        pts,
        dts: header.dts?.value ?? pts,
        length,
        bytes: [],
        key: packet.randomAccess,
      });
    }
    const from = header?.dataAt ?? packet.payloadAt;
    units.at(-1)!.bytes.push(...ts.subarray(from, packet.endAt));
  }
  return units;
}

describe('Muxer', () => {
  test('begins with tables, then the clock, on the packet of the first picture', () => {
    const ts = new Muxer().write([VIDEO, AUDIO], [unit(0, START, 10, { isKey: true })]);
    const [pat, pmt, picture, ...others] = packetsOf(ts);
    expect([pat?.pid, pmt?.pid, picture?.pid]).toEqual([0, 0x1000, 0x100]);
    expect(picture).toMatchObject({ unitStart: true, randomAccess: true, counter: 0 });
    expect(others).toEqual([]);
    expect(inspectTs(ts)).toMatchObject({
      problems: [],
      pcrPid: 0x100,
      pcr: [(START - 63_000) * 300],
    });
  });

  test('whatever the size of a unit, all of it is there and the packets are full', () => {
    for (let size = 0; size < 800; size++) {
      for (const [track, pts] of [
        [0, START + 3000],
        [0, START],
        [1, START],
      ] as const) {
        const sent = unit(track, START, size, { pts });
        const ts = new Muxer().write([VIDEO, AUDIO], [sent]);
        expect(unitsOf(ts, 0x100 + track)).toMatchObject([
          { pts, dts: START, bytes: [...sent.bytes] },
        ]);
        expect(inspectTs(ts).problems).toEqual([]);
      }
    }
  });

  const lengths = [
    { name: 'sound', sent: unit(1, START, 65_000), length: 65_008 },
    { name: 'a picture that can be counted', sent: unit(0, START, 65_527), length: 65_535 },
    { name: 'a picture that cannot', sent: unit(0, START, 65_528), length: 0 },
    { name: 'a large picture', sent: unit(0, START, 400_000, { pts: START + 1 }), length: 0 },
  ];
  for (const { name, sent, length } of lengths) {
    test(`PES_packet_length of ${name}`, () => {
      const ts = new Muxer().write([VIDEO, AUDIO], [sent]);
      expect(unitsOf(ts, 0x100 + sent.track)[0]).toMatchObject({ length, bytes: [...sent.bytes] });
    });
  }

  test('a key frame is marked among pictures; of sound all are, where it is alone', () => {
    const keys = { isKey: true };
    const both = new Muxer().write(
      [VIDEO, AUDIO],
      [unit(0, START, 9, keys), unit(0, START + 3000), unit(1, START, 9, keys)],
    );
    expect(unitsOf(both, 0x100).map(({ key }) => key)).toEqual([true, false]);
    expect(unitsOf(both, 0x101).map(({ key }) => key)).toEqual([false]);
    const alone = new Muxer().write(
      [AUDIO],
      [unit(0, START, 9, keys), unit(0, START + 1920, 9, keys)],
    );
    expect(unitsOf(alone, 0x100).map(({ key }) => key)).toEqual([true, true]);
  });

  test('tracks are sent in the order of their DTS', () => {
    const units = [
      unit(0, START),
      unit(0, START + 3600),
      unit(1, START - 5),
      unit(1, START + 3600),
    ];
    const ts = new Muxer().write([VIDEO, AUDIO], units);
    const starts = packetsOf(ts).filter(
      ({ pid, unitStart }) => pid >= 0x100 && pid < 0x1000 && unitStart,
    );
    expect(starts.map(({ pid }) => pid)).toEqual([0x101, 0x100, 0x100, 0x101]);
  });

  test('the clock ticks on where pictures are rare, and tables come again', () => {
    const units = [0, 1, 2, 3].map((second) => unit(0, START + second * 90_000));
    const seen = inspectTs(new Muxer().write([VIDEO], units));
    expect(seen.problems).toEqual([]);
    expect(seen.pcr.length).toBeGreaterThan(30);
    const sparse = [
      unit(0, START),
      ...Array.from({ length: 100 }, (_, index) => unit(1, START + index * 1920)),
    ];
    const ts = new Muxer().write([VIDEO, AUDIO], sparse);
    expect(inspectTs(ts).problems).toEqual([]);
    expect(packetsOf(ts).filter(({ pid }) => pid === 0).length).toBe(6);
  });

  test('goes on from call to call, over the wrap of 33 bits too', () => {
    const muxer = new Muxer();
    const parts = Array.from({ length: 10 }, (_, index) => {
      const at = 2 ** 33 - 200_000 + index * 45_000;
      const pictures = Array.from({ length: 12 }, (__, frame) =>
        unit(0, at + frame * 3750, 700, { pts: at + frame * 3750 + 7500 }),
      );
      const sound = Array.from({ length: 8 }, (__, frame) => unit(1, at + frame * 5625));
      return muxer.write([VIDEO, AUDIO], [...pictures, ...sound]);
    });
    const seen = inspectTs(joinBytes(parts));
    expect(seen.problems).toEqual([]);
    expect(seen.tracks.get(0x100)?.dts.length).toBe(120);
    expect(seen.pcrIntervalMaxMs).toBeLessThanOrEqual(100);
  });

  test('sound that runs on after the pictures of a segment does not turn the clock back', () => {
    const muxer = new Muxer();
    const part = (at: number) => {
      const pictures = Array.from({ length: 10 }, (_, index) => unit(0, at + index * 3600));
      const sound = Array.from({ length: 25 }, (_, index) => unit(1, at + index * 1920));
      return muxer.write([VIDEO, AUDIO], [...pictures, ...sound]);
    };
    const first = part(START);
    const rest = muxer.write(
      [VIDEO, AUDIO],
      [0, 1, 2, 3].map((index) => unit(0, START + 36_000 + index * 3600)),
    );
    expect(inspectTs(joinBytes([first, rest])).problems).toEqual([]);
  });

  test('led by its pictures, each piece leaves the clock where the next can take it up', () => {
    const part = (at: number) => {
      const pictures = [0, 1, 2, 3].map((index) => unit(0, at + index * 45_000));
      // It begins before the pictures, and runs on after them
      const sound = Array.from({ length: 100 }, (_, index) => unit(1, at - 900 + index * 1920));
      return new Muxer(undefined, true).write([VIDEO, AUDIO], [...pictures, ...sound]);
    };
    const clocks = (ts: Uint8Array) => inspectTs(ts).pcr.map((pcr) => pcr / 300);
    const [first, next] = [part(START), part(START + 180_000)].map(clocks);
    expect(first?.at(-1)).toBe(START + 135_000 - 63_000);
    expect(next?.[0]).toBe(START + 180_000 - 63_000);
  });

  const jumps = [
    { name: 'an hour on', ticks: 90_000 * 3600 },
    { name: 'an hour back', ticks: -90_000 * 3600 },
    { name: 'a second back', ticks: -90_000 },
  ];
  for (const { name, ticks } of jumps) {
    test(`a jump of ${name} is told, not filled`, () => {
      const at = 2 ** 32;
      const muxer = new Muxer();
      muxer.write([VIDEO], [unit(0, at), unit(0, at + 3600)]);
      const ts = muxer.write([VIDEO], [unit(0, at + ticks), unit(0, at + ticks + 3600)]);
      const clocks = packetsOf(ts).filter(({ pcrAt }) => pcrAt !== undefined);
      expect(clocks.map(({ pcrAt }) => (ts[pcrAt! - 1]! & 0x80) !== 0)).toEqual([true, false]);
    });
  }

  test('other tracks give a new version of the map, and the same ones do not', () => {
    const muxer = new Muxer();
    const versionOf = (ts: Uint8Array) => (ts[PACKET_BYTES + 10]! >> 1) & 0x1f;
    const write = (...tracks: Parameters<Muxer['write']>[0][number][]) =>
      versionOf(muxer.write(tracks, [unit(0, START)]));
    expect(write(VIDEO, AUDIO)).toBe(0);
    expect(write(createMuxTrack('h264'), AUDIO)).toBe(0);
    expect(write(VIDEO, createMuxTrack('aac', 'deu'))).toBe(1);
    expect(write(VIDEO)).toBe(2);
    expect(write(VIDEO, AUDIO)).toBe(3);
  });

  test('any schedule of frames makes a stream without a fault', () => {
    const frame = record({
      step: integer({ min: 1, max: 60_000 }),
      size: integer({ min: 0, max: 3000 }),
      isVideo: boolean(),
      late: integer({ min: 0, max: 9000 }),
    });
    check(
      property(array(array(frame, { maxLength: 20 }), { maxLength: 5 }), (calls) => {
        const muxer = new Muxer();
        let at = START;
        const parts = calls.map((frames) =>
          muxer.write(
            [VIDEO, AUDIO],
            frames.map(({ step, size, isVideo, late }) => {
              at += step;
              return unit(isVideo ? 0 : 1, at, size, isVideo ? { pts: at + late } : {});
            }),
          ),
        );
        const ts = joinBytes(parts);
        const problems = inspectTs(ts).problems.filter(
          (problem) => !problem.includes('comes twice'),
        );
        expect(problems).toEqual([]);
        const sent = calls.flat();
        for (const isVideo of [true, false]) {
          const sizes = unitsOf(ts, isVideo ? 0x100 : 0x101).map(({ bytes }) => bytes.length);
          expect(sizes).toEqual(
            sent.filter((one) => one.isVideo === isVideo).map(({ size }) => size),
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the tables', () => {
  test('name one programme', () => {
    expect(crc32(createPat())).toBe(0);
    expect(parsePat(createPat())).toEqual([{ program: 1, pmtPid: 0x1000 }]);
  });

  test('name each track with its descriptors', () => {
    const tracks = [
      createMuxTrack('hevc', 'deu'),
      createMuxTrack('eac3', 'deu'),
      createMuxTrack('ac3'),
    ];
    const section = createPmt(tracks, 3);
    expect(crc32(section)).toBe(0);
    expect(parsePmt(section)).toEqual({
      program: 1,
      pcrPid: 0x100,
      streams: [
        { type: 0x24, pid: 0x100 },
        { type: 0x87, pid: 0x101 },
        { type: 0x81, pid: 0x102 },
      ],
    });
    const descriptors = tracks.map((track) => Buffer.from(track.descriptors).toString('latin1'));
    expect(descriptors).toEqual(['\x05\x04HEVC', '\x05\x04EAC3\x0a\x04deu\0', '\x05\x04AC-3']);
    for (const text of descriptors) expect(Buffer.from(section).toString('latin1')).toContain(text);
  });
});
