// This file tests how PES packets are taken out of MPEG-TS.
import { describe, expect, test } from 'bun:test';
import { assert as check, integer, property, uint8Array } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { createMpegtsInput } from '../../../src/media/remux/mpegts-to-units.ts';
import { Remuxer } from '../../../src/media/remux/remuxer.ts';
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

const TABLES = [
  psiPacket(0, 0, patSection([[1, 0x1000]])),
  psiPacket(
    0x1000,
    0,
    pmtSection(1, 0x100, [
      [0x86, 0x105],
      [0x1b, 0x100],
      [0x06, 0x106],
    ]),
  ),
];

const starts = (
  pid: number,
  parts: Parameters<typeof pesHeader>[0],
  data: readonly number[],
  more = {},
) => tsPacket({ pid, starts: true, payload: [...pesHeader(parts), ...data], ...more });
const goesOn = (pid: number, data: readonly number[]) => tsPacket({ pid, payload: data });

const demux = (...packets: readonly Uint8Array[]) =>
  createMpegtsInput().demux(joinBytes([...TABLES, ...packets]));

describe('createMpegtsInput()', () => {
  test('streams of sections are left out, data streams are kept', () => {
    const { tracks } = demux(starts(0x106, { streamId: 0xbd, pts: 9000 }, [1]));
    expect(tracks.map(({ kind, streamType, streamId }) => [kind, streamType, streamId])).toEqual([
      ['video', 0x1b, 0xe0],
      ['data', 0x06, 0xbd],
    ]);
  });

  test('units keep their bytes and times; the kind of a picture is read from it', () => {
    const { units, endTicks } = demux(
      starts(0x100, { pts: 12_000, dts: 9000 }, [0, 0, 1, 0x65, 7, 7]),
      starts(0x106, { streamId: 0xbd, pts: 9000 }, [1, 2]),
      goesOn(0x100, [8, 9]),
      starts(0x100, { pts: 12_600 }, [0, 0, 1, 0x41, 7, 7], { randomAccess: true }),
    );
    expect(units).toMatchObject([
      { track: 0, dts: 9000, pts: 12_000, isKey: true },
      { track: 1, dts: 9000, pts: 9000 },
      { track: 0, dts: 12_600, pts: 12_600, isKey: false },
    ]);
    expect(units.map(({ bytes }) => [...bytes])).toEqual([
      [0, 0, 1, 0x65, 7, 7, 8, 9],
      [1, 2],
      [0, 0, 1, 0x41, 7, 7],
    ]);
    expect(endTicks).toBe(16_200);
  });

  test('a packet without time goes on where the last ended, or is lost before the first', () => {
    const { units } = demux(
      starts(0x100, {}, [9, 9]),
      starts(0x100, { pts: 9000 }, [1]),
      starts(0x100, {}, [2]),
    );
    expect(units.map(({ bytes }) => [...bytes])).toEqual([[1, 2]]);
  });

  test('a header of one stream that goes on leaves the others alone', () => {
    const header = pesHeader({ streamId: 0xbd, pts: 9000 });
    const { units } = demux(
      starts(0x100, { pts: 9000 }, [1]),
      tsPacket({ pid: 0x106, starts: true, payload: header.slice(0, 7) }),
      goesOn(0x100, [2]),
      goesOn(0x106, [...header.slice(7), 5]),
    );
    expect(units.map(({ track, bytes }) => [track, ...bytes])).toEqual([
      [0, 1, 2],
      [1, 5],
    ]);
  });

  test('times that wrap within a segment go on', () => {
    const { units } = demux(
      starts(0x100, { pts: 2 ** 33 - 1 }, [1]),
      starts(0x100, { pts: 3599 }, [1]),
    );
    expect(units.map(({ dts }) => dts)).toEqual([2 ** 33 - 1, 2 ** 33 + 3599]);
  });

  test('the tables of the segment before do where one has none', () => {
    const input = createMpegtsInput();
    input.demux(joinBytes(TABLES));
    const { units } = input.demux(starts(0x100, { pts: 9000 }, [1]));
    expect(units.length).toBe(1);
  });

  test('what is scrambled, or comes before the tables, is lost', () => {
    const scrambled = starts(0x100, { pts: 9000 }, [1], { scrambled: true });
    expect(demux(scrambled).units).toEqual([]);
    const early = createMpegtsInput().demux(starts(0x100, { pts: 9000 }, [1]));
    expect(early).toMatchObject({ tracks: [], units: [] });
  });

  test('a map whose descriptors fit no section of ours is refused', () => {
    const descriptor = [0x56, 240, ...new Array<number>(240).fill(1)];
    const stream = (pid: number) => [
      6,
      0xe0 | (pid >> 8),
      pid & 0xff,
      0xf0,
      descriptor.length,
      ...descriptor,
    ];
    const body = [0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, 0x1b, 0xe1, 0, 0xf0, 0];
    const long = psiSection(2, [...body, ...stream(0x101), ...stream(0x102)]);
    const pmt = [0, ...long];
    const packets: Uint8Array[] = [TABLES[0]!];
    for (let at = 0; at < pmt.length; at += 184) {
      const part = pmt.slice(at, at + 184);
      const payload = [...part, ...new Array<number>(184 - part.length).fill(0xff)];
      packets.push(tsPacket({ pid: 0x1000, starts: at === 0, payload }));
    }
    const segment = joinBytes([...packets, starts(0x100, { pts: 9000 }, [1])]);
    const one = new Remuxer([createMpegtsInput()]).remux([segment]);
    expect(one.length).toBeGreaterThan(0);
    const three = new Remuxer([createMpegtsInput(), createMpegtsInput(), createMpegtsInput()]);
    const says = 'Cannot write the program map: it has 1513 bytes, wanted 1024 at most';
    expect(() => three.remux([segment, segment, segment])).toThrow(says);
  });

  test('whatever is done to the bytes, units come or a FormatError', async () => {
    const whole = (await readTsVector('ffmpeg-h264-two-audio')).subarray(0, 188 * 60);
    const places = integer({ min: 0, max: whole.length - 1 });
    check(
      property(places, uint8Array({ minLength: 1, maxLength: 30 }), (at, noise) => {
        const bytes = whole.slice();
        bytes.set(noise.subarray(0, bytes.length - at), at);
        try {
          const { units } = createMpegtsInput().demux(bytes);
          const size = units.reduce((sum, unit) => sum + unit.bytes.length, 0);
          expect(size).toBeLessThan(whole.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
