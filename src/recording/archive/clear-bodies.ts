// This file opens archived segments that are encrypted as a whole.
import type { Clock } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { aesKeyOf, decryptSegment } from '../../prefetch/loop/decrypt.ts';
import type { BodyForm } from '../../ring/tiers/tier.ts';
import type { ArchivedRendition, ArchivedSegment } from './archived.ts';
import { awaitBody } from './await-body.ts';

/** Keys that were used lately, by name: a span has few at a time. */
const KEYS_MAX = 16;

export class ClearBodies {
  readonly #rendition: ArchivedRendition;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #keys = new Map<string, Uint8Array>();

  /** `signal`: nobody waits for them any more. */
  constructor(rendition: ArchivedRendition, clock: Clock, signal: AbortSignal) {
    this.#rendition = rendition;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** In the clear. Throws AppError where it is not to be had, FormatError where it is wrong. */
  async get(segment: ArchivedSegment, form?: BodyForm): Promise<Blob> {
    const key = aesKeyOf(segment.keys.map((archived) => archived.key));
    const body = await this.#body(segment.name, key === undefined ? form : 'memory');
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

  async #body(name: string, form?: BodyForm): Promise<Blob> {
    const found = await awaitBody(this.#rendition, name, this.#clock, this.#signal, form);
    if (found.kind !== 'whole') throw missing(name);
    return found.body;
  }
}

function missing(what: string): AppError {
  return new AppError('RECORDING_BODY', `Cannot send the archive: ${what} is not to be had`);
}
