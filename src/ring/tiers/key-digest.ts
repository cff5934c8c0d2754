// This file makes of a segment's key a short name that every tier can hold.
import type { TierKey } from './tier.ts';

/** Half of SHA-256: two of a billion keys fall together once in some 10^20 tries. */
const DIGEST_CHARACTERS = 32;

/**
 * Lower-case hexadecimal, whatever the key holds: no path, no pattern, no letter of two cases. JSON
 * keeps the parts apart, and lone surrogates, which UTF-8 cannot.
 */
export function keyDigest({ channel, rendition, name }: TierKey): string {
  const text = JSON.stringify([channel, rendition, name]);
  return new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, DIGEST_CHARACTERS);
}
