// This file tests how PSI sections are taken out of packets and put into them.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, integer, property, uint8Array } from 'fast-check';
import { PACKET_BYTES, parsePacket } from '../../../src/media/mpegts/packet.ts';
import { crc32, SectionReader, writeSection } from '../../../src/media/mpegts/section.ts';
import { joinBytes, patSection, psiSection, tsPacket } from '../../support/ts-packets.ts';

function readAll(bytes: Uint8Array): number[][] {
  const reader = new SectionReader();
  const sections: number[][] = [];
  for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
    for (const section of reader.read(bytes, parsePacket(bytes, at))) sections.push([...section]);
  }
  return sections;
}

/** A payload filled up by stuffing. */
const filled = (...bytes: number[]) => [
  ...bytes,
  ...new Array<number>(184 - bytes.length).fill(0xff),
];

describe('crc32()', () => {
  test('is that of the check value "123456789"', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0x0376e6e7);
  });
});

describe('writeSection()', () => {
  test('writes a PAT as ffmpeg does', () => {
    const section = patSection([[1, 0x1000]]);
    const packet = writeSection(section, 0, 5);
    const head = [0x47, 0x40, 0x00, 0x15, 0x00, 0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00];
    expect([...packet.subarray(0, 21)]).toEqual(
      head.concat([0x00, 0x01, 0xf0, 0x00, 0x2a, 0xb1, 0x04, 0xb2]),
    );
    expect(packet.length).toBe(PACKET_BYTES);
    expect(packet.subarray(21).every((byte) => byte === 0xff)).toBe(true);
  });

  test('is undone by SectionReader, over as many packets as it takes', () => {
    const body = uint8Array({ minLength: 5, maxLength: 1017 });
    const counter = integer({ min: -16, max: 31 });
    check(
      property(array(body, { minLength: 1, maxLength: 3 }), counter, (bodies, first) => {
        const sections = bodies.map((bytes) => psiSection(2, [...bytes]));
        const packets = joinBytes(sections.map((section) => writeSection(section, 4096, first)));
        expect(readAll(packets)).toEqual(sections.map((section) => [...section]));
        const { counter: written, pid } = parsePacket(packets, 0);
        expect({ written, pid }).toEqual({ written: (first + 16) % 16, pid: 4096 });
      }),
    );
  });
});

describe('SectionReader', () => {
  const small = [...patSection([[1, 256]])];
  const long = [...psiSection(2, new Array<number>(200).fill(1))];

  test('finds two sections in one packet', () => {
    const packet = tsPacket({ pid: 0, starts: true, payload: filled(0, ...small, ...small) });
    expect(readAll(packet)).toEqual([small, small]);
  });

  test('finds the end of one and the beginning of the next in one packet', () => {
    const rest = long.length - 183;
    const packets = [
      tsPacket({ pid: 0, starts: true, payload: [0, ...long.slice(0, 183)] }),
      tsPacket({ pid: 0, starts: true, payload: filled(rest, ...long.slice(183), ...small) }),
    ];
    expect(readAll(joinBytes(packets))).toEqual([long, small]);
  });

  const spoiled = small.with(9, 77);
  const silent = [
    { name: 'a wrong CRC', payloads: [[0, ...spoiled]], starts: true },
    { name: 'a pointer beyond the packet', payloads: [[200, ...small]], starts: true },
    { name: 'a length of nothing', payloads: [[0, 2, 0xb0, 0]], starts: true },
    { name: 'a length over the limit', payloads: [[0, 2, 0xbf, 0xff]], starts: true },
    { name: 'an end without a beginning', payloads: [small], starts: false },
  ];
  for (const { name, payloads, starts } of silent) {
    test(`finds nothing where there is ${name}`, () => {
      const packets = payloads.map((bytes) =>
        tsPacket({ pid: 0, starts, payload: filled(...bytes) }),
      );
      expect(readAll(joinBytes(packets))).toEqual([]);
    });
  }

  test('goes on with the next section after a spoiled one', () => {
    const packets = [
      tsPacket({ pid: 0, starts: true, payload: filled(0, ...spoiled) }),
      tsPacket({ pid: 0, starts: true, payload: filled(0, ...small) }),
    ];
    expect(readAll(joinBytes(packets))).toEqual([small]);
  });
});
