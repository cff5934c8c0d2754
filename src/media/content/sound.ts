// This file judges how long the sound of a segment has been silent at its end.
import { isSilentAac } from '../codec/aac-frame.ts';
import { parseAc3Frame } from '../codec/ac3-header.ts';
import { isSilentAc3 } from '../codec/ac3-silence.ts';
import { ADTS_HEADER_BYTES, parseAdtsHeader } from '../codec/adts-header.ts';
import { isSilentMpegAudio } from '../codec/mpeg-audio-frame.ts';
import { parseMpegAudioHeader } from '../codec/mpeg-audio-header.ts';
import type { Judgement } from './judgement.ts';

export type SoundCodec = 'aac' | 'mp3' | 'ac3';

type SoundFrame = {
  readonly frameBytes: number;
  readonly durationS: number;
  readonly isSilent: boolean;
};

const READERS: Readonly<
  Record<SoundCodec, (bytes: Uint8Array, at: number) => SoundFrame | undefined>
> = {
  aac: readAac,
  mp3: readMpegAudio,
  ac3: readAc3,
};

/**
 * `bytes` are those of one track, from frame to frame. What is no frame is passed over, a frame
 * that is cut off at the end is left out.
 */
export function judgeSound(codec: SoundCodec, bytes: Uint8Array): Judgement {
  const read = READERS[codec];
  let blankS = 0;
  let isWhole = true;
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const frame = read(bytes, at);
    if (frame === undefined || frame.frameBytes === 0) {
      at += 1;
      continue;
    }
    at += frame.frameBytes;
    if (at > bytes.length) break;
    count += 1;
    blankS = frame.isSilent ? blankS + frame.durationS : 0;
    isWhole &&= frame.isSilent;
  }
  if (count === 0) return { kind: 'unknown', why: 'its sound has no frame that can be read' };
  return { kind: 'judged', blankS, isWhole };
}

/** Every track has to be silent: there is one that somebody hears. */
export function joinSounds(sounds: readonly Judgement[]): Judgement {
  let joined: Judgement = { kind: 'absent' };
  for (const sound of sounds) {
    if (sound.kind === 'judged' && sound.blankS === 0) return sound;
    if (sound.kind === 'judged' && joined.kind === 'judged') {
      const blankS = Math.min(joined.blankS, sound.blankS);
      joined = { kind: 'judged', blankS, isWhole: joined.isWhole && sound.isWhole };
    } else if (joined.kind !== 'unknown' && sound.kind !== 'absent') joined = sound;
  }
  return joined;
}

// ISO/IEC 14496-3 §1.A.2.2.1
function readAac(bytes: Uint8Array, at: number): SoundFrame | undefined {
  const header = parseAdtsHeader(bytes, at);
  if (header === undefined) return undefined;
  const { frameBytes, headerBytes, blocks, samples, sampleRate, config } = header;
  // With a checksum places and checks stand between the blocks, which nobody writes
  const isReadable = blocks === 1 || headerBytes === ADTS_HEADER_BYTES;
  const frame = bytes.subarray(at + headerBytes, at + frameBytes);
  const isSilent = isReadable && isSilentAac(frame, config.objectType, blocks);
  return { frameBytes, durationS: samples / sampleRate, isSilent };
}

function readMpegAudio(bytes: Uint8Array, at: number): SoundFrame | undefined {
  const header = parseMpegAudioHeader(bytes, at);
  if (header === undefined) return undefined;
  const { frameBytes, samples, sampleRate } = header;
  const isSilent = isSilentMpegAudio(bytes.subarray(at, at + frameBytes), header);
  return { frameBytes, durationS: samples / sampleRate, isSilent };
}

function readAc3(bytes: Uint8Array, at: number): SoundFrame | undefined {
  const header = parseAc3Frame(bytes, at);
  if (header === undefined || header.isEnhanced) return undefined;
  const { frameBytes, samples, sampleRate } = header;
  const isSilent = isSilentAc3(bytes.subarray(at, at + frameBytes));
  return { frameBytes, durationS: samples / sampleRate, isSilent };
}
