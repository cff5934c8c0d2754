// This file makes PES packets to be of packed AAC.
import { FormatError } from '../../base/errors.ts';
import { parseAdtsHeader } from '../codec/adts-header.ts';
import { createMuxTrack, type MuxUnit } from '../mpegts/mux-track.ts';
import { TICKS_PER_SECOND } from '../mpegts/timestamp.ts';
import { id3Bytes, isId3 } from '../packed-audio/id3.ts';
import { id3Timestamp } from '../packed-audio/id3-timestamp.ts';
import { AUDIO_SPAN_TICKS } from './audio-group.ts';
import type { Demuxed, RemuxInput } from './remux-input.ts';

type AdtsFrame = {
  readonly at: number;
  readonly endAt: number;
  readonly dts: number;
  readonly endTicks: number;
};

/**
 * AAC in ADTS with ID3 tags, as RFC 8216 §3.4 has it. MP3 and AC-3 are refused: their frames tell
 * no length without tables that nothing else here needs. A frame that is cut off at the end of a
 * segment is left out. `language` is three letters of ISO 639-2. `startTicks`: when a first segment
 * begins that has no tag; without it such a segment is refused, since nothing says what it belongs to.
 */
export function createPackedAudioInput(language?: string, startTicks?: number): RemuxInput {
  const tracks = [createMuxTrack('aac', language)];
  /** Where the segment before ended: the time of one that has no tag. */
  let endTicks = startTicks;
  return {
    demux: (segment): Demuxed => {
      const frames = listFrames(segment, endTicks);
      endTicks = frames.at(-1)?.endTicks ?? endTicks;
      return { tracks, units: groupFrames(segment, frames), endTicks: endTicks ?? 0 };
    },
  };
}

function listFrames(segment: Uint8Array, startTicks: number | undefined): AdtsFrame[] {
  const frames: AdtsFrame[] = [];
  let baseTicks = startTicks;
  /** Since `baseTicks`: rounded is their sum, not each frame. */
  let seconds = 0;
  for (let at = 0; at < segment.length; ) {
    if (isId3(segment, at)) {
      const ticks = id3Timestamp(segment, at);
      if (ticks !== undefined) [baseTicks, seconds] = [ticks, 0];
      at += id3Bytes(segment, at);
      continue;
    }
    const header = parseAdtsHeader(segment, at);
    if (header === undefined && isTail(segment, at)) break;
    if (header === undefined) throw fault(at, 'no frame begins here, wanted AAC in ADTS');
    if (baseTicks === undefined) throw fault(at, 'it has no ID3 timestamp, wanted one');
    const endAt = at + header.frameBytes;
    if (endAt > segment.length) break;
    const dts = baseTicks + Math.round(seconds * TICKS_PER_SECOND);
    seconds += header.samples / header.sampleRate;
    frames.push({ at, endAt, dts, endTicks: baseTicks + Math.round(seconds * TICKS_PER_SECOND) });
    at = endAt;
  }
  return frames;
}

/** The last bytes may be the beginning of a header. */
function isTail(segment: Uint8Array, at: number): boolean {
  return segment.length - at < 7 && segment[at] === 0xff;
}

/** Frames that lie side by side and follow one another in time. */
function groupFrames(segment: Uint8Array, frames: readonly AdtsFrame[]): MuxUnit[] {
  const units: MuxUnit[] = [];
  for (let from = 0; from < frames.length; ) {
    const first = frames[from]!;
    let last = first;
    let to = from + 1;
    for (; to < frames.length; to++) {
      const next = frames[to]!;
      const follows = next.at === last.endAt && next.dts === last.endTicks;
      if (!follows || next.endTicks - first.dts > AUDIO_SPAN_TICKS) break;
      last = next;
    }
    const bytes = segment.subarray(first.at, last.endAt);
    units.push({ track: 0, dts: first.dts, pts: first.dts, isKey: true, bytes });
    from = to;
  }
  return units;
}

function fault(at: number, what: string): FormatError {
  const message = `Cannot remux packed audio: ${what}`;
  return new FormatError('packed-audio', at, message, 'RFC 8216 §3.4');
}
