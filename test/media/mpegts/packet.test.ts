// This file tests the reading of transport packets.
import { describe, expect, test } from 'bun:test';
import { assert as check, property, uint8Array } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { PACKET_BYTES, parsePacket } from '../../../src/media/mpegts/packet.ts';
import { tsPacket } from '../../support/ts-packets.ts';

function withBytes(packet: Uint8Array, ...changes: readonly (readonly [number, number])[]) {
  for (const [at, byte] of changes) packet[at] = byte;
  return packet;
}

const full = new Array<number>(184).fill(7);

const ROWS = [
  {
    name: 'payload only',
    bytes: tsPacket({ pid: 0x1ffe, counter: 9, payload: full }),
    value: { pid: 0x1ffe, counter: 9, unitStart: false, hasPayload: true, payloadAt: 4 },
  },
  {
    name: 'a start with random access and PCR',
    bytes: tsPacket({ pid: 256, starts: true, randomAccess: true, pcr: 1, payload: [1, 2] }),
    value: { unitStart: true, randomAccess: true, pcrAt: 6, payloadAt: 186, hasPayload: true },
  },
  {
    name: 'a PCR and no payload',
    bytes: tsPacket({ pid: 256, counter: 3, pcr: 1 }),
    value: { hasPayload: false, payloadAt: 188, pcrAt: 6, counter: 3 },
  },
  {
    name: 'one byte of stuffing: an adaptation field of length 0',
    bytes: tsPacket({ pid: 256, payload: full.slice(1) }),
    value: { hasPayload: true, payloadAt: 5, randomAccess: false, pcrAt: undefined },
  },
  {
    name: 'scrambled',
    bytes: tsPacket({ pid: 256, scrambled: true, payload: full }),
    value: { scrambled: true },
  },
  {
    name: 'an adaptation field longer than the packet',
    bytes: withBytes(tsPacket({ pid: 256, payload: [1] }), [4, 200]),
    value: { hasPayload: false, payloadAt: 188, randomAccess: false, pcrAt: undefined },
  },
  {
    name: 'marked as broken',
    bytes: withBytes(tsPacket({ pid: 256, pcr: 1, payload: [1] }), [1, 0x81]),
    value: { hasPayload: false, pcrAt: undefined },
  },
  {
    name: 'a PCR that has no room in its field',
    bytes: withBytes(tsPacket({ pid: 256, pcr: 1, payload: full.slice(8) }), [4, 6]),
    value: { pcrAt: undefined },
  },
];

describe('parsePacket()', () => {
  for (const { name, bytes, value } of ROWS) {
    test(name, () => {
      const { pcrAt, ...packet } = parsePacket(bytes, 0);
      expect({ pcrAt, ...packet }).toMatchObject(value);
    });
  }

  const refused = [
    { name: 'a wrong sync byte', bytes: new Uint8Array(PACKET_BYTES).fill(0x48) },
    { name: 'less than a packet', bytes: tsPacket({ pid: 1, payload: full }).subarray(0, 187) },
    { name: 'nothing', bytes: new Uint8Array() },
  ];
  for (const { name, bytes } of refused) {
    test(`refuses ${name} and says where, counted from the whole`, () => {
      const read = () => parsePacket(bytes, 0, 18_800);
      expect(read).toThrow(FormatError);
      expect(read).toThrow(/no packet begins at byte 18800/);
    });
  }

  test('stays within the packet whatever it holds', () => {
    check(
      property(uint8Array({ minLength: 187, maxLength: 187 }), (rest) => {
        const packet = parsePacket(Uint8Array.from([0x47, ...rest]), 0);
        expect(packet.payloadAt).toBeGreaterThanOrEqual(4);
        expect(packet.payloadAt).toBeLessThanOrEqual(188);
        expect(packet.hasPayload).toBe(packet.payloadAt < 188);
        expect(packet.pcrAt ?? 6).toBe(6);
      }),
    );
  });
});
