// This file tests that the check of an endless stream sees what is wrong with it.
import { describe, expect, test } from 'bun:test';
import { Splicer } from '../../src/media/mpegts/splicer.ts';
import { checkTransport } from './check-transport.ts';
import { spliceSegment } from './splice.ts';
import { packetsOf, pidOf } from './ts-damage.ts';
import { joinBytes, patSection, pmtSection, psiPacket, tsPacket } from './ts-packets.ts';
import { readTsVector } from './ts-vectors.ts';

const clean = spliceSegment(new Splicer(), await readTsVector('ffmpeg-h264-bframes-aac')).bytes;

/** The clean stream with something done to its packets. */
function changed(change: (packets: Uint8Array[]) => readonly Uint8Array[]): Uint8Array {
  return joinBytes(change(packetsOf(clean)));
}

const tables = (packet: Uint8Array) => [0, 0x1000].includes(pidOf(packet));
const insertAt = (packets: Uint8Array[], at: number, packet: Uint8Array) => [
  ...packets.slice(0, at),
  packet,
  ...packets.slice(at),
];

describe('checkTransport()', () => {
  test('finds nothing wrong with what is clean', () => {
    expect(checkTransport(clean)).toEqual([]);
  });

  const rows: { name: string; bytes: Uint8Array; says: RegExp }[] = [
    { name: 'PAT not first', bytes: changed((all) => all.slice(1)), says: /first, wanted PAT/ },
    { name: 'no PMT', bytes: changed(([pat, , ...rest]) => [pat!, ...rest]), says: /wanted PMT/ },
    {
      name: 'a null packet',
      bytes: changed((all) => insertAt(all, 9, tsPacket({ pid: 0x1fff, payload: [] }))),
      says: /null packet/,
    },
    {
      name: 'a PID that is not in the map',
      bytes: changed((all) => insertAt(all, 9, tsPacket({ pid: 0x300, payload: [1] }))),
      says: /PID 768: not in the map/,
    },
    {
      name: 'a break that is flagged',
      bytes: changed((all) => {
        const packet = all.find((each) => (each[3]! & 0x20) !== 0)!;
        packet[5]! |= 0x80;
        return all;
      }),
      says: /discontinuity_indicator/,
    },
    {
      name: 'a lost packet',
      bytes: changed((all) => all.filter((_, index) => index !== 40)),
      says: /continuity counter/,
    },
    {
      name: 'tables that are late',
      bytes: changed((all) => all.filter((packet, index) => index < 4 || !tables(packet))),
      says: /continuity|PAT after/,
    },
    {
      name: 'a map that changes without its version',
      bytes: joinBytes([
        psiPacket(0, 0, patSection([[1, 0x1000]])),
        psiPacket(0x1000, 0, pmtSection(1, 0x100, [[0x1b, 0x100]])),
        psiPacket(0x1000, 1, pmtSection(1, 0x100, [[0x24, 0x100]])),
      ]),
      says: /PMT version 0 after 0/,
    },
    {
      name: 'a stream that begins amid a frame',
      bytes: joinBytes([
        psiPacket(0, 0, patSection([[1, 0x1000]])),
        psiPacket(0x1000, 0, pmtSection(1, 0x100, [[0x1b, 0x100]])),
        tsPacket({ pid: 0x100, payload: [1, 2, 3] }),
      ]),
      says: /begins amid/,
    },
    {
      name: 'scrambled packets',
      bytes: changed((all) => {
        all[50]![3]! |= 0x80;
        return all;
      }),
      says: /scrambled/,
    },
  ];
  for (const { name, bytes, says } of rows) {
    test(`sees ${name}`, () => {
      expect(checkTransport(bytes).join('\n')).toMatch(says);
    });
  }

  test('sees tables that are late by the clock alone', () => {
    const packets = packetsOf(clean);
    // The second set of tables on is left out for a while, and the counters made good
    const counters = new Map<number, number>();
    let sets = 0;
    const kept = packets.filter((packet) => {
      if (pidOf(packet) === 0) sets += 1;
      return !tables(packet) || sets < 2 || sets > 8;
    });
    for (const packet of kept.filter(tables)) {
      const counter = counters.get(pidOf(packet)) ?? 0;
      packet[3] = (packet[3]! & 0xf0) | counter;
      counters.set(pidOf(packet), (counter + 1) % 16);
    }
    const complaints = checkTransport(joinBytes(kept));
    expect(complaints.length).toBe(2);
    expect(complaints[0]).toMatch(/PAT after \d+/);
    expect(complaints[1]).toMatch(/PMT after \d+/);
  });
});
