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

/** The time that `ticks`, which may be wrapped elsewhere, stands for beside `reference`: the nearest. */
export function nearTicks(reference: number, ticks: number): number {
  return reference + ticksBetween(reference, ticks);
}

// ISO/IEC 13818-1 §2.4.3.6: 3, 15 and 15 bits, each part ended by a marker bit
export function parseTimestamp(field: ArrayLike<number>, at = 0): number {
  const top = (field[at]! & 0x0e) >> 1;
  const middle = (field[at + 1]! << 7) | (field[at + 2]! >> 1);
  const low = (field[at + 3]! << 7) | (field[at + 4]! >> 1);
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

/** One of those five bytes, written over the old one; for fields that lie in two packets. */
export function timestampByte(old: number, index: number, timestamp: number): number {
  if (index === 0) return (old & 0xf1) | (Math.floor(timestamp / 2 ** 30) << 1);
  if (index === 1) return Math.floor(timestamp / 2 ** 22) & 0xff;
  if (index === 2) return ((Math.floor(timestamp / 2 ** 15) & 0x7f) << 1) | (old & 1);
  return index === 3 ? (timestamp >> 7) & 0xff : ((timestamp & 0x7f) << 1) | (old & 1);
}

export function writeTimestamp(bytes: Uint8Array, at: number, timestamp: number): void {
  for (let index = 0; index < 5; index++) {
    bytes[at + index] = timestampByte(bytes[at + index]!, index, timestamp);
  }
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

export const TICKS_27M_PER_TICK = 300;
export const PCR_WRAP = TIMESTAMP_WRAP * TICKS_27M_PER_TICK;

/** The whole PCR in ticks of 27 MHz: base · 300 + extension. */
export function parsePcr(bytes: Uint8Array, at: number): number {
  const extension = ((bytes[at + 4]! & 1) << 8) | bytes[at + 5]!;
  return parsePcrBase(bytes, at) * TICKS_27M_PER_TICK + extension;
}

export function writePcr(bytes: Uint8Array, at: number, pcr27m: number): void {
  const extension = pcr27m % TICKS_27M_PER_TICK;
  bytes[at + 4] = 0x7e | (extension >> 8); // reserved
  bytes[at + 5] = extension & 0xff;
  writePcrBase(bytes, at, Math.floor(pcr27m / TICKS_27M_PER_TICK));
}
