// This file tests the shifting of timestamps and continuity counters.
import { describe, expect, test } from 'bun:test';
import { assert as check, integer, property, uint8Array } from 'fast-check';
import { restamp } from '../../../src/media/mpegts/restamp.ts';
import { inspectTs, type TsInspection } from '../../support/ts-inspect.ts';
import { pesHeader, tsPacket } from '../../support/ts-packets.ts';
import { readTsVector, TS_VECTORS } from '../../support/ts-vectors.ts';

const WRAP = 2 ** 33;
const ticks = integer({ min: -(2 ** 40), max: 2 ** 40 });
const mod = (value: number) => ((value % WRAP) + WRAP) % WRAP;

/** Byte offsets that a shift may change, found with the inspector's eyes, not with restamp's. */
function shiftedBytes(bytes: Uint8Array, inspection: TsInspection): Set<number> {
  const places = new Set<number>();
  for (let at = 0; at < bytes.length; at += 188) {
    places.add(at + 3);
    const hasField = (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! > 0;
    if (hasField && (bytes[at + 5]! & 0x10) !== 0) for (let i = 6; i < 11; i++) places.add(at + i);
  }
  for (const track of inspection.tracks.values()) {
    for (const at of track.at) {
      const from = at + 4 + ((bytes[at + 3]! & 0x20) !== 0 ? 1 + bytes[at + 4]! : 0);
      const count = (bytes[from + 7]! & 0x40) !== 0 ? 10 : 5;
      for (let i = 9; i < 9 + count; i++) places.add(from + i);
    }
  }
  return places;
}

describe('restamp()', () => {
  for (const name of TS_VECTORS) {
    test(`shifts every timestamp and counter of ${name}, and nothing else`, async () => {
      const bytes = await readTsVector(name);
      const before = inspectTs(bytes, { pcrIntervalMaxMs: 400 });
      expect(before.problems).toEqual([]);
      const places = shiftedBytes(bytes, before);
      const check16 = integer({ min: 0, max: 15 });
      check(
        property(ticks, check16, (by, counterBy) => {
          const shifted = restamp(bytes, { ticks: by, counterOf: (pid) => counterBy + pid });
          const after = inspectTs(shifted, { pcrIntervalMaxMs: 400 });
          expect(after.problems).toEqual([]);
          for (const [pid, track] of before.tracks) {
            const raw = after.tracks.get(pid)?.rawPts;
            expect(raw).toEqual(track.rawPts.map((pts) => mod(pts + by)));
          }
          const pcrs = before.pcr.map((pcr) => mod(Math.floor(pcr / 300) + by) * 300 + (pcr % 300));
          expect(after.pcr.map((pcr) => pcr % (WRAP * 300))).toEqual(pcrs);
          const stray = bytes.findIndex((byte, at) => byte !== shifted[at] && !places.has(at));
          expect(stray).toBe(-1);
          const first = (bytes[3]! & 0xf0) | ((bytes[3]! + counterBy + (bytes[2]! & 15)) & 15);
          expect(shifted[3]).toBe(first);
        }),
        { numRuns: 10 },
      );
    });

    test(`is undone for ${name} by the opposite shift`, async () => {
      const bytes = await readTsVector(name);
      check(
        property(ticks, integer({ min: 0, max: 15 }), (by, counterBy) => {
          const there = restamp(bytes, { ticks: by, counterOf: () => counterBy });
          const back = restamp(there, { ticks: -by, counterOf: () => 16 - counterBy });
          expect(Buffer.compare(back, bytes)).toBe(0);
        }),
        { numRuns: 10 },
      );
    });
  }

  test('leaves its input as it is', async () => {
    const bytes = await readTsVector('ffmpeg-mpeg2');
    const copy = bytes.slice();
    restamp(bytes, { ticks: 1, counterOf: () => 1 });
    expect(Buffer.compare(bytes, copy)).toBe(0);
  });

  test('shifts a PTS whose bytes lie in three packets', () => {
    const pes = [...pesHeader({ pts: WRAP - 1, dts: WRAP - 2 }), 1];
    const cut = [pes.slice(0, 11), pes.slice(11, 12), pes.slice(12)];
    const packets = cut.map((payload, index) =>
      tsPacket({ pid: 256, starts: index === 0, counter: index, payload }),
    );
    const shifted = restamp(Buffer.concat(packets), { ticks: 3, counterOf: () => 0 });
    const header = cut.flatMap(({ length }, index) => [
      ...shifted.subarray((index + 1) * 188 - length, (index + 1) * 188),
    ]);
    expect(header).toEqual([...pesHeader({ pts: 2, dts: 1 }), 1]);
  });

  test('takes any packets without failing', () => {
    const packets = uint8Array({ minLength: 187, maxLength: 187 });
    check(
      property(packets, packets, ticks, (first, second, by) => {
        const bytes = Uint8Array.from([0x47, ...first, 0x47, ...second]);
        expect(restamp(bytes, { ticks: by, counterOf: () => 1 }).length).toBe(376);
      }),
    );
  });
});
