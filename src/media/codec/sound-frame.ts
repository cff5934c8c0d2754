// This file reads the frames of sound of any codec that MPEG-TS and MP4 both carry.
import type { AacConfig } from './aac-config.ts';
import { type Ac3Frame, parseAc3Frame } from './ac3-header.ts';
import { parseAdtsHeader } from './adts-header.ts';
import { parseMpegAudioHeader } from './mpeg-audio-header.ts';

/** What a sample entry says of the frames. */
export type SoundConfig = { readonly sampleRate: number; readonly channels: number } & (
  | { readonly codec: 'aac'; readonly aac: AacConfig }
  | { readonly codec: 'ac3' | 'eac3'; readonly ac3: Ac3Frame }
  | { readonly codec: 'mp3' | 'mp2half' }
);

export type SoundFrame = {
  readonly frameBytes: number;
  /** Of a header that MP4 leaves out. */
  readonly headerBytes: number;
  readonly samples: number;
  readonly config: SoundConfig;
  /** It is a part of the frame before it. */
  readonly isPart: boolean;
};

/** Bytes that any of the headers takes at most. */
export const SOUND_HEADER_BYTES = 9;

/** Undefined where no frame begins that can be carried. */
export type ReadSound = (bytes: Uint8Array, at: number) => SoundFrame | undefined;

export const readAac: ReadSound = (bytes, at) => {
  const header = parseAdtsHeader(bytes, at);
  // MP4 wants the channels of configuration 0 written out, and a raw data block by itself
  if (header === undefined || header.blocks > 1 || header.config.channelConfig === 0) {
    return undefined;
  }
  const { frameBytes, headerBytes, samples, sampleRate, config: aac } = header;
  if (frameBytes <= headerBytes) return undefined;
  const channels = aac.channelConfig === 7 ? 8 : aac.channelConfig;
  const config = { codec: 'aac', aac, sampleRate, channels } as const;
  return { frameBytes, headerBytes, samples, config, isPart: false };
};

export const readAc3: ReadSound = (bytes, at) => {
  const ac3 = parseAc3Frame(bytes, at);
  if (ac3 === undefined) return undefined;
  const { frameBytes, samples, sampleRate, channels, isDependent, isEnhanced } = ac3;
  const codec = isEnhanced ? 'eac3' : 'ac3';
  const config = { codec, ac3, sampleRate, channels } as const;
  return { frameBytes, headerBytes: 0, samples, config, isPart: isDependent };
};

export const readMpegAudio: ReadSound = (bytes, at) => {
  const header = parseMpegAudioHeader(bytes, at);
  if (header === undefined) return undefined;
  const { frameBytes, samples, sampleRate, channels, isLowRate } = header;
  const codec = isLowRate ? 'mp2half' : 'mp3';
  const config = { codec, sampleRate, channels } as const;
  return { frameBytes, headerBytes: 0, samples, config, isPart: false };
};
