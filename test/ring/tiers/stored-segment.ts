// This file makes the segments that tests put into tiers.
import { seededRandom } from '../../../src/base/random.ts';
import type { Stored, TierKey } from '../../../src/ring/tiers/tier.ts';

export const MIB = 1024 * 1024;
export const HOUR_MS = 3_600_000;
/** The real time: databases forget by their own clock as well. */
export const NOW_MS = Date.now();
/** Later than any test sweeps. */
export const FAR_MS = NOW_MS + 24 * HOUR_MS;
/** Aborts never. */
export const NEVER: AbortSignal = new AbortController().signal;

export function key(name: string, channel = 'news'): TierKey {
  return { channel, rendition: '720', name: `${name}.ts` };
}

/** Bytes that only `seed` can have made. */
export function bodyOf(seed: string, size: number): Uint8Array {
  const random = seededRandom(Number(Bun.hash.wyhash(seed) & 0xffffffffn));
  const length = Math.floor(size);
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let index = 0; index < words.length; index++) words[index] = random() * 2 ** 32;
  return new Uint8Array(words.buffer, 0, length);
}

export function stored(body: Uint8Array): Stored {
  return { body: new Blob([body as Uint8Array<ArrayBuffer>]), contentType: 'video/mp2t' };
}

/** The bytes that came back; it throws where none did. */
export async function read(got: Stored | undefined): Promise<Uint8Array> {
  if (got === undefined) throw new Error('Cannot read a segment: it is not held');
  return await got.body.bytes();
}
