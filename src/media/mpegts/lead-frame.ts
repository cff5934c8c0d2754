// This file reads the frames of the stream that an endless stream is cut by.
import { type FrameKind, FrameScan } from './frame-kind.ts';
import type { FrameTimes } from './lead-clock.ts';
import type { Packet } from './packet.ts';
import { type PesHeader, PesHeaderReader } from './pes.ts';
import { isVideo, type ProgramStream } from './pmt.ts';

/** A PES packet of the lead stream; a sound frame can be decoded by itself, as 'idr' says. */
export type LeadFrame = FrameTimes & { readonly kind: FrameKind };

export class LeadFrameReader {
  readonly #headers = new PesHeaderReader();
  readonly #scan: FrameScan;
  readonly #isVideo: boolean;
  #isOpen = false;
  #isRandomAccess = false;
  #header: PesHeader | undefined;

  constructor(stream: ProgramStream) {
    this.#isVideo = isVideo(stream);
    this.#scan = new FrameScan(stream.type);
  }

  /** A frame has begun of which not all is known. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A frame begins in `packet`: it, or undefined where more packets are needed. */
  begin(bytes: Uint8Array, packet: Packet): LeadFrame | undefined {
    this.#isOpen = true;
    this.#isRandomAccess = packet.randomAccess;
    this.#header = undefined;
    this.#scan.begin();
    return this.goOn(bytes, packet);
  }

  goOn(bytes: Uint8Array, packet: Packet): LeadFrame | undefined {
    if (packet.scrambled) return this.end();
    let { payloadAt } = packet;
    if (this.#header === undefined) {
      this.#header = this.#headers.read(bytes, packet);
      if (this.#header === undefined) return this.#headers.isAmid ? undefined : this.end();
      payloadAt = this.#header.dataAt;
    }
    if (!this.#isVideo || !this.#scan.knowsCodec) return this.end();
    const kind = this.#scan.read(bytes, payloadAt, packet.endAt);
    return kind === undefined ? undefined : this.end(kind);
  }

  /** What is known of the frame, when no more is to come. */
  end(kind?: FrameKind): LeadFrame {
    this.#isOpen = false;
    const { pts, dts } = this.#header ?? {};
    return { pts: pts?.value, dts: dts?.value, kind: this.#kindOf(kind) };
  }

  // ISO/IEC 13818-1 §2.4.3.5: random_access_indicator; some muxers set it on any picture, so that it
  // says little where the picture says otherwise
  #kindOf(seen: FrameKind | undefined): FrameKind {
    if (!this.#isVideo) return 'idr';
    if (seen === undefined) return this.#isRandomAccess ? 'key' : 'other';
    return seen === 'other' && this.#isRandomAccess ? 'recovery' : seen;
  }
}
