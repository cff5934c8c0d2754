// This file opens archived segments that are encrypted as a whole.
import { AppError } from '../../base/errors.ts';
import { aesKeyOf, decryptSegment } from '../../prefetch/loop/decrypt.ts';
import type { ArchivedRendition, ArchivedSegment } from './archived.ts';

/** Keys that were used lately, by name: a span has few at a time. */
const KEYS_MAX = 16;
/** Who holds a body may ask to be asked again so often. */
const TRIES_MAX = 3;

export class ClearBodies {
  readonly #rendition: ArchivedRendition;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #keys = new Map<string, Uint8Array>();

  constructor(rendition: ArchivedRendition, pause: (ms: number) => Promise<void>) {
    this.#rendition = rendition;
    this.#pause = pause;
  }

  /** In the clear. Throws AppError where it is not to be had, FormatError where it is wrong. */
  async get(segment: ArchivedSegment): Promise<Blob> {
    const key = aesKeyOf(segment.keys.map((archived) => archived.key));
    const body = await this.#body(segment.name);
    if (key === undefined) return body;
    const asset = segment.keys.find((archived) => archived.key === key)?.asset;
    if (asset === undefined || key.iv === undefined) throw missing('key of the segment');
    const clear = decryptSegment(await body.bytes(), await this.#key(asset), key.iv);
    return new Blob([clear as Uint8Array<ArrayBuffer>]);
  }

  async #key(asset: string): Promise<Uint8Array> {
    const known = this.#keys.get(asset);
    if (known !== undefined) return known;
    const bytes = await (await this.#body(asset)).bytes();
    if (this.#keys.size >= KEYS_MAX) this.#keys.clear();
    this.#keys.set(asset, bytes);
    return bytes;
  }

  async #body(name: string): Promise<Blob> {
    for (let tries = 1; ; tries++) {
      const found = await this.#rendition.body(name);
      if (found.kind === 'whole') return found.body;
      if (found.kind !== 'late' || tries >= TRIES_MAX) throw missing(name);
      await this.#pause(found.retryAfterS * 1000);
    }
  }
}

function missing(what: string): AppError {
  return new AppError('RECORDING_BODY', `Cannot send the archive: ${what} is not to be had`);
}
