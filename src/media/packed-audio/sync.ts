// This file tells packed audio formats apart by the first bytes of a frame.

export type AudioFormat = 'aac' | 'mp3' | 'ac3';

/** Enough to tell by. */
export const SYNC_BYTES = 4;

// RFC 8216 §3.4: AAC with ADTS framing, MP3, AC-3, Enhanced AC-3
export function audioFormatAt(bytes: Uint8Array, at: number): AudioFormat | undefined {
  const first = bytes[at];
  const second = bytes[at + 1];
  const third = bytes[at + 2];
  if (first === undefined || second === undefined || third === undefined) return undefined;
  if (isAdts(first, second, third)) return 'aac';
  if (isMpegAudio(first, second, third)) return 'mp3';
  // ETSI TS 102 366 §4.4.1.1: the same sync word begins AC-3 and Enhanced AC-3
  if (first === 0x0b && second === 0x77) return 'ac3';
  return undefined;
}

// ISO/IEC 14496-3 §1.A.2.2.1: twelve bits of ones, layer 0, a sampling rate that exists
export function isAdts(first: number, second: number, third: number): boolean {
  const samplingFrequencyIndex = (third >> 2) & 0x0f;
  return first === 0xff && (second & 0xf6) === 0xf0 && samplingFrequencyIndex < 13;
}

// ISO/IEC 11172-3 §2.4.1.3: eleven bits of ones, layer II or III, nothing reserved
function isMpegAudio(first: number, second: number, third: number): boolean {
  const version = (second >> 3) & 0x03;
  const layer = (second >> 1) & 0x03;
  const bitrateIndex = third >> 4;
  const samplingFrequency = (third >> 2) & 0x03;
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || version === 1) return false;
  return (layer === 1 || layer === 2) && bitrateIndex !== 15 && samplingFrequency !== 3;
}
