// This file reads the AudioSpecificConfig of AAC, as far as ADTS can say the same.
import { FormatError } from '../../base/errors.ts';
import { type BitCursor, readBits } from './bit-cursor.ts';
import { copyProgramConfig } from './program-config.ts';
import { SAMPLE_RATES } from './sample-rates.ts';

export type AacConfig = {
  /** audioObjectType of what every decoder reads: 1 Main, 2 LC, 3 SSR, 4 LTP. */
  readonly objectType: number;
  /** Of the same; SBR makes it twice as much in decoders that know SBR. */
  readonly frequencyIndex: number;
  readonly channelConfig: number;
  /** Begins each frame where `channelConfig` is 0: the element that says which channels there are. */
  readonly programConfig?: Uint8Array;
};

const SPEC = 'ISO/IEC 14496-3 §1.6.2.1';
const SBR = 5;
const PS = 29;
const EXPLICIT_RATE = 15;
const FIRST_NOT_IN_ADTS = 5;
/** Its three bits in ADTS. */
const CHANNEL_CONFIG_MAX = 7;

/**
 * HE-AAC is given out as its AAC LC part: ADTS has no field for SBR and PS, which decoders find in
 * the frames. `at` is where the bytes are, for the error.
 */
// ISO/IEC 14496-3 §1.6.2.1
export function parseAacConfig(bytes: Uint8Array, at: number): AacConfig {
  const cursor: BitCursor = { bytes, at: 0 };
  const take = (count: number): number => {
    const value = readBits(cursor, count);
    if (value === undefined) throw fault(at, `it has ${bytes.length} bytes, wanted more`);
    return value;
  };
  let objectType = readObjectType(take);
  const frequencyIndex = readFrequencyIndex(take, at); // samplingFrequencyIndex
  const channelConfig = take(4); // channelConfiguration
  if (objectType === SBR || objectType === PS) {
    if (take(4) === EXPLICIT_RATE) take(24); // extensionSamplingFrequencyIndex
    objectType = readObjectType(take);
  }
  if (objectType === 0 || objectType >= FIRST_NOT_IN_ADTS) {
    throw fault(at, `its audio object type is ${objectType}, wanted AAC Main, LC, SSR or LTP`);
  }
  // ISO/IEC 14496-3 §4.4.1: GASpecificConfig
  if (take(1) === 1) throw fault(at, 'its frames have 960 samples, wanted 1024'); // frameLengthFlag
  if (take(1) === 1) take(14); // dependsOnCoreCoder, coreCoderDelay
  take(1); // extensionFlag
  if (channelConfig > CHANNEL_CONFIG_MAX) {
    throw fault(
      at,
      `its channel configuration is ${channelConfig}, wanted ${CHANNEL_CONFIG_MAX} at most`,
    );
  }
  if (channelConfig > 0) return { objectType, frequencyIndex, channelConfig };
  const programConfig = copyProgramConfig(cursor);
  if (programConfig === undefined)
    throw fault(at, 'its program config is cut off, wanted it whole');
  return { objectType, frequencyIndex, channelConfig, programConfig };
}

// ISO/IEC 14496-3 §1.6.2.1, Table 1.16: GetAudioObjectType
function readObjectType(take: (count: number) => number): number {
  const type = take(5);
  return type === 31 ? 32 + take(6) : type;
}

/** A rate that is written out may be one of those that have a number. */
function readFrequencyIndex(take: (count: number) => number, at: number): number {
  const index = take(4);
  if (index < SAMPLE_RATES.length) return index;
  if (index !== EXPLICIT_RATE) throw fault(at, `its sampling rate is reserved, wanted one in use`);
  const rate = take(24); // samplingFrequency
  const known = SAMPLE_RATES.indexOf(rate);
  if (known < 0) throw fault(at, `its sampling rate is ${rate}, wanted one that ADTS knows`);
  return known;
}

function fault(at: number, what: string): FormatError {
  return new FormatError('aac', at, `Cannot read the AudioSpecificConfig: ${what}`, SPEC);
}
