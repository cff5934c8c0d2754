// This file opens archived segments that are encrypted as a whole.
import type { Clock } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { aesKeyOf, decryptSegment } from '../../prefetch/loop/decrypt.ts';
import type { BodyForm } from '../../ring/tiers/tier.ts';
import type { ArchivedKey, ArchivedRendition, ArchivedSegment } from './archived.ts';
import { awaitBody } from './await-body.ts';
import type { ClearSegment } from './segment-marks.ts';

/** Keys and init segments that were used lately, by name: a span has few at a time. */
const ASSETS_MAX = 16;

export class ClearBodies {
  readonly #rendition: ArchivedRendition;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #assets = new Map<string, Uint8Array>();

  /** `signal`: nobody waits for them any more. */
  constructor(rendition: ArchivedRendition, clock: Clock, signal: AbortSignal) {
    this.#rendition = rendition;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** In the clear. Throws AppError where it is not to be had, FormatError where it is wrong. */
  async get({ name, keys }: ArchivedSegment, form?: BodyForm): Promise<Blob> {
    const isOpen = aesKeyOf(keys.map(({ key }) => key)) === undefined;
    const body = await this.#body(name, isOpen ? form : 'memory');
    const clear = await this.#decrypted(body, keys);
    return clear === undefined ? body : new Blob([clear]);
  }

  /** As `get`, with the init segment that it needs. */
  async open(segment: ArchivedSegment, form?: BodyForm): Promise<ClearSegment> {
    const { map } = segment;
    const init = map === undefined ? undefined : await this.#init(map.asset, map.keys);
    return { body: await this.get(segment, form), init };
  }

  async #init(name: string, keys: readonly ArchivedKey[]): Promise<Uint8Array> {
    const place = `clear ${name} ${keys.map(({ asset, key }) => `${asset} ${key.iv}`)}`;
    return this.#kept(place, async () => {
      const body = await this.#body(name);
      return (await this.#decrypted(body, keys)) ?? (await body.bytes());
    });
  }

  /** Undefined where it is in the clear as it is. */
  async #decrypted(
    body: Blob,
    keys: readonly ArchivedKey[],
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const key = aesKeyOf(keys.map((archived) => archived.key));
    if (key === undefined) return undefined;
    const asset = keys.find((archived) => archived.key === key)?.asset;
    if (asset === undefined || key.iv === undefined) throw missing('key of the segment');
    const bytes = await this.#kept(asset, async () => (await this.#body(asset)).bytes());
    return decryptSegment(await body.bytes(), bytes, key.iv) as Uint8Array<ArrayBuffer>;
  }

  async #kept(name: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.#assets.get(name);
    if (known !== undefined) return known;
    const bytes = await read();
    if (this.#assets.size >= ASSETS_MAX) this.#assets.clear();
    this.#assets.set(name, bytes);
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
