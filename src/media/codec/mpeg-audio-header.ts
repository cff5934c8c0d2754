// This file reads the headers of MPEG audio: layers II and III.

export type MpegAudioHeader = {
  readonly layer: 2 | 3;
  /** MPEG-2 and 2.5: half and a quarter of the rates. */
  readonly isLowRate: boolean;
  readonly frameBytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly bitRate: number;
  readonly channels: 1 | 2;
  /** First subband whose allocation both channels share; layer II. */
  readonly bound: number;
  readonly hasCrc: boolean;
};

const HEADER_BYTES = 4;
const SUBBANDS = 32;
const JOINT_STEREO = 1;
const SINGLE_CHANNEL = 3;

/** kbit/s by bitrate_index; 0 is a rate that is not told. */
// ISO/IEC 11172-3 §2.4.2.3, ISO/IEC 13818-3 §2.4.2.3
const RATES_2 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const RATES_3 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES_LOW = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const SAMPLE_RATES = [44_100, 48_000, 32_000];
/** By the two bits of the version: 2.5, none, 2, 1. */
const RATE_DIVISORS = [4, undefined, 2, 1];

/** The frame that begins at `at`; undefined where none does. */
// ISO/IEC 11172-3 §2.4.1.3
export function parseMpegAudioHeader(bytes: Uint8Array, at: number): MpegAudioHeader | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined;
  const [b1 = 0, b2 = 0, b3 = 0] = bytes.subarray(at + 1, at + HEADER_BYTES);
  const divisor = RATE_DIVISORS[(b1 >> 3) & 3]; // ID
  const layer = 4 - ((b1 >> 1) & 3); // layer
  if (bytes[at] !== 0xff || b1 < 0xe0 || divisor === undefined) return undefined; // syncword
  if (layer !== 2 && layer !== 3) return undefined;
  const isLowRate = divisor > 1;
  const rates = isLowRate ? RATES_LOW : layer === 2 ? RATES_2 : RATES_3;
  const kbits = rates[b2 >> 4]; // bitrate_index
  const base = SAMPLE_RATES[(b2 >> 2) & 3]; // sampling_frequency
  if (kbits === undefined || kbits === 0 || base === undefined) return undefined;
  const sampleRate = base / divisor;
  const samples = layer === 3 && isLowRate ? 576 : 1152;
  const padding = (b2 >> 1) & 1; // padding_bit
  const mode = b3 >> 6; // mode
  return {
    layer,
    isLowRate,
    frameBytes: Math.floor((samples * kbits * 125) / sampleRate) + padding,
    samples,
    sampleRate,
    bitRate: kbits * 1000,
    channels: mode === SINGLE_CHANNEL ? 1 : 2,
    bound: mode === JOINT_STEREO ? 4 * (((b3 >> 4) & 3) + 1) : SUBBANDS, // mode_extension
    hasCrc: (b1 & 1) === 0, // protection_bit
  };
}
