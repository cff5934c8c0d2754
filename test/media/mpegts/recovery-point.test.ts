// This file tests the reading of recovery points.
import { describe, expect, test } from 'bun:test';
import { RecoveryPointReader } from '../../../src/media/mpegts/recovery-point.ts';

const ROWS = [
  { name: 'x264 of an open GOP', bytes: [6, 1, 0xc4, 0x80], value: 'exact' },
  { name: 'x264 with intra refresh', bytes: [6, 2, 0x04, 0x64, 0x80], value: 'gradual' },
  { name: 'after another message', bytes: [1, 2, 0xff, 6, 6, 1, 0x84, 0x80], value: 'exact' },
  { name: 'after a message without payload', bytes: [1, 0, 6, 1, 0x84], value: 'exact' },
  { name: 'after a type of two bytes', bytes: [0xff, 6, 1, 6, 6, 1, 0x84], value: 'exact' },
  {
    name: 'after a message of 257 bytes',
    bytes: [5, 255, 2, ...new Array<number>(257).fill(6), 6, 1, 0x40],
    value: 'gradual',
  },
  { name: 'past emulation prevention', bytes: [1, 4, 0, 0, 3, 1, 9, 6, 1, 0x80], value: 'exact' },
  {
    name: 'none in a message that has its type within',
    bytes: [1, 3, 6, 1, 0x80, 0x80],
    value: undefined,
  },
  { name: 'none in nothing', bytes: [], value: undefined },
] as const;

describe('RecoveryPointReader', () => {
  for (const { name, bytes, value } of ROWS) {
    test(name, () => {
      const reader = new RecoveryPointReader();
      let found: string | undefined;
      for (const byte of bytes) found ??= reader.read(byte);
      expect(found).toBe(value as string);
    });
  }

  test('begins anew with each unit', () => {
    const reader = new RecoveryPointReader();
    for (const byte of [5, 200, 1, 2]) reader.read(byte);
    reader.begin();
    expect([6, 1, 0x80].map((byte) => reader.read(byte))).toEqual([undefined, undefined, 'exact']);
  });
});
