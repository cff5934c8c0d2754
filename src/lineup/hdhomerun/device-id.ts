// This file makes the ids by which HDHomeRun clients know a device for ever.

/** Of every second digit, in the sum that clients check. */
const TABLE = [0xa, 0x5, 0xf, 0x6, 0x7, 0xc, 0x1, 0xb, 0x9, 0x2, 0x8, 0xd, 0x4, 0x3, 0xe, 0x0];

/** Whether libhdhomerun believes it: 32 bits, the sum of whose digits is 0. */
export function isDeviceId(id: number): boolean {
  return id !== 0 && sumOf(id) === 0;
}

/** The same id for the same seed, at least four bytes of it. */
export function deviceIdOf(seed: Uint8Array): number {
  const bits = new DataView(seed.buffer, seed.byteOffset, seed.byteLength).getUint32(0);
  // The first digit as real devices have it: some clients ask no others
  const digits = ((bits & 0x0ffffff0) | 0x10000000) >>> 0;
  return (digits | sumOf(digits)) >>> 0;
}

/** Eight digits, as all documents write it. */
export function formatDeviceId(id: number): string {
  return id.toString(16).toUpperCase().padStart(8, '0');
}

/** By the place of the digit: the table's, or the digit itself. */
function sumOf(id: number): number {
  let sum = 0;
  for (let place = 0; place < 8; place++) {
    const digit = (id >>> (28 - 4 * place)) & 0xf;
    sum ^= place % 2 === 0 ? (TABLE[digit] as number) : digit;
  }
  return sum;
}
