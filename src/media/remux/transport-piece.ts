// This file makes MPEG-TS of one segment by itself, part by part, the same each time.
import { FormatError } from '../../base/errors.ts';
import { sniffContainer } from '../container.ts';
import type { Frame } from '../fmp4/frame.ts';
import { Muxer } from '../mpegts/mux.ts';
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import { OWN_PLACE } from '../mpegts/program-tables.ts';
import { createFmp4Reader } from './fmp4-to-units.ts';
import { START_TICKS } from './merger.ts';
import { createPackedAudioInput } from './packed-audio-to-units.ts';
import { type BytesOf, ownBytes, type PendingUnit, pendingOf } from './pending-unit.ts';

/** What is made in one go: a fraction of a millisecond. */
const PART_BYTES = 128 * 1024;
/** The track whose PID carries the clock. */
const CLOCK_TRACK = 0;

export type PieceBody = {
  /** Of fMP4 the boxes do, where the bytes of frames are taken from elsewhere. */
  readonly bytes: Uint8Array;
  /** Absent of packed audio. */
  readonly init?: Uint8Array;
  /** How much earlier its frames are decoded than it says: what the piece before it ended with. */
  readonly earlierTicks?: number;
};

export type PendingPart = {
  /** What it is made of; empty where that is at hand. */
  readonly frames: readonly Frame[];
  /** Once, and in their order. */
  readonly make: (bytesOf: BytesOf) => Uint8Array<ArrayBuffer>;
};

type Opened = {
  readonly tracks: readonly MuxTrack[];
  readonly pending: readonly PendingUnit[];
  readonly earlierTicks: number;
};

/**
 * Nothing but `body` decides what its bytes are, so that their number may be kept and the bytes made
 * when they are asked for. Tables begin it, counters begin at 0, and its clock never goes beyond the
 * last frame of the track that carries it: pieces that follow one another are joined in place.
 */
export class TransportPiece {
  readonly earlierTicks: number;
  readonly #tracks: readonly MuxTrack[];
  readonly #pending: readonly PendingUnit[];

  /** Throws FormatError where MPEG-TS cannot carry it, or it cannot be read. */
  constructor(body: PieceBody) {
    const { tracks, pending, earlierTicks } = open(body);
    this.earlierTicks = earlierTicks;
    this.#tracks = byRank(tracks);
    this.#pending = pending
      .map((unit) => ({ ...unit, track: this.#tracks.indexOf(tracks[unit.track]!) }))
      .sort((left, right) => left.dts - right.dts || left.track - right.track);
  }

  /** Whole packets. Throws FormatError where a frame turns out to be broken. */
  *parts(): Generator<Uint8Array<ArrayBuffer>> {
    for (const { make } of this.pending()) yield make(ownBytes);
  }

  /** The same, one after the other, where the bytes of frames are not at hand as yet. */
  *pending(): Generator<PendingPart> {
    const isLed = this.#pending.some(({ track }) => track === CLOCK_TRACK);
    const muxer = new Muxer(OWN_PLACE, isLed);
    for (const group of this.#groups()) {
      const make = (bytesOf: BytesOf) => {
        return muxer.write(
          this.#tracks,
          group.map((unit) => made(unit, bytesOf)),
        );
      };
      yield { frames: group.flatMap(({ frames }) => frames), make };
    }
  }

  *#groups(): Generator<readonly PendingUnit[]> {
    let group: PendingUnit[] = [];
    let sizeBytes = 0;
    for (const unit of this.#pending) {
      if (group.length > 0 && sizeBytes + unit.sizeBytes > PART_BYTES) {
        yield group;
        group = [];
        sizeBytes = 0;
      }
      group.push(unit);
      sizeBytes += unit.sizeBytes;
    }
    if (group.length > 0) yield group;
  }
}

function made({ track, make }: PendingUnit, bytesOf: BytesOf): MuxUnit {
  const unit = make(bytesOf);
  return { ...unit, track, dts: unit.dts + START_TICKS, pts: unit.pts + START_TICKS };
}

function open({ bytes, init, earlierTicks = 0 }: PieceBody): Opened {
  const container = sniffContainer(bytes);
  if (container === 'fmp4' && init !== undefined) {
    const reader = createFmp4Reader(init, 0, earlierTicks);
    const { tracks, pending } = reader.read(bytes);
    return { tracks, pending, earlierTicks: reader.earlierTicks() };
  }
  if (container === 'aac') {
    // Alone it needs to agree with nothing
    const { tracks, units } = createPackedAudioInput(undefined, 0).demux(bytes);
    return { tracks, pending: units.map(pendingOf), earlierTicks: 0 };
  }
  const message = `Cannot make MPEG-TS: the segment is ${container}, wanted fMP4 or AAC`;
  throw new FormatError(container, 0, message, 'RFC 8216 §3.1');
}

/** The pictures get the first PIDs, and carry the clock. */
function byRank(tracks: readonly MuxTrack[]): readonly MuxTrack[] {
  const rankOf = ({ kind }: MuxTrack) => (kind === 'video' ? 0 : 1);
  return tracks.toSorted((left, right) => rankOf(left) - rankOf(right));
}
