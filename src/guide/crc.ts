// This file works out the CRC-32 of two texts together from those of each.

// RFC 1952 §8: the polynomial, its lowest power in the highest bit
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** x to the power of 2^n, for every n. */
const POWERS = powers();

function powers(): Uint32Array {
  const table = new Uint32Array(32);
  let power = ONE >>> 1;
  for (let n = 0; n < table.length; n++) {
    table[n] = power;
    power = multiply(power, power);
  }
  return table;
}

/** Product of two polynomials, modulo that of the CRC. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}

/** What a CRC is multiplied by when as many bytes follow: x to the power of eight times that. */
export function advanceBy(sizeBytes: number): number {
  let product = ONE;
  // 2^3 bits are a byte
  for (let left = sizeBytes, n = 3; left > 0; left = Math.floor(left / 2), n++) {
    if (left % 2 === 1) product = multiply(POWERS[n % 32] as number, product);
  }
  return product;
}

/** Of `first` and then `second`, whose length `advance` stands for. */
export function combineCrc(first: number, second: number, advance: number): number {
  return (multiply(advance, first) ^ second) >>> 0;
}
