// This file makes the bodies of a synthetic live channel and knows them again by their hash.
import { createCipheriv } from 'node:crypto';
import { fmp4Init, fmp4Segment } from './fmp4-segment.ts';
import { payload, sha256 } from './payload.ts';
import { tsSegment } from './ts-segment.ts';

export type BodyOptions = {
  readonly name: string;
  readonly form: 'ts' | 'fmp4';
  readonly targetMs: number;
  readonly segmentBytes: number;
  /** A new AES-128 key for each so many segments; absent: in the clear. */
  readonly keyEvery: number | undefined;
  /** A new EXT-X-MAP for each so many segments; absent: one for all. */
  readonly mapEvery: number | undefined;
  /** Segments one after the other, instead of made ones; after the last comes the first. */
  readonly recorded?: readonly Uint8Array[] | undefined;
};

/** What a body is: a segment or a map of a rendition. */
export type Identity = {
  readonly rendition: string;
  readonly kind: 'segment' | 'map';
  readonly index: number;
  /** False for the bytes as encrypted. */
  readonly isClear: boolean;
};

/** Bodies kept; older ones are made again when they are asked for. */
const KEPT = 48;

export class Bodies {
  readonly #options: BodyOptions;
  readonly #kept = new Map<string, Uint8Array>();
  readonly #known = new Map<string, Identity>();

  constructor(options: BodyOptions) {
    this.#options = options;
  }

  /** As it goes over the wire: encrypted where the channel is. `sequence` is the default IV. */
  segment(rendition: string, index: number, sequence: number): Uint8Array {
    const { name, form, targetMs, segmentBytes, recorded } = this.#options;
    return this.#keep(`${rendition}/${index}/${sequence}`, () => {
      const make = form === 'ts' ? tsSegment : fmp4Segment;
      const clear =
        recorded?.[index % recorded.length] ??
        make(`${name}/${rendition}/${index}`, index, targetMs, segmentBytes);
      this.#learn(clear, { rendition, kind: 'segment', index, isClear: true });
      const keyNumber = this.keyNumber(index);
      if (keyNumber === undefined) return clear;
      const sealed = seal(clear, this.key(keyNumber), sequence);
      this.#learn(sealed, { rendition, kind: 'segment', index, isClear: false });
      return sealed;
    });
  }

  map(rendition: string, number: number): Uint8Array {
    return this.#keep(`${rendition}/map/${number}`, () => {
      const body = fmp4Init(`${this.#options.name}/${rendition}/${number}`, 1280, 720);
      this.#learn(body, { rendition, kind: 'map', index: number, isClear: true });
      return body;
    });
  }

  key(number: number): Uint8Array {
    return payload(`${this.#options.name}/key/${number}`, 16);
  }

  keyNumber(index: number): number | undefined {
    const { keyEvery } = this.#options;
    return keyEvery === undefined ? undefined : Math.floor(index / keyEvery);
  }

  mapNumber(index: number): number | undefined {
    const { form, mapEvery } = this.#options;
    if (form === 'ts') return undefined;
    return mapEvery === undefined ? 0 : Math.floor(index / mapEvery);
  }

  /** What the bytes with this hash are; undefined where this channel never made such bytes. */
  identify(hash: string): Identity | undefined {
    return this.#known.get(hash);
  }

  #learn(body: Uint8Array, identity: Identity): void {
    this.#known.set(sha256(body), identity);
  }

  #keep(name: string, make: () => Uint8Array): Uint8Array {
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const body = make();
    this.#kept.set(name, body);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return body;
  }
}

// RFC 8216 §5.2: without an IV attribute it is the media sequence number, big-endian
function seal(clear: Uint8Array, key: Uint8Array, sequence: number): Uint8Array {
  const iv = Buffer.alloc(16);
  iv.writeBigUInt64BE(BigInt(sequence), 8);
  const cipher = createCipheriv('aes-128-cbc', key, iv);
  return Buffer.concat([cipher.update(clear), cipher.final()]);
}
