// This file leaves out the frames of sound that begin before a time.
import {
  type ReadSound,
  readAac,
  readAc3,
  readMpegAudio,
  SOUND_HEADER_BYTES,
} from '../codec/sound-frame.ts';
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import { TICKS_PER_SECOND } from '../mpegts/timestamp.ts';

/** Times are rounded, each on its own clock. */
const ROUNDING_TICKS = 2;

/** Undefined where nothing is known of the frames of such a stream. */
// ISO/IEC 13818-1 Table 2-34, ATSC A/52 §A.3; DVB carries AC-3 as private data
export function soundReaderOf(streamType: number): ReadSound | undefined {
  switch (streamType) {
    case 0x0f:
      return readAac;
    case 0x03:
    case 0x04:
      return readMpegAudio;
    case 0x06:
    case 0x81:
    case 0x87:
      return readAc3;
    default:
      return undefined;
  }
}

/**
 * A PES packet may hold half a second of sound. One that begins before `fromTicks` is cut between
 * its frames, where they can be told; else it is left out as a whole.
 */
export function soundFrom(
  units: readonly MuxUnit[],
  tracks: readonly MuxTrack[],
  fromTicks: number,
): MuxUnit[] {
  return units.flatMap((unit) => {
    if (unit.dts >= fromTicks - ROUNDING_TICKS) return [unit];
    const read = soundReaderOf(tracks[unit.track]?.streamType ?? 0);
    const cut = read === undefined ? undefined : cutUnit(unit, read, fromTicks);
    return cut === undefined ? [] : [cut];
  });
}

function cutUnit(unit: MuxUnit, read: ReadSound, fromTicks: number): MuxUnit | undefined {
  const { bytes } = unit;
  let seconds = 0;
  for (let at = 0; at + SOUND_HEADER_BYTES <= bytes.length; ) {
    const frame = read(bytes, at);
    if (frame === undefined) return undefined;
    const dts = unit.dts + Math.round(seconds * TICKS_PER_SECOND);
    if (dts >= fromTicks - ROUNDING_TICKS && !frame.isPart) {
      return { ...unit, dts, pts: dts, isUnaligned: false, bytes: bytes.subarray(at) };
    }
    if (!frame.isPart) seconds += frame.samples / frame.config.sampleRate;
    at += frame.frameBytes;
  }
  return undefined;
}
