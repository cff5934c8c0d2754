// This file makes PES packets to be of the frames of fMP4.
import { FormatError } from '../../base/errors.ts';
import { toAnnexB } from '../codec/annexb.ts';
import type { Frame } from '../fmp4/frame.ts';
import { type InitTrack, parseInit } from '../fmp4/init.ts';
import { parseMediaSegment } from '../fmp4/media-segment.ts';
import { createMuxTrack, type MuxTrack, type MuxUnit } from '../mpegts/mux-track.ts';
import { groupAudio } from './audio-group.ts';
import { DecodeOrder } from './decode-order.ts';
import type { Demuxed, RemuxInput } from './remux-input.ts';

/**
 * Throws where the init segment cannot be read, or has a track that MPEG-TS cannot carry.
 * `fileOffset` is where the segments begin in their file: see `parseMediaSegment`.
 */
export function createFmp4Input(initSegment: Uint8Array, fileOffset = 0): RemuxInput {
  const init = parseInit(initSegment);
  const tracks = init.tracks.map(muxTrackOf);
  const orders = init.tracks.map(() => new DecodeOrder());
  return {
    demux: (segment): Demuxed => {
      const byTrack = new Map<InitTrack, Frame[]>(init.tracks.map((track) => [track, []]));
      // A frame without bytes says that nothing is shown: MPEG-TS says that by sending nothing.
      for (const frame of parseMediaSegment(segment, init, fileOffset)) {
        if (frame.bytes.length > 0) byTrack.get(frame.track)!.push(frame);
      }
      const units = [...byTrack].flatMap(([track, frames], index) => {
        const ordered = orders[index]!.apply(frames);
        return track.kind === 'video'
          ? ordered.map(pictureUnit(index))
          : groupAudio(ordered, index);
      });
      return { tracks, units, endTicks: endOf(byTrack) };
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

function pictureUnit(track: number): (frame: Frame) => MuxUnit {
  return ({ dts, pts, description, bytes, isSync, at }) => {
    if (!('nal' in description)) return { track, dts, pts, isKey: isSync, bytes };
    return { track, dts, pts, ...toAnnexB(bytes, description.nal, isSync, at) };
  };
}
