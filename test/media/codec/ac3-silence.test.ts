// This file tests which frames of AC-3 count as silent.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isSilentAc3 } from '../../../src/media/codec/ac3-silence.ts';

/** Two channels that use all exponents of D45, the least of which is `exponent`. */
function frameOf(exponent: number, groups = 21): Uint8Array {
  const field = (value: number, bits: number) => value.toString(2).padStart(bits, '0');
  const info = `${field(8, 5)} 000 010 00 0 ${field(27, 5)} 0 0 0 00 0 0 0`;
  const block = `00 00 0 1 0 1 0000 11 11 ${field(60, 6)} ${field(60, 6)}`;
  // chbwcod 60: 253 coefficients, 21 groups of twelve; 62 is three steps of 0
  const channel = `${field(exponent, 4)} ${field(62, 7).repeat(groups)} 00`;
  const text = `${info} ${block} ${channel} ${channel}`.replaceAll(' ', '');
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, '0');
  const octets = (padded.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2));
  return Uint8Array.of(0x0b, 0x77, 0, 0, 0x14, ...octets);
}

describe('isSilentAc3()', () => {
  test('by the least exponent there is', () => {
    expect(isSilentAc3(frameOf(15))).toBe(true);
    expect(isSilentAc3(frameOf(14))).toBe(true);
    expect(isSilentAc3(frameOf(13))).toBe(false);
    expect(isSilentAc3(frameOf(0))).toBe(false);
  });

  test('a frame that ends before its exponents is not silent', () => {
    const whole = frameOf(15);
    for (let size = 0; size < whole.length - 1; size++) {
      expect(isSilentAc3(whole.subarray(0, size))).toBe(false);
    }
  });

  test('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (rest) => {
        const frame = Uint8Array.of(0x0b, 0x77, 0, 0, 0x14, 0x40, ...rest);
        expect(typeof isSilentAc3(frame)).toBe('boolean');
      }),
      { numRuns: 1000 },
    );
  });
});
