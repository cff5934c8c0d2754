// This file turns the segments of one source into those of a rendition that began with another.
import { FormatError } from '../../base/errors.ts';
import { type Container, sniffContainer } from '../container.ts';
import { chosenInput } from './chosen-tracks.ts';
import { Fmp4Maker } from './fmp4-maker.ts';
import { createFmp4Input } from './fmp4-to-units.ts';
import { type Form, formOfInit, formOfTransport, type Kind, kindsOf } from './form.ts';
import { createMpegtsInput } from './mpegts-to-units.ts';
import { createPackedAudioInput } from './packed-audio-to-units.ts';
import type { RemuxInput } from './remux-input.ts';
import { Remuxer } from './remuxer.ts';

/** A segment in the clear, and the init segment it needs. */
export type ClearBody = { readonly bytes: Uint8Array; readonly init?: Uint8Array };

export type Remuxed = { readonly init?: Uint8Array; readonly segment: Uint8Array };

/** Takes the segments in their order: what one ends in the next goes on with. */
export class RenditionRemux {
  readonly #form: Form;
  #make: ((segment: Uint8Array) => Remuxed) | undefined;
  /** What `#make` was made for. */
  #container: Container = 'unknown';
  #init: Uint8Array | undefined;

  constructor(form: Form) {
    this.#form = form;
  }

  /** Undefined where it is as players want it. Throws FormatError where it cannot be made so. */
  take(body: ClearBody): Remuxed | undefined {
    const container = sniffContainer(body.bytes);
    if (this.isAlike(container, body)) return undefined;
    const isSame = this.#make !== undefined && this.#container === container;
    if (!isSame || !areEqual(this.#init, body.init)) {
      this.#make = this.#createMake(container, body);
      this.#container = container;
      this.#init = body.init;
    }
    return this.#make?.(body.bytes);
  }

  /**
   * MPEG-TS says all there is to know of itself in itself. fMP4 does not, and programs that keep to
   * the first moov they were given read it with another's parameter sets, ids and timescales: it is
   * made anew, with its parameter sets in the samples. Of `body` the head does.
   */
  isAlike(container: Container, body?: ClearBody): boolean {
    if (container !== this.#form.container) return false;
    const known = kindsOf(this.#form);
    if (container === 'fmp4') return known.length === 0;
    const theirs = body === undefined ? undefined : formOf(container, body);
    // Where nothing is to be seen, a rendition of pictures and sound takes what comes
    const kinds: readonly Kind[] = theirs === undefined ? ['video', 'audio'] : kindsOf(theirs);
    const isAlike = kinds.every((kind) => known.includes(kind));
    if (isAlike) this.#make = undefined;
    return isAlike;
  }

  #createMake(container: Container, body: ClearBody): (segment: Uint8Array) => Remuxed {
    const input = inputOf(container, body.init);
    const form = this.#form;
    if (form.container === 'fmp4') {
      const maker = new Fmp4Maker(input, form.tracks);
      return (segment) => maker.make(segment);
    }
    const { program } = form;
    const remuxer = new Remuxer([chosenInput(input, program.streams)], program);
    return (segment) => {
      const made = remuxer.remux([segment]);
      if (made.length > 0) return { segment: made };
      const message = 'Cannot remux the segment: nothing in it can be carried';
      throw new FormatError('mpegts', 0, message, 'ISO/IEC 13818-1 §2.4.3.7');
    };
  }
}

/** Undefined where it cannot be told. */
export function formOf(container: Container, { bytes, init }: ClearBody): Form | undefined {
  if (container === 'mpegts') return formOfTransport(bytes);
  return container === 'fmp4' && init !== undefined ? formOfInit(init) : undefined;
}

function inputOf(container: Container, init: Uint8Array | undefined): RemuxInput {
  if (container === 'mpegts') return createMpegtsInput();
  if (container === 'fmp4' && init !== undefined) return createFmp4Input(init);
  // Alone it needs to agree with nothing
  if (container === 'aac') return createPackedAudioInput(undefined, 0);
  const message = `Cannot remux the segment: it is ${container}, wanted MPEG-TS, fMP4 or AAC`;
  throw new FormatError(container, 0, message, 'RFC 8216 §3.1');
}

function areEqual(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one === other || Buffer.compare(one, other) === 0;
}
