// This file reads the fields of NAL units: bits and Exp-Golomb codes, without what emulation added.
import { type BitCursor, readBits } from './bit-cursor.ts';

/** The unit's payload, its header of `headerBytes` left out. */
// H.264 §7.3.1, H.265 §7.3.1.1: emulation_prevention_three_byte
export function openRbsp(unit: Uint8Array, headerBytes: number): BitCursor {
  const bytes = new Uint8Array(Math.max(0, unit.length - headerBytes));
  let size = 0;
  let zeros = 0;
  for (let at = headerBytes; at < unit.length; at++) {
    const byte = unit[at]!;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes[size++] = byte;
  }
  return { bytes: bytes.subarray(0, size), at: 0 };
}

/** u(n); what is past the end counts as zeros. */
export function readU(cursor: BitCursor, count: number): number {
  const value = readBits(cursor, count);
  if (value === undefined) cursor.at = cursor.bytes.length * 8;
  return value ?? 0;
}

/** ue(v) of 24 leading zeros at most: no field of a parameter set that is read here has more. */
// H.264 §9.1, H.265 §9.2
export function readUe(cursor: BitCursor): number {
  let zeros = 0;
  while (zeros < 24 && cursor.at < cursor.bytes.length * 8 && readU(cursor, 1) === 0) zeros++;
  return 2 ** zeros - 1 + readU(cursor, zeros);
}

/** se(v) */
// H.264 §9.1.1
export function readSe(cursor: BitCursor): number {
  const code = readUe(cursor);
  return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
}

/** True where fields were read that are not there. */
export function isSpent({ bytes, at }: BitCursor): boolean {
  return at >= bytes.length * 8;
}
