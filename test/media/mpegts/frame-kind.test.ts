// This file tests how key frames are told from others.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, constantFrom, integer, property } from 'fast-check';
import { type FrameKind, FrameScan } from '../../../src/media/mpegts/frame-kind.ts';

const H264 = 0x1b;
const HEVC = 0x24;
const MPEG2 = 0x02;

type Row = { name: string; type: number; bytes: number[]; kind: FrameKind | undefined };

const ROWS: readonly Row[] = [
  {
    name: 'x264 IDR after delimiter, SPS and PPS',
    type: H264,
    bytes: [
      0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x67, 100, 0, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x88, 1,
    ],
    kind: 'idr',
  },
  {
    name: 'x264 P after delimiter',
    type: H264,
    bytes: [0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x41, 0x9a, 1],
    kind: 'other',
  },
  { name: 'a data partition', type: H264, bytes: [0, 0, 1, 2, 1, 1], kind: 'other' },
  { name: 'parameter sets alone', type: H264, bytes: [0, 0, 1, 0x67, 1, 1], kind: undefined },
  { name: 'a start code cut off', type: H264, bytes: [9, 9, 0, 0, 1, 0x65], kind: undefined },
  {
    name: 'HEVC IDR_W_RADL',
    type: HEVC,
    bytes: [0, 0, 1, 0x40, 1, 1, 0, 0, 1, 0x26, 1, 1],
    kind: 'idr',
  },
  { name: 'HEVC CRA', type: HEVC, bytes: [0, 0, 1, 0x2a, 1, 1], kind: 'key' },
  { name: 'HEVC TRAIL_R', type: HEVC, bytes: [0, 0, 1, 0x02, 1, 1], kind: 'other' },
  {
    name: 'MPEG-2 I after sequence and group headers',
    type: MPEG2,
    bytes: [0, 0, 1, 0xb3, 4, 0, 0, 0, 1, 0xb8, 0, 8, 0, 0, 0, 1, 0, 0, 0x0f, 0xff],
    kind: 'key',
  },
  { name: 'MPEG-2 B', type: MPEG2, bytes: [0, 0, 1, 0, 0, 0x5f, 0xff], kind: 'other' },
  {
    name: 'MPEG-2 I without a sequence header',
    type: MPEG2,
    bytes: [0, 0, 1, 0xb8, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0x0f, 0xff],
    kind: 'recovery',
  },
  {
    name: 'H.264 I of an open GOP, with a recovery point',
    type: H264,
    bytes: [
      0, 0, 1, 9, 0x10, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 6, 6, 1, 0xc4, 0x80, 0, 0, 1, 0x41, 0x88, 1,
    ],
    kind: 'key',
  },
  {
    name: 'H.264 P that begins an intra refresh',
    type: H264,
    bytes: [0, 0, 1, 6, 6, 2, 4, 0x64, 0x80, 0, 0, 1, 0x41, 0x9a, 1],
    kind: 'recovery',
  },
  {
    name: 'H.264 I after its parameter sets, with no word of a recovery point',
    type: H264,
    bytes: [0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x41, 0xb0, 1],
    kind: 'key',
  },
  { name: 'H.264 I alone', type: H264, bytes: [0, 0, 1, 0x41, 0x88, 1], kind: 'other' },
  {
    name: 'HEVC with a recovery point',
    type: HEVC,
    bytes: [0, 0, 1, 0x4e, 1, 6, 1, 0xd0, 0x80, 0, 0, 1, 0x02, 1, 1],
    kind: 'key',
  },
  {
    name: 'a codec that is not looked into',
    type: 0x42,
    bytes: [0, 0, 1, 0x65, 1, 1],
    kind: undefined,
  },
];

function scan(type: number, pieces: readonly (readonly number[])[]): FrameKind | undefined {
  const scanner = new FrameScan(type);
  scanner.begin();
  let kind: FrameKind | undefined;
  for (const piece of pieces) kind ??= scanner.read(Uint8Array.from(piece), 0, piece.length);
  return kind;
}

describe('FrameScan', () => {
  for (const { name, type, bytes, kind } of ROWS) {
    test(name, () => expect(scan(type, [bytes])).toBe(kind as FrameKind));
  }

  test('sees the same however the bytes are cut', () => {
    const sizes = array(integer({ min: 1, max: 6 }), { minLength: 30, maxLength: 30 });
    check(
      property(constantFrom(...ROWS), sizes, ({ type, bytes, kind }, cuts) => {
        const pieces: number[][] = [];
        for (let at = 0, index = 0; at < bytes.length; at += cuts[index++]!) {
          pieces.push(bytes.slice(at, at + cuts[index]!));
        }
        expect(scan(type, pieces)).toBe(kind as FrameKind);
      }),
    );
  });

  test('forgets the picture before', () => {
    const scanner = new FrameScan(H264);
    scanner.begin();
    scanner.read(Uint8Array.from([0, 0, 1]), 0, 3);
    scanner.begin();
    expect(scanner.read(Uint8Array.from([0x65, 1, 1, 1]), 0, 4)).toBeUndefined();
  });
});
