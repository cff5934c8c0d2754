// This file makes one gzip file out of parts that were compressed long before.
import { constants, deflateRawSync } from 'node:zlib';
import { advanceBy, combineCrc } from './crc.ts';

/**
 * Text that was compressed by itself. It ends on a whole byte and refers to nothing before it, so that
 * it may stand anywhere in a deflate stream.
 */
export type GzipPart = {
  readonly deflated: Uint8Array;
  /** CRC-32 of the text. */
  readonly crc: number;
  readonly sizeBytes: number;
  /** What moves a CRC over as many bytes: worked out once, since a guide has thousands of parts. */
  readonly advance: number;
};

/** Guides repeat themselves: more than this saves a hundredth and costs twice the time. */
const LEVEL = 5;
const OPTIONS = { level: LEVEL, finishFlush: constants.Z_FULL_FLUSH };

// RFC 1952 §2.3: ID1, ID2, CM 8, no flags, no time, XFL, OS unknown
const HEADER = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
// RFC 1951 §3.2.6: the last block, of fixed codes, and empty
const LAST_BLOCK = new Uint8Array([3, 0]);

export function gzipPart(text: string): GzipPart {
  const bytes = new TextEncoder().encode(text);
  const { length: sizeBytes } = bytes;
  const deflated = deflateRawSync(bytes, OPTIONS);
  return { deflated, crc: Bun.hash.crc32(bytes), sizeBytes, advance: advanceBy(sizeBytes) };
}

/** Writes the parts in turn, as one member: some players read no further than the first. */
export class GzipFile {
  #crc = 0;
  #sizeBytes = 0;

  begin(): Uint8Array {
    return HEADER;
  }

  add({ deflated, crc, sizeBytes, advance }: GzipPart): Uint8Array {
    this.#crc = combineCrc(this.#crc, crc, advance);
    this.#sizeBytes += sizeBytes;
    return deflated;
  }

  /** Of the text of all parts so far. */
  get crc(): number {
    return this.#crc;
  }

  end(): Uint8Array {
    const trailer = new DataView(new ArrayBuffer(8));
    trailer.setUint32(0, this.#crc, true); // CRC32
    trailer.setUint32(4, this.#sizeBytes % 2 ** 32, true); // ISIZE
    return new Uint8Array([...LAST_BLOCK, ...new Uint8Array(trailer.buffer)]);
  }
}
