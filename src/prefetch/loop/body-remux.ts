// This file makes what a source sends into what players of the rendition began with.
import { AppError, errorRecord } from '../../base/errors.ts';
import { headOf } from '../../media/chunk-cursor.ts';
import { contentTypeOf, sniffContainer } from '../../media/container.ts';
import { PAT_PID } from '../../media/mpegts/pat.ts';
import { writeSection } from '../../media/mpegts/section.ts';
import { type Form, findProgram } from '../../media/remux/form.ts';
import { type ClearBody, formOf, RenditionRemux } from '../../media/remux/rendition-remux.ts';
import { isEncrypted, type ListedKey, type ListedSegment } from '../../ring/listing.ts';
import { assetName } from '../../ring/name.ts';
import { aesKeyOf, decryptSegment, ivOf } from './decrypt.ts';

/** How a segment is listed that is no longer as its source sent it. */
export type RemuxedAs = {
  readonly extension: string;
  /** Goes before it; absent: it needs none. */
  readonly init?: { readonly name: string; readonly body: Blob };
  /** Its bytes are those of the source, with what they are encrypted by. */
  readonly isUntouched: boolean;
};

/** What came of a body. */
export type Taken = {
  /** Absent: it is as it was. */
  readonly chunks?: readonly Uint8Array[];
  readonly contentType?: string;
  readonly remuxed?: RemuxedAs;
  /** Told until it is known. */
  readonly form?: Form;
  /** Why it could not be made into what players know. */
  readonly unmade?: string;
};

/** As many as a loop remembers. */
const ASSETS_MAX = 64;
/** The tables stand within. */
const HEAD_BYTES = 64 * 1024;
/** What was not to be learnt of so many segments is not: subtitles, or an encryption of its own. */
const LEARN_MAX = 4;
const NOTHING: Taken = {};

export class BodyRemux {
  readonly #form: Form | undefined;
  readonly #remux: RenditionRemux | undefined;
  /** Init segments and keys. */
  readonly #assets = new Map<string, Uint8Array>();
  #turn: Promise<unknown> = Promise.resolve();
  #learnsLeft = LEARN_MAX;

  /** `form`: set where another source fed the rendition before. */
  constructor(form: Form | undefined) {
    this.#form = form;
    this.#remux = form === undefined ? undefined : new RenditionRemux(form);
  }

  /** Bodies may change once they are whole: nobody is sent their pieces before. */
  get isActive(): boolean {
    return this.#remux !== undefined;
  }

  /** `run` waits for what it is given; of segments that may change each comes after the last. */
  inTurn(
    assets: Promise<boolean>,
    run: (ready: Promise<boolean>) => Promise<boolean>,
  ): Promise<boolean> {
    if (!this.isActive) return run(assets);
    const before = this.#turn;
    const done = run(before.then(() => assets));
    this.#turn = done;
    return done;
  }

  keep(name: string, chunks: readonly Uint8Array[]): void {
    this.#assets.delete(name);
    this.#assets.set(name, Buffer.concat(chunks));
    if (this.#assets.size <= ASSETS_MAX) return;
    this.#assets.delete(this.#assets.keys().next().value as string);
  }

  take(segment: ListedSegment, chunks: readonly Uint8Array[]): Taken {
    if (this.#form === undefined) return this.#learn(segment, chunks);
    let clear: ClearBody | undefined;
    try {
      if (this.#isKnownAlike(segment, chunks)) return NOTHING;
      clear = this.#open(segment, Buffer.concat(chunks));
      const made = this.#remux?.take(clear);
      return made === undefined ? NOTHING : takenAs(this.#form, made);
    } catch (error) {
      const unmade = errorRecord(error).message;
      const bytes = clear?.bytes ?? headOf(chunks, HEAD_BYTES);
      return { unmade, ...withTables(this.#form, segment, bytes) };
    }
  }

  /** Most segments are as players know them: they are neither joined nor opened. */
  #isKnownAlike(segment: ListedSegment, chunks: readonly Uint8Array[]): boolean {
    const { keys, map } = segment;
    if (keys.length > 0) {
      const container = map === undefined ? 'mpegts' : 'fmp4';
      return this.#remux?.isAlike(container) === true;
    }
    const head = { bytes: headOf(chunks, HEAD_BYTES), ...this.#initOf(segment) };
    return this.#remux?.isAlike(sniffContainer(head.bytes), head) === true;
  }

  #learn(segment: ListedSegment, chunks: readonly Uint8Array[]): Taken {
    if (this.#learnsLeft === 0) return NOTHING;
    this.#learnsLeft -= 1;
    const { keys } = segment;
    try {
      const bytes = isEncrypted(keys)
        ? decrypted(Buffer.concat(chunks), keys, segment.sequence, this.#assets)
        : headOf(chunks, HEAD_BYTES);
      const form = formOf(sniffContainer(bytes), { bytes, ...this.#initOf(segment) });
      if (form === undefined) return NOTHING;
      this.#learnsLeft = 0;
      return { form };
    } catch {
      // What cannot be read has tracks that nothing can be made for
      return segment.map === undefined ? NOTHING : { form: { container: 'fmp4', tracks: [] } };
    }
  }

  #open(segment: ListedSegment, bytes: Uint8Array): ClearBody {
    const clear = decrypted(bytes, segment.keys, segment.sequence, this.#assets);
    return { bytes: clear, ...this.#initOf(segment) };
  }

  #initOf({ map, sequence }: ListedSegment): Pick<ClearBody, 'init'> {
    if (map === undefined) return {};
    const bytes = this.#assets.get(map.asset.name);
    if (bytes === undefined) throw missing('init segment');
    return { init: decrypted(bytes, map.keys, sequence, this.#assets) };
  }
}

/** As it is where it is in the clear; throws where it is encrypted otherwise than as a whole. */
function decrypted(
  bytes: Uint8Array,
  keys: readonly ListedKey[],
  sequence: number,
  assets: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const key = aesKeyOf(keys.map((listed) => listed.key));
  if (key === undefined) return bytes;
  const name = keys.find((listed) => listed.key === key)?.asset?.name;
  const keyBytes = name === undefined ? undefined : assets.get(name);
  if (keyBytes === undefined) throw missing('key');
  return decryptSegment(bytes, keyBytes, ivOf(key, sequence));
}

function takenAs({ container }: Form, made: { init?: Uint8Array; segment: Uint8Array }): Taken {
  const extension = container === 'fmp4' ? 'm4s' : 'ts';
  const init = made.init === undefined ? {} : { init: assetOf(made.init, 'mp4') };
  return {
    chunks: [made.segment],
    contentType: contentTypeOf(container, `.${extension}`),
    remuxed: { extension, isUntouched: false, ...init },
  };
}

/**
 * A player of fMP4 cannot be told that the init segment of before is none of this: MPEG-TS gets one
 * of its own kind.
 */
// RFC 8216 §3.2: the Media Initialization Section of MPEG-TS is a PAT followed by a PMT
function withTables(
  form: Form,
  { map, extension }: ListedSegment,
  bytes: Uint8Array,
): Pick<Taken, 'remuxed'> {
  if (form.container !== 'fmp4' || map !== undefined) return {};
  if (sniffContainer(bytes) !== 'mpegts') return {};
  const program = findProgram(bytes);
  if (program === undefined) return {};
  const { pat, pmt, pmtPid } = program;
  const tables = Buffer.concat([writeSection(pat, PAT_PID, 0), writeSection(pmt, pmtPid, 0)]);
  return { remuxed: { extension, isUntouched: true, init: assetOf(tables, 'ts') } };
}

/** Named by its bytes: the same for whoever makes it. */
function assetOf(bytes: Uint8Array, extension: string): NonNullable<RemuxedAs['init']> {
  const name = assetName('init', `made of ${Bun.hash.wyhash(bytes)}`, extension);
  return { name, body: new Blob([bytes as Uint8Array<ArrayBuffer>]) };
}

function missing(what: string): AppError {
  return new AppError('PREFETCH_ASSET', `Cannot open the segment: its ${what} is not here`);
}
