// This file reads, writes and compares the 33-bit clock values of MPEG-TS.

/** 90 kHz: PTS, DTS and the base of the PCR. */
export const TICKS_PER_SECOND = 90_000;
export const TIMESTAMP_WRAP = 2 ** 33;

export function addTicks(timestamp: number, ticks: number): number {
  return (((timestamp + ticks) % TIMESTAMP_WRAP) + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
}

/** How far `later` is after `earlier` by the shorter way round: from -2^32 to 2^32 - 1. */
export function ticksBetween(earlier: number, later: number): number {
  const forward = addTicks(later, -earlier);
  return forward < TIMESTAMP_WRAP / 2 ? forward : forward - TIMESTAMP_WRAP;
}

// ISO/IEC 13818-1 §2.4.3.6: 3, 15 and 15 bits, each part ended by a marker bit
export function parseTimestamp(field: ArrayLike<number>): number {
  const top = (field[0]! & 0x0e) >> 1;
  const middle = (field[1]! << 7) | (field[2]! >> 1);
  const low = (field[3]! << 7) | (field[4]! >> 1);
  return top * 2 ** 30 + middle * 2 ** 15 + low;
}

/** The five bytes of a PTS or DTS; prefix and marker bits stay as they are in `field`. */
export function formatTimestamp(field: ArrayLike<number>, timestamp: number): number[] {
  const top = Math.floor(timestamp / 2 ** 30);
  const middle = Math.floor(timestamp / 2 ** 15) % 2 ** 15;
  const low = timestamp % 2 ** 15;
  return [
    (field[0]! & 0xf1) | (top << 1),
    middle >> 7,
    ((middle & 0x7f) << 1) | (field[2]! & 1),
    low >> 7,
    ((low & 0x7f) << 1) | (field[4]! & 1),
  ];
}

// ISO/IEC 13818-1 §2.4.3.4: program_clock_reference_base is 33 bits, then 6 reserved, 9 extension
export function parsePcrBase(bytes: Uint8Array, at: number): number {
  const top = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return (top >>> 0) * 2 + (bytes[at + 4]! >> 7);
}

export function writePcrBase(bytes: Uint8Array, at: number, base: number): void {
  const top = Math.floor(base / 2);
  bytes[at] = top >>> 24;
  bytes[at + 1] = top >>> 16;
  bytes[at + 2] = top >>> 8;
  bytes[at + 3] = top;
  bytes[at + 4] = ((base % 2) << 7) | (bytes[at + 4]! & 0x7f);
}
