// This file tests how packets are found in bytes that come in chunks of any size.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, constantFrom, integer, property, uint8Array } from 'fast-check';
import { type PacketRun, PacketScanner } from '../../../src/media/mpegts/packet-scanner.ts';
import { joinBytes, tsPacket } from '../../support/ts-packets.ts';
import { cutAt, cutsOf } from '../chunks.ts';

/**
 * Packets that can be told apart; their payloads hold sync bytes, each packet's in other places: one
 * that stood in the same place in all of them could not be told from the first byte of a packet.
 */
function packets(from: number, to: number, pid = 256): Uint8Array[] {
  return Array.from({ length: to - from }, (_, index) => {
    const payload = Array.from({ length: 184 }, (_, at) =>
      (at + from + index) % 47 === 5 ? 0x47 : at === 0x47 ? 0x48 : at,
    );
    payload.splice(0, 2, from + index, 0x35);
    return tsPacket({ pid, counter: (from + index) % 16, payload });
  });
}

function scan(chunks: readonly Uint8Array[]) {
  const scanner = new PacketScanner();
  const runs: PacketRun[] = [];
  for (const chunk of chunks) runs.push(...scanner.push(chunk));
  runs.push(...scanner.flush());
  return { bytes: joinBytes(runs.map((run) => run.bytes)), runs, stats: scanner.stats() };
}

const filled = (size: number, byte = 0x33) => new Uint8Array(size).fill(byte);

/** Packets with what other framings have around them. */
function framed(count: number, before: number, after: number): Uint8Array {
  return joinBytes(packets(0, count).flatMap((bytes) => [filled(before), bytes, filled(after)]));
}

/** Packets as one sees them that is out of step. */
function joined(...parts: readonly Uint8Array[]): Uint8Array[] {
  const bytes = joinBytes(parts);
  return Array.from({ length: bytes.length / 188 }, (_, at) =>
    bytes.subarray(at * 188, at * 188 + 188),
  );
}

type Row = { name: string; bytes: Uint8Array; kept: Uint8Array[]; skipped: number; lost?: number };

const ROWS: readonly Row[] = [
  {
    name: 'packets from the first byte on',
    bytes: joinBytes(packets(0, 12)),
    kept: packets(0, 12),
    skipped: 0,
  },
  {
    name: 'two packets and no more',
    bytes: joinBytes(packets(0, 2)),
    kept: packets(0, 2),
    skipped: 0,
  },
  {
    name: 'a start amid a packet',
    bytes: joinBytes(packets(0, 12)).subarray(100),
    kept: packets(1, 12),
    skipped: 88,
  },
  {
    name: 'an end amid a packet',
    bytes: joinBytes(packets(0, 12)).subarray(0, -88),
    kept: packets(0, 11),
    skipped: 100,
  },
  { name: 'M2TS', bytes: framed(12, 4, 0), kept: packets(0, 12), skipped: 4 },
  {
    name: 'packets with error correction',
    bytes: framed(12, 0, 16),
    kept: packets(0, 12),
    skipped: 0,
  },
  {
    name: 'garbage before',
    bytes: joinBytes([filled(1000), ...packets(0, 12)]),
    kept: packets(0, 12),
    skipped: 1000,
  },
  {
    name: 'sync bytes before',
    bytes: joinBytes([filled(187, 0x47), filled(1), ...packets(0, 12)]),
    kept: packets(0, 12),
    skipped: 188,
  },
  {
    name: 'garbage between packets',
    bytes: joinBytes([...packets(0, 6), filled(77), ...packets(6, 12)]),
    kept: packets(0, 12),
    skipped: 77,
    lost: 1,
  },
  {
    name: 'a packet that lost bytes, and with them the one after it',
    bytes: joinBytes([...packets(0, 5), packets(5, 6)[0]!.subarray(0, 60), ...packets(6, 14)]),
    kept: [
      ...packets(0, 5),
      joinBytes([packets(5, 6)[0]!.subarray(0, 60), packets(6, 7)[0]!.subarray(0, 128)]),
      ...packets(7, 14),
    ],
    skipped: 60,
    lost: 1,
  },
  {
    name: 'one sync byte that is spoiled',
    bytes: joinBytes([
      ...packets(0, 70, 0x147),
      packets(70, 71)[0]!.with(0, 0x46),
      ...packets(71, 80, 0x147),
    ]),
    kept: [...packets(0, 70, 0x147), ...packets(71, 80, 0x147)],
    skipped: 188,
    lost: 1,
  },
  {
    name: 'a PID that looks like a sync byte, and is one until another PID comes',
    bytes: joinBytes([
      ...packets(0, 8, 0x147),
      ...packets(8, 9),
      ...packets(9, 20, 0x147),
    ]).subarray(1),
    kept: [
      ...joined(
        joinBytes(packets(0, 8, 0x147)).subarray(2),
        joinBytes(packets(8, 9)).subarray(0, 2),
      ),
      ...packets(9, 20, 0x147),
    ],
    skipped: 1 + 186,
    lost: 1,
  },
  { name: 'no packet', bytes: filled(5000), kept: [], skipped: 5000 },
  {
    name: 'one packet, which nothing confirms',
    bytes: joinBytes(packets(0, 1)),
    kept: [],
    skipped: 188,
  },
  { name: 'nothing', bytes: new Uint8Array(), kept: [], skipped: 0 },
];

describe('PacketScanner', () => {
  for (const { name, bytes, kept, skipped, lost = 0 } of ROWS) {
    test(`takes ${name}, however it is cut`, () => {
      check(
        property(cutsOf(bytes), (cuts) => {
          const { bytes: found, stats } = scan(cutAt(bytes, cuts));
          expect(Buffer.compare(found, joinBytes(kept))).toBe(0);
          expect(stats).toEqual({ packets: kept.length, skippedBytes: skipped, lostSyncs: lost });
        }),
      );
    });

    test(`takes ${name} byte by byte`, () => {
      const { bytes: found } = scan(cutAt(bytes, [...bytes.keys()]));
      expect(Buffer.compare(found, joinBytes(kept))).toBe(0);
    });
  }

  test('copies nothing where a chunk holds packets whole', () => {
    const scanner = new PacketScanner();
    const chunks = [joinBytes(packets(0, 7)), joinBytes(packets(7, 14))];
    const runs = chunks.flatMap((chunk) => scanner.push(chunk));
    expect(runs.map(({ bytes }) => [bytes.buffer, bytes.length])).toEqual(
      chunks.map((chunk) => [chunk.buffer, chunk.length]),
    );
  });

  test('says before which run bytes were left out', () => {
    const bytes = joinBytes([filled(10), ...packets(0, 6), filled(77), ...packets(6, 12)]);
    const { runs } = scan([bytes]);
    expect(runs.map(({ skippedBytes }) => skippedBytes)).toEqual([10, 77]);
  });

  test('gives what it can at once: no packet waits for the next', () => {
    const scanner = new PacketScanner();
    scanner.push(joinBytes(packets(0, 5)));
    expect(scanner.push(packets(5, 6)[0]!)[0]?.bytes.length).toBe(188);
  });

  test('is in sync again within five packets, whatever stood between', () => {
    check(
      property(uint8Array({ maxLength: 3000 }), integer({ min: 0, max: 187 }), (noise, cut) => {
        const lost = packets(0, 1)[0]!.subarray(cut);
        const after = packets(20, 40);
        const { bytes } = scan([joinBytes([...packets(0, 6), lost, noise, ...after])]);
        const tail = joinBytes(after.slice(5));
        expect(Buffer.compare(bytes.subarray(-tail.length), tail)).toBe(0);
      }),
    );
  });

  test('holds back little and gives whole packets, whatever comes', () => {
    const piece = uint8Array({ maxLength: 600 }).map((bytes) =>
      bytes.map((byte) => (byte < 40 ? 0x47 : byte)),
    );
    const known = constantFrom(...packets(0, 3), filled(188, 0x47), filled(204, 0x47));
    check(
      property(array(piece, { maxLength: 20 }), array(known, { maxLength: 20 }), (random, good) => {
        const scanner = new PacketScanner();
        let pushed = 0;
        let given = 0;
        for (const [index, chunk] of random
          .flatMap((bytes, at) => [bytes, good[at] ?? bytes])
          .entries()) {
          pushed += chunk.length;
          for (const { bytes } of scanner.push(chunk)) {
            expect([bytes[0], bytes.length % 188]).toEqual([0x47, 0]);
            given += bytes.length;
          }
          const held = pushed - given - scanner.stats().skippedBytes;
          // What lies between packets of the wider framings counts as neither
          expect(held - scanner.stats().packets * 16).toBeLessThanOrEqual(816);
          expect(index).toBeLessThan(40);
        }
        for (const { bytes } of scanner.flush()) given += bytes.length;
        expect(given % 188).toBe(0);
      }),
    );
  });
});
