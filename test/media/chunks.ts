// This file cuts bytes into chunks, as a network would.
import fc from 'fast-check';

/** `bytes` cut at each of `cuts`. */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const borders = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  const chunks: Uint8Array[] = [];
  for (let index = 1; index < borders.length; index++) {
    chunks.push(bytes.subarray(borders[index - 1], borders[index]));
  }
  return chunks;
}

/** Random places to cut at, the ends and empty chunks among them. */
export function cutsOf(bytes: Uint8Array): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 });
}

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
