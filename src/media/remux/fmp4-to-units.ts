// This file makes PES packets to be of the frames of fMP4.
import { FormatError } from '../../base/errors.ts';
import { toAnnexB } from '../codec/annexb.ts';
import type { Frame } from '../fmp4/frame.ts';
import { type InitTrack, parseInit } from '../fmp4/init.ts';
import { parseMediaSegment } from '../fmp4/media-segment.ts';
import { createMuxTrack, type MuxTrack, type MuxUnit } from '../mpegts/mux-track.ts';
import { groupAudio } from './audio-group.ts';
import { DecodeOrder } from './decode-order.ts';
import { ownBytes, type PendingUnit } from './pending-unit.ts';
import type { Demuxed, RemuxInput } from './remux-input.ts';

export type Fmp4Units = {
  readonly tracks: readonly MuxTrack[];
  /** Those of one track are in order of their DTS. */
  readonly pending: readonly PendingUnit[];
  readonly endTicks: number;
};

export type Fmp4Reader = {
  readonly read: (segment: Uint8Array) => Fmp4Units;
  /** What its decode times are moved by: see DecodeOrder. */
  readonly earlierTicks: () => number;
};

/**
 * Throws where the init segment cannot be read, or has a track that MPEG-TS cannot carry.
 * `fileOffset` is where the segments begin in their file: see `parseMediaSegment`.
 */
export function createFmp4Input(initSegment: Uint8Array, fileOffset = 0): RemuxInput {
  const { read } = createFmp4Reader(initSegment, fileOffset);
  return {
    demux: (segment): Demuxed => {
      const { tracks, pending, endTicks } = read(segment);
      return { tracks, units: pending.map(({ make }) => make(ownBytes)), endTicks };
    },
  };
}

/** As `createFmp4Input`; `earlierTicks` is what a reader of the segments before this one said. */
export function createFmp4Reader(
  initSegment: Uint8Array,
  fileOffset = 0,
  earlierTicks = 0,
): Fmp4Reader {
  const init = parseInit(initSegment);
  const tracks = init.tracks.map(muxTrackOf);
  const orders = init.tracks.map(({ kind }) => {
    return new DecodeOrder(kind === 'video' ? earlierTicks : 0);
  });
  return {
    earlierTicks: () => Math.max(0, ...orders.map((order) => order.earlierTicks)),
    read: (segment) => {
      const byTrack = new Map<InitTrack, Frame[]>(init.tracks.map((track) => [track, []]));
      // A frame without bytes says that nothing is shown: MPEG-TS says that by sending nothing.
      for (const frame of parseMediaSegment(segment, init, fileOffset)) {
        if (frame.bytes.length > 0) byTrack.get(frame.track)!.push(frame);
      }
      const pending = [...byTrack].flatMap(([track, frames], index) => {
        const ordered = orders[index]!.apply(frames);
        return track.kind === 'video'
          ? ordered.map(pendingPicture(index))
          : groupAudio(ordered, index);
      });
      return { tracks, pending, endTicks: endOf(byTrack) };
    },
  };
}

function muxTrackOf(track: InitTrack): MuxTrack {
  const [first, ...others] = track.descriptions;
  const codec = first!.codec;
  if (others.some((other) => other.codec !== codec)) {
    const seen = `track ${track.trackId} changes its codec from ${codec}`;
    const message = `Cannot remux fMP4: ${seen}, wanted one codec throughout`;
    throw new FormatError('fmp4', 0, message, 'ISO/IEC 14496-12 §8.5.2');
  }
  return createMuxTrack(codec, track.language);
}

/** Of the pictures, where there are any: sound is cut less exactly. */
function endOf(byTrack: ReadonlyMap<InitTrack, readonly Frame[]>): number {
  const tracks = [...byTrack];
  const pictures = tracks.filter(([track, frames]) => track.kind === 'video' && frames.length > 0);
  let endTicks = Number.NEGATIVE_INFINITY;
  for (const [, frames] of pictures.length > 0 ? pictures : tracks) {
    for (const { dts, durationTicks } of frames) endTicks = Math.max(endTicks, dts + durationTicks);
  }
  return endTicks;
}

function pendingPicture(track: number): (frame: Frame) => PendingUnit {
  return (frame) => ({
    track,
    dts: frame.dts,
    sizeBytes: frame.bytes.length,
    frames: [frame],
    make: (bytesOf) => pictureUnit(track, frame, bytesOf(frame)),
  });
}

function pictureUnit(track: number, frame: Frame, bytes: Uint8Array): MuxUnit {
  const { dts, pts, description, isSync, at } = frame;
  if (!('nal' in description)) return { track, dts, pts, isKey: isSync, bytes };
  return { track, dts, pts, ...toAnnexB(bytes, description.nal, isSync, at) };
}
