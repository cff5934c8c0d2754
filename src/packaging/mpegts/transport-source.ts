// This file makes MPEG-TS of a channel's segments, whatever they are: picture and sound together.
import { type Container, sniffContainer } from '../../media/container.ts';
import { withoutKind } from '../../media/remux/chosen-tracks.ts';
import { createFmp4Input } from '../../media/remux/fmp4-to-units.ts';
import { kindsOf } from '../../media/remux/form.ts';
import { Merger } from '../../media/remux/merger.ts';
import { createMpegtsInput } from '../../media/remux/mpegts-to-units.ts';
import { createPackedAudioInput } from '../../media/remux/packed-audio-to-units.ts';
import type { Demuxed, RemuxInput } from '../../media/remux/remux-input.ts';
import { formOf } from '../../media/remux/rendition-remux.ts';
import { type ClearSegment, SegmentOpener } from './clear-segment.ts';
import { type ReadRendition, type ReadSegment, RenditionReader } from './rendition-reader.ts';
import { BEGINNING_BYTES, readBeginning } from './segment-beginning.ts';
import type { SoundBeside } from './sound-beside.ts';
import type { PictureSpan } from './sound-queue.ts';

export type TransportSegment = {
  readonly bytes: Uint8Array;
  readonly discontinuity: boolean;
  /** There is more of it, which comes next; `again` where this alone is of no use. */
  readonly isBeginning: boolean;
};

/** What is not taken from the list: the rest of a segment, or all of it once more. */
type Left = { readonly body: Blob; readonly discontinuity: boolean };

/** Pictures left out at the very beginning, where there is no sound beside them as yet. */
const SKIPS_MAX = 2;
/** Two frames of AAC: less is no lack. */
const LATE_MAX_TICKS = 3840;

export type Sides = {
  /** The sound of what the channel offers, where that lies apart. */
  readonly beside?: SoundBeside;
  /** What else there is for pictures that come without sound, if anything is at this moment. */
  readonly instead?: () => SoundBeside | undefined;
};

/** Where a segment's frames are, and what they were made for. */
type Input = { readonly input: RemuxInput; readonly madeFor: string };

export class TransportSource {
  readonly #reader: RenditionReader;
  readonly #opener: SegmentOpener;
  readonly #sides: Sides;
  /** The one beside the last segment. */
  #sound: SoundBeside | undefined;
  #input: Input | undefined;
  #merger: Merger | undefined;
  /** What comes next does not go on where the last that went out ended. */
  #isAnew = true;
  #skips = 0;
  #hasBegun = false;
  #begun: Blob | undefined;
  #left: Left | undefined;

  constructor(main: ReadRendition, sides: Sides = {}) {
    this.#reader = new RenditionReader(main);
    this.#opener = new SegmentOpener(main);
    this.#sides = sides;
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
    for (;;) {
      // Both are asked for at once, so that neither waits for the other
      (this.#sides.beside ?? this.#sound)?.keepGoing();
      const read = await this.#reader.next(signal);
      if (read === undefined) return undefined;
      if (read.discontinuity) this.#beginAnew();
      const beginning = this.#hasBegun ? undefined : await this.#begin(read);
      if (beginning !== undefined) return beginning;
      const picture = await this.#opener.open(read);
      this.#setSound(this.#sides.beside ?? this.#insteadFor(picture));
      const bytes = await this.#make(read, picture, signal);
      if (bytes === undefined) continue;
      const discontinuity = this.#isAnew;
      this.#isAnew = false;
      return { bytes, discontinuity, isBeginning: false };
    }
  }

  /** Nothing came of the beginning that was given: the whole segment comes next. */
  again(): void {
    if (this.#begun !== undefined) this.#left = { body: this.#begun, discontinuity: true };
  }

  /** Undefined where it is to be opened or made anew as a whole. */
  async #begin({ body, segment }: ReadSegment): Promise<TransportSegment | undefined> {
    this.#hasBegun = true;
    const { keys, map } = segment.listed;
    if (keys.length > 0 || map !== undefined || this.#sides.beside !== undefined) return undefined;
    const bytes = await readBeginning(body);
    if (bytes === undefined || this.#insteadFor({ bytes }) !== undefined) return undefined;
    this.#begun = body;
    this.#left = { body: body.slice(BEGINNING_BYTES), discontinuity: false };
    this.#isAnew = false;
    return { bytes, discontinuity: true, isBeginning: true };
  }

  #insteadFor(picture: Pick<ClearSegment, 'bytes' | 'init'>): SoundBeside | undefined {
    const { instead } = this.#sides;
    return instead !== undefined && isMute(picture) ? instead() : undefined;
  }

  #setSound(sound: SoundBeside | undefined): void {
    if (sound === this.#sound) return;
    this.#sound = sound;
    this.#beginAnew();
  }

  #beginAnew(): void {
    this.#isAnew = true;
    this.#merger = undefined;
    this.#input = undefined;
  }

  /** Undefined where the stream had better begin with the next. */
  async #make(
    read: ReadSegment,
    picture: ClearSegment,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const container = sniffContainer(picture.bytes);
    const sound = this.#sound;
    if (sound === undefined && container === 'mpegts') return picture.bytes;
    const demuxed = this.#inputFor(picture, container).demux(picture.bytes);
    const span = sound === undefined ? undefined : spanOf(read, picture, demuxed, this.#isAnew);
    if (sound === undefined || span === undefined) return this.#merge([demuxed, undefined]);
    const { came, lateTicks } = await sound.of(span, signal);
    if (this.#shouldSkip(lateTicks)) return undefined;
    if (came === undefined) return this.#merge([demuxed, undefined]);
    return this.#merge([withoutKind(demuxed, 'audio'), came]);
  }

  /** A stream that begins with picture alone is taken for one without sound by many players. */
  #shouldSkip(lateTicks: number | undefined): boolean {
    const isLate = lateTicks !== undefined && lateTicks > LATE_MAX_TICKS;
    if (!isLate || !this.#reader.hasNext || this.#skips === SKIPS_MAX) {
      this.#skips = SKIPS_MAX;
      return false;
    }
    this.#skips += 1;
    return true;
  }

  #merge(came: readonly (Demuxed | undefined)[]): Uint8Array {
    this.#merger ??= new Merger(2);
    return this.#merger.merge(came);
  }

  #inputFor(picture: ClearSegment, container: Container): RemuxInput {
    const madeFor = `${container} ${picture.init?.name ?? ''}`;
    if (this.#input?.madeFor !== madeFor) {
      this.#input = { madeFor, input: inputOf(picture, container) };
    }
    return this.#input.input;
  }
}

function inputOf({ init }: ClearSegment, container: Container): RemuxInput {
  // RFC 8216 §3.2: MPEG-TS may have an init segment too, of tables alone
  if (container === 'mpegts') return createMpegtsInput();
  if (init !== undefined) return createFmp4Input(init.bytes);
  // Alone it needs to agree with nothing
  return createPackedAudioInput(undefined, 0);
}

/** Undefined where there is no picture: then there is nothing to put sound beside. */
function spanOf(
  { segment }: ReadSegment,
  { durationS }: ClearSegment,
  { tracks, units, endTicks }: Demuxed,
  isAnew: boolean,
): PictureSpan | undefined {
  const first = units.find(({ track }) => tracks[track]?.kind === 'video');
  if (first === undefined) return undefined;
  const { mediaSequence, discontinuitySequence, listed } = segment;
  const { programDateTimeMs: dateMs } = listed;
  const times = { startTicks: first.dts, shownTicks: first.pts, endTicks };
  return { ...times, mediaSequence, discontinuitySequence, dateMs, durationS, isAnew };
}

/** There is something to see, and nothing to hear. */
function isMute({ bytes, init }: Pick<ClearSegment, 'bytes' | 'init'>): boolean {
  const body = init === undefined ? { bytes } : { bytes, init: init.bytes };
  const form = formOf(sniffContainer(bytes), body);
  if (form === undefined) return false;
  const kinds = kindsOf(form);
  return kinds.includes('video') && !kinds.includes('audio');
}
