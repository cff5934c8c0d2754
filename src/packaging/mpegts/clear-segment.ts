// This file opens what a segment is encrypted with, and finds the init segment it needs.
import { AppError } from '../../base/errors.ts';
import { aesKeyOf, decryptSegment, ivOf } from '../../prefetch/loop/decrypt.ts';
import type { Asset, ListedKey } from '../../ring/listing.ts';
import type { ReadRendition, ReadSegment } from './rendition-reader.ts';

export type ClearSegment = {
  readonly bytes: Uint8Array;
  readonly init?: { readonly name: string; readonly bytes: Uint8Array };
  readonly discontinuity: boolean;
  readonly durationS: number;
};

/** Keys and init segments that were fetched lately, by name: a channel has few at a time. */
const ASSETS_MAX = 16;

export class SegmentOpener {
  readonly #rendition: ReadRendition;
  readonly #assets = new Map<string, Uint8Array>();

  constructor(rendition: ReadRendition) {
    this.#rendition = rendition;
  }

  /** Throws AppError where a key or init segment is not to be had, FormatError where it is wrong. */
  async open({ segment, body, discontinuity }: ReadSegment): Promise<ClearSegment> {
    const { listed } = segment;
    const { map, durationS, sequence } = listed;
    const clear = await this.#decrypt(await body.bytes(), listed.keys, sequence);
    if (map === undefined) return { bytes: clear, discontinuity, durationS };
    const { name } = map.asset;
    const init = await this.#decrypt(await this.#asset(map.asset), map.keys, sequence);
    return { bytes: clear, init: { name, bytes: init }, discontinuity, durationS };
  }

  async #decrypt(
    bytes: Uint8Array,
    keys: readonly ListedKey[],
    sequence: number,
  ): Promise<Uint8Array> {
    const key = aesKeyOf(keys.map((listed) => listed.key));
    if (key === undefined) return bytes;
    const asset = keys.find((listed) => listed.key === key)?.asset;
    if (asset === undefined) throw missing('key');
    return decryptSegment(bytes, await this.#asset(asset), ivOf(key, sequence));
  }

  async #asset({ name }: Asset): Promise<Uint8Array> {
    const known = this.#assets.get(name);
    if (known !== undefined) return known;
    const found = await this.#rendition.body(name);
    const body =
      found.kind === 'whole'
        ? found.body
        : found.kind === 'streaming'
          ? await found.inFlight.whole()
          : undefined;
    if (body === undefined) throw missing(name);
    const bytes = await body.bytes();
    this.#assets.set(name, bytes);
    if (this.#assets.size > ASSETS_MAX) {
      this.#assets.delete(this.#assets.keys().next().value as string);
    }
    return bytes;
  }
}

function missing(what: string): AppError {
  return new AppError('PACKAGING_ASSET', `Cannot open the segment: its ${what} is not here`);
}
