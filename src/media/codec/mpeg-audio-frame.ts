// This file tells whether a frame of MPEG audio holds any sound.
import { type BitCursor, readBits } from './bit-cursor.ts';
import type { MpegAudioHeader } from './mpeg-audio-header.ts';

const HEADER_BYTES = 4;
const CRC_BYTES = 2;
/**
 * A scale factor index beyond which a subband is inaudible: 2 · 2^(-45/3) of full scale, 84 dB
 * below it. Index 62 is the last; encoders write it, or no allocation at all, for silence.
 */
// ISO/IEC 11172-3 Table 3-B.1
const QUIET_SCALE_FACTOR = 45;

/** Bits of the allocation by subband: how many subbands have four, three and two. */
// ISO/IEC 11172-3 Tables 3-B.2a to 3-B.2d, ISO/IEC 13818-3 Table B.1
type Widths = readonly [number, number, number];
const TABLE_A: Widths = [11, 12, 4];
const TABLE_B: Widths = [11, 12, 7];
const TABLE_C: Widths = [2, 6, 0];
const TABLE_D: Widths = [2, 10, 0];
const TABLE_LOW: Widths = [4, 7, 19];
/** Scale factors written, by scfsi. */
// ISO/IEC 11172-3 §2.4.2.6
const SCALE_FACTORS = [3, 2, 1, 2];

/** `frame` begins with its header. What cannot be read counts as sound. */
export function isSilentMpegAudio(frame: Uint8Array, header: MpegAudioHeader): boolean {
  const at = 8 * (HEADER_BYTES + (header.hasCrc ? CRC_BYTES : 0));
  const cursor: BitCursor = { bytes: frame, at };
  return header.layer === 2 ? isSilentLayer2(cursor, header) : isSilentLayer3(cursor, header);
}

/** No subband has an allocation, or none has a scale factor that could be heard. */
// ISO/IEC 11172-3 §2.4.1.6: audio_data
function isSilentLayer2(cursor: BitCursor, header: MpegAudioHeader): boolean {
  const { channels, bound } = header;
  const [four, three, two] = widthsOf(header);
  let allocated = 0;
  for (let subband = 0; subband < four + three + two; subband++) {
    const bits = subband < four ? 4 : subband < four + three ? 3 : 2;
    const isShared = subband >= bound;
    for (let channel = 0; channel < (isShared ? 1 : channels); channel++) {
      const allocation = readBits(cursor, bits); // allocation
      if (allocation === undefined) return false;
      if (allocation > 0) allocated += isShared ? channels : 1;
    }
  }
  let written = 0;
  for (let count = 0; count < allocated; count++) {
    const selection = readBits(cursor, 2); // scfsi
    if (selection === undefined) return false;
    written += SCALE_FACTORS[selection]!;
  }
  for (let count = 0; count < written; count++) {
    const index = readBits(cursor, 6); // scalefactor
    if (index === undefined || index < QUIET_SCALE_FACTOR) return false;
  }
  return true;
}

// ISO/IEC 11172-3 Tables 3-B.2a to 3-B.2d say for which rates they are
function widthsOf({ isLowRate, bitRate, channels, sampleRate }: MpegAudioHeader): Widths {
  if (isLowRate) return TABLE_LOW;
  const each = bitRate / channels;
  if (each >= 56_000 && (sampleRate === 48_000 || each <= 80_000)) return TABLE_A;
  if (each >= 96_000) return TABLE_B;
  return sampleRate === 32_000 ? TABLE_D : TABLE_C;
}

/** No granule has a bit of scale factors or spectrum. */
// ISO/IEC 11172-3 §2.4.1.7, ISO/IEC 13818-3 §2.4.1.7: side information
function isSilentLayer3(cursor: BitCursor, { isLowRate, channels }: MpegAudioHeader): boolean {
  // main_data_begin, private_bits, scfsi
  if (isLowRate) cursor.at += 8 + channels;
  else cursor.at += 9 + (channels === 1 ? 5 : 3) + 4 * channels;
  const granules = (isLowRate ? 1 : 2) * channels;
  for (let granule = 0; granule < granules; granule++) {
    if (readBits(cursor, 12) !== 0) return false; // part2_3_length
    cursor.at += (isLowRate ? 63 : 59) - 12;
  }
  return true;
}
