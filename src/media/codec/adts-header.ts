// This file writes and reads the headers of ADTS.
import { FormatError } from '../../base/errors.ts';
import type { AacConfig } from './aac-config.ts';
import { SAMPLE_RATES } from './sample-rates.ts';

export const ADTS_HEADER_BYTES = 7;
const CRC_BYTES = 2;
/** aac_frame_length has 13 bits; the standard's own limit, 6144 bits a channel, is below it. */
const FRAME_MAX_BYTES = 0x1fff;
/** How full the decoder's buffer is: all ones where the rate varies. */
const FULLNESS_VBR = 0x7ff;

/** A frame's size once it is ADTS. */
export function adtsFrameBytes(frame: Uint8Array, config: AacConfig, at: number): number {
  const size = ADTS_HEADER_BYTES + (config.programConfig?.length ?? 0) + frame.length;
  if (size > FRAME_MAX_BYTES) {
    const message = `Cannot write ADTS: a frame has ${size} bytes, wanted ${FRAME_MAX_BYTES} at most`;
    throw new FormatError('aac', at, message, 'ISO/IEC 14496-3 §1.A.2.2.1');
  }
  return size;
}

/** Writes header and frame at `at`; the place after them. */
// ISO/IEC 14496-3 §1.A.2.2.1, Tables 1.A.6 and 1.A.7
export function writeAdtsFrame(
  bytes: Uint8Array,
  at: number,
  frame: Uint8Array,
  config: AacConfig,
): number {
  const { objectType, frequencyIndex, channelConfig, programConfig } = config;
  const size = ADTS_HEADER_BYTES + (programConfig?.length ?? 0) + frame.length;
  bytes[at] = 0xff; // syncword
  bytes[at + 1] = 0xf1; // syncword, ID 0, layer 0, protection_absent
  bytes[at + 2] = ((objectType - 1) << 6) | (frequencyIndex << 2) | (channelConfig >> 2); // profile
  bytes[at + 3] = ((channelConfig & 3) << 6) | (size >> 11); // aac_frame_length
  bytes[at + 4] = size >> 3;
  bytes[at + 5] = ((size & 7) << 5) | (FULLNESS_VBR >> 6); // adts_buffer_fullness
  bytes[at + 6] = (FULLNESS_VBR & 0x3f) << 2; // number_of_raw_data_blocks_in_frame 0
  let next = at + ADTS_HEADER_BYTES;
  if (programConfig !== undefined) {
    bytes.set(programConfig, next);
    next += programConfig.length;
  }
  bytes.set(frame, next);
  return next + frame.length;
}

export type AdtsHeader = {
  /** The header included. */
  readonly frameBytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  /** More than one raw data block makes no frame of MP4. */
  readonly blocks: number;
  /** Of the header alone: a checksum may stand behind the fixed part. */
  readonly headerBytes: number;
  readonly config: AacConfig;
};

const SAMPLES_PER_BLOCK = 1024;

/** The frame that begins at `at`; undefined where none does. */
// ISO/IEC 14496-3 §1.A.2.2.1, Tables 1.A.6 and 1.A.7
export function parseAdtsHeader(bytes: Uint8Array, at: number): AdtsHeader | undefined {
  if (at + ADTS_HEADER_BYTES > bytes.length) return undefined;
  const sampleRate = SAMPLE_RATES[(bytes[at + 2]! >> 2) & 0x0f]; // sampling_frequency_index
  const isSync = bytes[at] === 0xff && (bytes[at + 1]! & 0xf6) === 0xf0; // syncword, layer
  const low = (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
  const frameBytes = ((bytes[at + 3]! & 3) << 11) | low; // aac_frame_length
  if (!isSync || sampleRate === undefined || frameBytes < ADTS_HEADER_BYTES) return undefined;
  const blocks = 1 + (bytes[at + 6]! & 3); // number_of_raw_data_blocks_in_frame
  const isProtected = (bytes[at + 1]! & 1) === 0; // protection_absent
  const config: AacConfig = {
    objectType: (bytes[at + 2]! >> 6) + 1, // profile
    frequencyIndex: (bytes[at + 2]! >> 2) & 0x0f,
    channelConfig: ((bytes[at + 2]! & 1) << 2) | (bytes[at + 3]! >> 6),
  };
  const headerBytes = ADTS_HEADER_BYTES + (isProtected ? CRC_BYTES : 0);
  const samples = blocks * SAMPLES_PER_BLOCK;
  return { frameBytes, samples, sampleRate, blocks, headerBytes, config };
}
