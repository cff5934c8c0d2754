// This file makes MPEG-TS of a channel's segments, whatever they are: picture and sound together.
import { type Clock, Patience } from '../../base/clock.ts';
import { sniffContainer } from '../../media/container.ts';
import { createFmp4Input } from '../../media/remux/fmp4-to-units.ts';
import { createMpegtsInput } from '../../media/remux/mpegts-to-units.ts';
import { createPackedAudioInput } from '../../media/remux/packed-audio-to-units.ts';
import type { RemuxInput } from '../../media/remux/remux-input.ts';
import { Remuxer } from '../../media/remux/remuxer.ts';
import type { Rendition } from '../../prefetch/rendition/rendition.ts';
import { type ClearSegment, SegmentOpener } from './clear-segment.ts';
import { type ReadSegment, RenditionReader } from './rendition-reader.ts';
import { BEGINNING_BYTES, readBeginning } from './segment-beginning.ts';

export type TransportSegment = {
  readonly bytes: Uint8Array;
  readonly discontinuity: boolean;
  /** There is more of it, which comes next; `again` where this alone is of no use. */
  readonly isBeginning: boolean;
};

/** What is not taken from the list: the rest of a segment, or all of it once more. */
type Left = { readonly body: Blob; readonly discontinuity: boolean };

/** Sound that is later than this many of the picture's segments is left out. */
const SOUND_WAIT_SEGMENTS = 1;

type Side = { readonly reader: RenditionReader; readonly opener: SegmentOpener };

/** A remuxer and what it was made for. */
type Remux = { readonly remuxer: Remuxer; readonly made: string };

export class TransportSource {
  readonly #clock: Clock;
  readonly #main: Side;
  readonly #sound: Side | undefined;
  readonly #language: string | undefined;
  #remux: Remux | undefined;
  /** Seconds of sound read beyond the picture's. */
  #soundAheadS = 0;
  #hasBegun = false;
  #begun: ReadSegment | undefined;
  #left: Left | undefined;

  /** `sound`: a rendition of its own, where the picture's has none. */
  constructor(clock: Clock, main: Rendition, sound?: Rendition, language?: string) {
    this.#clock = clock;
    this.#main = sideOf(main);
    this.#sound = sound === undefined ? undefined : sideOf(sound);
    this.#language = language;
  }

  /**
   * The next segment; undefined where the stream has ended or `signal` aborts. Throws AppError or
   * FormatError for a segment that cannot be used; the next call goes on behind it. The very first
   * comes in two parts: somebody waits for it.
   */
  async next(signal: AbortSignal): Promise<TransportSegment | undefined> {
    const left = this.#left;
    this.#left = undefined;
    if (left !== undefined) {
      const { body, discontinuity } = left;
      return { bytes: await body.bytes(), discontinuity, isBeginning: false };
    }
    const read = await this.#main.reader.next(signal);
    if (read === undefined) return undefined;
    const beginning = this.#hasBegun ? undefined : await this.#begin(read);
    if (beginning !== undefined) return beginning;
    if (read.discontinuity) this.#restartSound(read.segment.mediaSequence);
    const picture = await this.#main.opener.open(read);
    const { discontinuity } = picture;
    const sounds = await this.#soundFor(picture, signal);
    if (this.#sound === undefined && sniffContainer(picture.bytes) === 'mpegts') {
      this.#remux = undefined;
      return { bytes: picture.bytes, discontinuity, isBeginning: false };
    }
    const remuxer = this.#remuxerFor(picture, sounds[0]);
    const count = this.#sound === undefined ? 1 : 2;
    const first = remuxer.remux([picture.bytes, sounds[0]?.bytes].slice(0, count));
    const more = sounds.slice(1).map(({ bytes }) => remuxer.remux([undefined, bytes]));
    return { bytes: joined([first, ...more]), discontinuity, isBeginning: false };
  }

  /** Nothing came of the beginning that was given: the whole segment comes next. */
  again(): void {
    const { body, discontinuity } = this.#begun ?? {};
    if (body !== undefined) this.#left = { body, discontinuity: discontinuity ?? true };
  }

  /** Undefined where it is to be opened or made anew as a whole. */
  async #begin(read: ReadSegment): Promise<TransportSegment | undefined> {
    this.#hasBegun = true;
    const { body, discontinuity } = read;
    const { keys, map } = read.segment.listed;
    if (keys.length > 0 || map !== undefined || this.#sound !== undefined) return undefined;
    const bytes = await readBeginning(body);
    if (bytes === undefined) return undefined;
    this.#begun = read;
    this.#left = { body: body.slice(BEGINNING_BYTES), discontinuity: false };
    return { bytes, discontinuity, isBeginning: true };
  }

  #restartSound(mediaSequence: number): void {
    this.#remux = undefined;
    this.#soundAheadS = 0;
    this.#sound?.reader.startAt(mediaSequence);
  }

  /** As much sound as the picture lasts; less where it is late: the picture does not wait long. */
  async #soundFor(picture: ClearSegment, signal: AbortSignal): Promise<ClearSegment[]> {
    const found: ClearSegment[] = [];
    if (this.#sound === undefined) return found;
    this.#soundAheadS -= picture.durationS;
    const waitMs = picture.durationS * SOUND_WAIT_SEGMENTS * 1000;
    using patience = new Patience(this.#clock, waitMs, signal);
    // Half of what is usual for a frame's time is rounding, not lack
    while (this.#soundAheadS < -0.01 && !patience.signal.aborted) {
      const next = await this.#nextSound(this.#sound, patience.signal);
      if (next === undefined) break;
      this.#soundAheadS += next.durationS;
      found.push(next);
    }
    return found;
  }

  async #nextSound(
    { reader, opener }: Side,
    signal: AbortSignal,
  ): Promise<ClearSegment | undefined> {
    const read = await reader.next(signal);
    return read === undefined ? undefined : opener.open(read);
  }

  #remuxerFor(picture: ClearSegment, sound: ClearSegment | undefined): Remuxer {
    const parts = this.#sound === undefined ? [picture] : [picture, sound];
    const made = parts.map((part) => part?.init?.name ?? 'none').join();
    if (this.#remux?.made === made) return this.#remux.remuxer;
    const inputs = parts.map((part) => this.#inputFor(part));
    this.#remux = { made, remuxer: new Remuxer(inputs) };
    return this.#remux.remuxer;
  }

  #inputFor(part: ClearSegment | undefined): RemuxInput {
    // RFC 8216 §3.2: MPEG-TS may have an init segment too, of tables alone
    if (part === undefined || sniffContainer(part.bytes) === 'mpegts') return createMpegtsInput();
    if (part.init !== undefined) return createFmp4Input(part.init.bytes);
    // Alone it needs to agree with nothing
    return createPackedAudioInput(this.#language, this.#sound === undefined ? 0 : undefined);
  }
}

function sideOf(rendition: Rendition): Side {
  return { reader: new RenditionReader(rendition), opener: new SegmentOpener(rendition) };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}
