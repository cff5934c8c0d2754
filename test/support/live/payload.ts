// This file makes bytes that look random and can be made again from what they are called.

/** The same name gives the same bytes; two names give bytes that never meet by chance. */
export function payload(name: string, sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = Number(Bun.hash(name) & 0xffffffffn) || 1;
  for (let index = 0; index < words.length; index++) {
    // Marsaglia's xorshift32: fast, and its period is longer than any body
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

export function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}
