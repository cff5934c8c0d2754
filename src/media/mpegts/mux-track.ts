// This file says how a coded track is carried in MPEG-TS.

/** What a stream of the programme is, as its line in the program map says. */
export type MuxTrack = {
  readonly kind: 'video' | 'audio' | 'data';
  readonly streamType: number;
  readonly streamId: number;
  /** Of the elementary stream, one after the other, each with tag and length. */
  readonly descriptors: Uint8Array;
  /** Where it is looked for; absent: it stands by its place among the others. */
  readonly pid?: number;
};

/** A PES packet to be: one picture, or some frames of sound. */
export type MuxUnit = {
  /** Index of its track. */
  readonly track: number;
  /** 90 kHz, not wrapped at 33 bits. */
  readonly dts: number;
  readonly pts: number;
  readonly isKey: boolean;
  /** The bytes do not begin with a picture or a frame of sound. */
  readonly isUnaligned?: boolean;
  readonly bytes: Uint8Array;
};

export type TsCodec = 'h264' | 'hevc' | 'aac' | 'ac3' | 'eac3' | 'mp3' | 'mp2half';

type Carriage = {
  readonly kind: 'video' | 'audio';
  readonly streamType: number;
  readonly streamId: number;
  readonly registration?: string;
};

/** The first of their kind: PIDs tell streams apart, stream ids need not. */
// ISO/IEC 13818-1 Table 2-22
const VIDEO_STREAM_ID = 0xe0;
const AUDIO_STREAM_ID = 0xc0;
const PRIVATE_STREAM_1 = 0xbd;

// ISO/IEC 13818-1 Table 2-34; AC-3 as ATSC A/52 §A.4 and E-AC-3 as §G.3.5 have it
const CARRIAGES: Readonly<Record<TsCodec, Carriage>> = {
  h264: { kind: 'video', streamType: 0x1b, streamId: VIDEO_STREAM_ID },
  hevc: { kind: 'video', streamType: 0x24, streamId: VIDEO_STREAM_ID, registration: 'HEVC' },
  aac: { kind: 'audio', streamType: 0x0f, streamId: AUDIO_STREAM_ID },
  ac3: { kind: 'audio', streamType: 0x81, streamId: PRIVATE_STREAM_1, registration: 'AC-3' },
  eac3: { kind: 'audio', streamType: 0x87, streamId: PRIVATE_STREAM_1, registration: 'EAC3' },
  mp3: { kind: 'audio', streamType: 0x03, streamId: AUDIO_STREAM_ID },
  mp2half: { kind: 'audio', streamType: 0x04, streamId: AUDIO_STREAM_ID },
};

/** `language` is three letters of ISO 639-2. */
export function createMuxTrack(codec: TsCodec, language?: string): MuxTrack {
  const { kind, streamType, streamId, registration } = CARRIAGES[codec];
  const descriptors: number[] = [];
  // ISO/IEC 13818-1 §2.6.8: registration_descriptor
  if (registration !== undefined) descriptors.push(0x05, 4, ...lettersOf(registration));
  // ISO/IEC 13818-1 §2.6.18: ISO_639_language_descriptor, audio_type undefined
  if (language !== undefined && kind === 'audio') {
    descriptors.push(0x0a, 4, ...lettersOf(language), 0);
  }
  return { kind, streamType, streamId, descriptors: Uint8Array.from(descriptors) };
}

function lettersOf(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0) & 0xff);
}
