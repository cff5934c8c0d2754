// This file takes the sound out of the segments of a rendition, and finds out when they are heard.
import { orAborted } from '../../base/clock.ts';
import { sniffContainer } from '../../media/container.ts';
import { withoutKind } from '../../media/remux/chosen-tracks.ts';
import { createFmp4Input } from '../../media/remux/fmp4-to-units.ts';
import { createMpegtsInput } from '../../media/remux/mpegts-to-units.ts';
import { createPackedAudioInput } from '../../media/remux/packed-audio-to-units.ts';
import type { Demuxed, RemuxInput } from '../../media/remux/remux-input.ts';
import type { Segment } from '../../ring/rendition-ring.ts';
import { type ClearSegment, SegmentOpener } from './clear-segment.ts';
import type { ReadRendition, ReadSegment } from './rendition-reader.ts';
import type { Timed } from './sound-search.ts';

/** Its sound, on the clock of its source; `durationS` is what the list says. */
export type SoundSegment = {
  readonly demuxed: Demuxed;
  readonly durationS: number;
  readonly discontinuitySequence: number;
};

export class SoundSegments {
  readonly #rendition: ReadRendition;
  readonly #opener: SegmentOpener;
  readonly #language: string | undefined;
  readonly #timed = new WeakMap<Segment, Timed>();
  #input: { readonly input: RemuxInput; readonly madeFor: string } | undefined;

  /** `language`: three letters of ISO 639-2, for sound that does not tell its own. */
  constructor(rendition: ReadRendition, language?: string) {
    this.#rendition = rendition;
    this.#opener = new SegmentOpener(rendition);
    this.#language = language;
  }

  /** Throws AppError or FormatError where it cannot be used. */
  async open(read: ReadSegment): Promise<SoundSegment> {
    const clear = await this.#opener.open(read);
    const madeFor = `${sniffContainer(clear.bytes)} ${clear.init?.name ?? ''}`;
    if (this.#input?.madeFor !== madeFor || read.discontinuity) {
      this.#input = { madeFor, input: this.#inputOf(clear) };
    }
    const demuxed = withoutKind(this.#input.input.demux(clear.bytes), 'video');
    const { discontinuitySequence } = read.segment;
    return { demuxed, durationS: clear.durationS, discontinuitySequence };
  }

  /** When it is heard, whatever was read before; undefined where that is not to be told. */
  async measure(segment: Segment, patience: AbortSignal): Promise<Timed | undefined> {
    const known = this.#timed.get(segment);
    if (known !== undefined) return known;
    const body = await this.#bodyOf(segment, patience);
    if (body === undefined) return undefined;
    try {
      const clear = await this.#opener.open({ segment, body, discontinuity: true });
      const demuxed = withoutKind(this.#inputOf(clear).demux(clear.bytes), 'video');
      const startTicks = demuxed.units[0]?.dts;
      if (startTicks === undefined) return undefined;
      const timed = { startTicks, endTicks: demuxed.endTicks };
      this.#timed.set(segment, timed);
      return timed;
    } catch {
      // Who reads it is told what is wrong with it
      return undefined;
    }
  }

  async #bodyOf({ name }: Segment, patience: AbortSignal): Promise<Blob | undefined> {
    const found = await this.#rendition.body(name);
    if (found.kind === 'whole') return found.body;
    if (found.kind !== 'streaming') return undefined;
    return orAborted(
      found.inFlight.whole().catch(() => undefined),
      patience,
    );
  }

  #inputOf({ bytes, init }: ClearSegment): RemuxInput {
    // RFC 8216 §3.2: MPEG-TS may have an init segment too, of tables alone
    if (sniffContainer(bytes) === 'mpegts') return createMpegtsInput();
    if (init !== undefined) return createFmp4Input(init.bytes);
    return createPackedAudioInput(this.#language);
  }
}
