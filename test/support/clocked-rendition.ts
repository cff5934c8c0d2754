// This file is a rendition whose list grows by a clock, for parts that read what is listed.
import { type Clock, sleep } from '../../src/base/clock.ts';
import { Signal } from '../../src/base/signal.ts';
import { writeAdtsFrame } from '../../src/media/codec/adts-header.ts';
import { Muxer } from '../../src/media/mpegts/mux.ts';
import { createMuxTrack, type MuxUnit } from '../../src/media/mpegts/mux-track.ts';
import type { ReadRendition } from '../../src/packaging/mpegts/rendition-reader.ts';
import type { ListedSegment } from '../../src/ring/listing.ts';
import { RenditionRing } from '../../src/ring/rendition-ring.ts';
import { ringSegment } from './ring-segment.ts';

export type ClockedSegment = {
  readonly sequence: number;
  /** When it is listed. */
  readonly atMs: number;
  /** Undefined: a gap. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly durationS: number;
  readonly discontinuitySequence?: number;
  readonly more?: Partial<ListedSegment>;
};

const WINDOW = 6;

export class ClockedRendition implements ReadRendition {
  readonly ring = new RenditionRing('clocked');
  readonly #clock: Clock;
  readonly #grown = new Signal();

  constructor(clock: Clock, segments: readonly ClockedSegment[]) {
    this.#clock = clock;
    this.ring.wantedSegments = WINDOW;
    this.ring.raiseTargetDuration(
      Math.max(...segments.map(({ durationS }) => Math.ceil(durationS))),
    );
    void this.#grow(segments);
  }

  async #grow(segments: readonly ClockedSegment[]): Promise<void> {
    let before: ClockedSegment | undefined;
    for (const one of segments) {
      const waitMs = one.atMs - this.#clock.monotonicMs();
      if (waitMs > 0) await sleep(this.#clock, waitMs);
      const { sequence, bytes, durationS, discontinuitySequence = 0, more } = one;
      const discontinuity = discontinuitySequence !== (before?.discontinuitySequence ?? 0);
      const segment = ringSegment(sequence, { durationS, ...more });
      const placed = { ...segment, discontinuitySequence, discontinuity };
      this.ring.push(placed);
      if (bytes === undefined) this.ring.giveUp(placed);
      else this.ring.hold(placed, new Blob([bytes]), 'video/mp2t');
      this.ring.advance(this.#clock.monotonicMs());
      this.#grown.fire();
      before = one;
    }
  }

  async grown(): Promise<void> {
    await Promise.race([this.#grown.next(), sleep(this.#clock, 500)]);
  }

  keepGoing(): undefined {
    return undefined;
  }

  body(name: string): ReturnType<ReadRendition['body']> {
    const body = this.ring.all().find((segment) => segment.name === name)?.body;
    if (body === undefined) return { kind: 'missing' };
    return { kind: 'whole', body, contentType: 'video/mp2t' };
  }
}

const FRAME_TICKS = 3600;
const KEY = Uint8Array.of(0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x65, 0x88, 1, 2, 3);
const OTHER = Uint8Array.of(0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x41, 0x9a, 1, 2, 3);

/** 25 pictures a second from `fromTicks` on; the first is a key frame. */
export function pictures(fromTicks: number, seconds: number): Uint8Array<ArrayBuffer> {
  const units = Array.from({ length: Math.round(seconds * 25) }, (_, index): MuxUnit => {
    const dts = fromTicks + index * FRAME_TICKS;
    const bytes = index === 0 ? KEY : OTHER;
    return { track: 0, dts, pts: dts, isKey: index === 0, bytes };
  });
  return new Muxer().write([createMuxTrack('h264')], units);
}

/** At 48 kHz. */
export const SOUND_FRAME_TICKS = 1920;
const CONFIG = { objectType: 2, frequencyIndex: 3, channelConfig: 2 } as const;
const SILENCE = Uint8Array.of(0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80);

/** AAC from `fromTicks` on, `perPacket` frames to each PES packet. */
export function sound(fromTicks: number, frames: number, perPacket = 1): Uint8Array<ArrayBuffer> {
  const units: MuxUnit[] = [];
  for (let index = 0; index < frames; index += perPacket) {
    const count = Math.min(perPacket, frames - index);
    const bytes = new Uint8Array(count * (SILENCE.length + 7));
    let at = 0;
    for (let one = 0; one < count; one++) at = writeAdtsFrame(bytes, at, SILENCE, CONFIG);
    const dts = fromTicks + index * SOUND_FRAME_TICKS;
    units.push({ track: 0, dts, pts: dts, isKey: true, bytes });
  }
  return new Muxer().write([createMuxTrack('aac')], units);
}
