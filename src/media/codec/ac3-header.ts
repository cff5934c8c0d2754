// This file reads the headers of AC-3 and E-AC-3 frames, and what MP4 repeats of them.
import { type BitCursor, readBits } from './bit-cursor.ts';

export type Ac3Frame = {
  readonly isEnhanced: boolean;
  readonly frameBytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** Goes with the frame before it: more channels of the same programme. */
  readonly isDependent: boolean;
  readonly fscod: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: number;
  /** Of AC-3 alone. */
  readonly bitRateCode: number;
  /** kbit/s */
  readonly bitRate: number;
};

const HEADER_BYTES = 8;
const SAMPLE_RATES = [48_000, 44_100, 32_000];
/** kbit/s, by frmsizecod / 2. */
// ETSI TS 102 366 Table 4.13
const BIT_RATES = [
  ...[32, 40, 48, 56, 64, 80, 96, 112, 128, 160],
  ...[192, 224, 256, 320, 384, 448, 512, 576, 640],
];
/** Full bandwidth channels by acmod. */
// ETSI TS 102 366 §4.4.2.3
export const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];
const AC3_SAMPLES = 1536;
const BLOCK_SAMPLES = 256;
// ETSI TS 102 366 Table E.1.2: numblkscod
const BLOCKS = [1, 2, 3, 6];

/** The frame that begins at `at`; undefined where none does. */
// ETSI TS 102 366 §4.4.1, §E.1.3.1
export function parseAc3Frame(bytes: Uint8Array, at: number): Ac3Frame | undefined {
  if (bytes.length - at < HEADER_BYTES) return undefined;
  if (bytes[at] !== 0x0b || bytes[at + 1] !== 0x77) return undefined; // syncword
  const bsid = bytes[at + 5]! >> 3;
  const bits: BitCursor = { bytes: bytes.subarray(at + 2, at + HEADER_BYTES), at: 0 };
  if (bsid <= 10) return parseAc3(bits);
  return bsid <= 16 ? parseEac3(bits) : undefined;
}

// ETSI TS 102 366 §4.3.1 and §4.3.2
function parseAc3(bits: BitCursor): Ac3Frame | undefined {
  const take = (count: number): number => readBits(bits, count) ?? 0;
  take(16); // crc1
  const fscod = take(2);
  const frmsizecod = take(6);
  const bsid = take(5);
  const bsmod = take(3);
  const acmod = take(3);
  if ((acmod & 1) === 1 && acmod !== 1) take(2); // cmixlev
  if ((acmod & 4) === 4) take(2); // surmixlev
  if (acmod === 2) take(2); // dsurmod
  const lfeon = take(1);
  const sampleRate = SAMPLE_RATES[fscod];
  const bitRate = BIT_RATES[frmsizecod >> 1];
  if (sampleRate === undefined || bitRate === undefined) return undefined;
  // Words of two bytes; at 44.1 kHz every other frame has one more
  const words = Math.floor((bitRate * 1000 * AC3_SAMPLES) / (sampleRate * 16));
  const more = sampleRate === 44_100 ? frmsizecod & 1 : 0;
  return {
    isEnhanced: false,
    frameBytes: (words + more) * 2,
    samples: AC3_SAMPLES,
    sampleRate,
    channels: AC3_CHANNELS[acmod]! + lfeon,
    isDependent: false,
    ...{ fscod, bsid, bsmod, acmod, lfeon, bitRateCode: frmsizecod >> 1, bitRate },
  };
}

// ETSI TS 102 366 §E.1.2.2
function parseEac3(bits: BitCursor): Ac3Frame | undefined {
  const take = (count: number): number => readBits(bits, count) ?? 0;
  const strmtyp = take(2);
  take(3); // substreamid
  const frameBytes = (take(11) + 1) * 2; // frmsiz
  const fscod = take(2);
  const code = take(2); // fscod2 or numblkscod
  const acmod = take(3);
  const lfeon = take(1);
  const bsid = take(5);
  const half = SAMPLE_RATES[code];
  const sampleRate = fscod === 3 ? half && half / 2 : SAMPLE_RATES[fscod];
  const blocks = fscod === 3 ? 6 : BLOCKS[code]!;
  if (sampleRate === undefined || strmtyp === 3) return undefined;
  const samples = blocks * BLOCK_SAMPLES;
  return {
    isEnhanced: true,
    frameBytes,
    samples,
    sampleRate,
    channels: AC3_CHANNELS[acmod]! + lfeon,
    isDependent: strmtyp === 1,
    bitRate: Math.round((frameBytes * 8 * sampleRate) / samples / 1000),
    ...{ fscod, bsid, bsmod: 0, acmod, lfeon, bitRateCode: 0 },
  };
}
