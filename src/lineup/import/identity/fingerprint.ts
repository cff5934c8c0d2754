// This file names a text by a number, where a hundred thousand of them are compared.

/**
 * Of 100,000 texts two that differ have the same once in two million lists; as keys of a map the texts
 * would take ten times as much. The runtime's own hashes of 64 bits are BigInts, which cost more than
 * the hashing. (cyrb53, in the public domain.)
 */
export function fingerprint(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (low & 0x1f_ffff) * 0x1_0000_0000 + (high >>> 0);
}
