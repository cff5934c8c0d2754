// This file tests the 33-bit clock values of MPEG-TS.
import { describe, expect, test } from 'bun:test';
import { assert as check, integer, property, tuple, uint8Array } from 'fast-check';
import {
  addTicks,
  formatTimestamp,
  PCR_WRAP,
  parsePcr,
  parsePcrBase,
  parseTimestamp,
  TIMESTAMP_WRAP,
  ticksBetween,
  writePcr,
  writePcrBase,
  writeTimestamp,
} from '../../../src/media/mpegts/timestamp.ts';

const TIMESTAMPS = [
  { name: 'zero', bytes: [0x21, 0x00, 0x01, 0x00, 0x01], value: 0 },
  { name: 'ffmpeg-5-first-pts', bytes: [0x31, 0x00, 0x09, 0x10, 0xa1], value: 133_200 },
  { name: 'the low part full', bytes: [0x21, 0x00, 0x01, 0xff, 0xff], value: 2 ** 15 - 1 },
  { name: 'the middle part full', bytes: [0x21, 0xff, 0xff, 0x00, 0x01], value: 2 ** 30 - 2 ** 15 },
  { name: 'bit 32 alone', bytes: [0x29, 0x00, 0x01, 0x00, 0x01], value: 2 ** 32 },
  { name: 'the last one', bytes: [0x2f, 0xff, 0xff, 0xff, 0xff], value: 2 ** 33 - 1 },
];

const ticks = integer({ min: 0, max: TIMESTAMP_WRAP - 1 });

describe('parseTimestamp() and formatTimestamp()', () => {
  for (const { name, bytes, value } of TIMESTAMPS) {
    test(name, () => {
      expect(parseTimestamp(bytes)).toBe(value);
      expect(formatTimestamp([bytes[0]! & 0xf1, 0, 1, 0, 1], value)).toEqual(bytes);
    });
  }

  test('keep every value, and the bits that are none of it', () => {
    check(
      property(ticks, uint8Array({ minLength: 5, maxLength: 5 }), (value, field) => {
        const written = formatTimestamp(field, value);
        expect(parseTimestamp(written)).toBe(value);
        expect(written[0]! & 0xf1).toBe(field[0]! & 0xf1);
        expect(written[2]! & 1).toBe(field[2]! & 1);
        expect(written[4]! & 1).toBe(field[4]! & 1);
        expect(written.every((byte) => byte >= 0 && byte <= 255)).toBe(true);
      }),
    );
  });
});

describe('parsePcrBase() and writePcrBase()', () => {
  test('the last one, with an extension of 299', () => {
    const bytes = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x2b]);
    expect(parsePcrBase(bytes, 0)).toBe(2 ** 33 - 1);
    writePcrBase(bytes, 0, 1);
    expect([...bytes]).toEqual([0, 0, 0, 0, 0xff, 0x2b]);
  });

  test('keep every value and the extension', () => {
    check(
      property(ticks, uint8Array({ minLength: 8, maxLength: 8 }), (value, bytes) => {
        const before = [...bytes];
        writePcrBase(bytes, 1, value);
        expect(parsePcrBase(bytes, 1)).toBe(value);
        expect([bytes[0], bytes[5]! & 0x7f, bytes[6], bytes[7]]).toEqual([
          before[0],
          before[5]! & 0x7f,
          before[6],
          before[7],
        ]);
      }),
    );
  });
});

describe('addTicks() and ticksBetween()', () => {
  const rows = [
    { name: 'forward', earlier: 10, later: 30, between: 20 },
    { name: 'back', earlier: 30, later: 10, between: -20 },
    { name: 'forward over the end', earlier: TIMESTAMP_WRAP - 5, later: 5, between: 10 },
    { name: 'back over the end', earlier: 5, later: TIMESTAMP_WRAP - 5, between: -10 },
    { name: 'nearly half way round', earlier: 0, later: 2 ** 32 - 1, between: 2 ** 32 - 1 },
    { name: 'half way round', earlier: 0, later: 2 ** 32, between: -(2 ** 32) },
  ];
  for (const { name, earlier, later, between } of rows) {
    test(name, () => {
      expect(ticksBetween(earlier, later)).toBe(between);
      expect(addTicks(earlier, between)).toBe(later);
    });
  }

  test('undo each other', () => {
    const far = integer({ min: -(2 ** 45), max: 2 ** 45 });
    check(
      property(tuple(ticks, far), ([timestamp, by]) => {
        const moved = addTicks(timestamp, by);
        expect(moved >= 0 && moved < TIMESTAMP_WRAP).toBe(true);
        expect(addTicks(moved, -by)).toBe(timestamp);
        expect(addTicks(timestamp, ticksBetween(timestamp, moved))).toBe(moved);
      }),
    );
  });
});

describe('writeTimestamp()', () => {
  test('writes what formatTimestamp() does, in its place', () => {
    check(
      property(ticks, uint8Array({ minLength: 9, maxLength: 9 }), (value, bytes) => {
        const written = bytes.slice();
        writeTimestamp(written, 2, value);
        const field = formatTimestamp(bytes.slice(2, 7), value);
        expect([...written]).toEqual([...bytes.slice(0, 2), ...field, ...bytes.slice(7)]);
        expect(parseTimestamp(written, 2)).toBe(value);
      }),
    );
  });
});

describe('writePcr()', () => {
  test('keeps every value, its extension too', () => {
    const pcrs = integer({ min: 0, max: PCR_WRAP - 1 });
    check(
      property(pcrs, uint8Array({ minLength: 8, maxLength: 8 }), (pcr27m, bytes) => {
        const written = bytes.slice();
        writePcr(written, 1, pcr27m);
        expect(parsePcr(written, 1)).toBe(pcr27m);
        expect([written[0], written[7]]).toEqual([bytes[0], bytes[7]]);
      }),
    );
  });
});
