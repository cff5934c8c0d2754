// This file turns length-prefixed NAL units into a byte stream with start codes.
import { FormatError } from '../../base/errors.ts';
import {
  hasRecoveryPoint,
  isDelimiter,
  isKeySlice,
  isParameterSet,
  isPrefixSei,
  type NalCodec,
  nalTypeOf,
} from './nal-unit.ts';

/** What avcC and hvcC say of a track. */
export type NalConfig = {
  readonly codec: NalCodec;
  /** Bytes of the length before each NAL unit: 1 to 4. */
  readonly lengthBytes: number;
  /** In the order in which they are to stand. */
  readonly parameterSets: readonly Uint8Array[];
};

export type AccessUnit = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isKey: boolean;
};

/** A picture of 8K in the smallest slices has about a thousand; each takes one byte at least. */
const NAL_UNITS_MAX = 10_000;
const START_CODE_BYTES = 4;

/** Whatever the picture: FFmpeg writes the same two. */
// H.264 §7.3.2.4: primary_pic_type 7; H.265 §7.3.2.5: pic_type 2; both then stop and align
const DELIMITERS: Readonly<Record<NalCodec, Uint8Array>> = {
  h264: Uint8Array.of(0, 0, 0, 1, 0x09, 0xf0),
  hevc: Uint8Array.of(0, 0, 0, 1, 0x46, 0x01, 0x50),
};

/**
 * The sample as an access unit: a delimiter, before a key frame those parameter sets that are not
 * in the sample itself, then the sample's units. `isSync` is what the container says; many say it
 * of every frame, so that it is believed only where a recovery point stands beside it.
 */
// ISO/IEC 14496-15 §5.3.2, H.264 Annex B, ISO/IEC 13818-1 §2.14.1: a delimiter begins each
export function toAnnexB(
  sample: Uint8Array,
  config: NalConfig,
  isSync: boolean,
  sampleAt = 0,
): AccessUnit {
  const { units, unitBytes, kinds, isKey } = listUnits(sample, config, isSync, sampleAt);
  const delimiter = DELIMITERS[config.codec];
  const added = isKey ? config.parameterSets.filter((set) => !kinds.has(typeOf(set, config))) : [];
  let size = delimiter.length + unitBytes;
  for (const set of added) size += START_CODE_BYTES + set.length;
  const bytes = new Uint8Array(size);
  bytes.set(delimiter, 0);
  let at = delimiter.length;
  for (const set of added) at = writeUnit(bytes, at, set);
  for (let index = 0; index < units.length; index += 2) {
    at = writeUnit(bytes, at, sample.subarray(units[index]!, units[index + 1]!));
  }
  return { bytes, isKey };
}

/** Where the units begin and end, two numbers each; delimiters and empty units are left out. */
function listUnits(sample: Uint8Array, config: NalConfig, isSync: boolean, sampleAt: number) {
  const { codec, lengthBytes } = config;
  const units: number[] = [];
  const kinds = new Set<number>();
  let unitBytes = 0;
  let isKey = false;
  for (let at = 0; at < sample.length; ) {
    const from = at + lengthBytes;
    const length = lengthAt(sample, at, lengthBytes);
    if (length > sample.length - from) throw cutOff(sampleAt + at, length, sample.length - from);
    if (units.length >= 2 * NAL_UNITS_MAX) throw tooMany(sampleAt + at);
    at = from + length;
    if (length === 0) continue;
    const type = nalTypeOf(codec, sample[from]!);
    if (isDelimiter(codec, type)) continue;
    if (isParameterSet(codec, type)) kinds.add(type);
    else if (isKeySlice(codec, type)) isKey = true;
    else if (isSync && codec === 'h264' && isPrefixSei(codec, type)) {
      isKey ||= hasRecoveryPoint(sample, from, at);
    }
    units.push(from, at);
    unitBytes += START_CODE_BYTES + length;
  }
  return { units, unitBytes, kinds, isKey };
}

function typeOf(set: Uint8Array, { codec }: NalConfig): number {
  return nalTypeOf(codec, set[0] ?? 0);
}

/** NaN, which is longer than nothing, cannot be: what is past the end counts as zeros. */
function lengthAt(sample: Uint8Array, at: number, lengthBytes: number): number {
  let length = 0;
  for (let index = 0; index < lengthBytes; index++)
    length = length * 256 + (sample[at + index] ?? 0);
  return length;
}

// H.264 §B.1.1: zero_byte and start_code_prefix_one_3bytes; four bytes are right before any unit
function writeUnit(bytes: Uint8Array, at: number, unit: Uint8Array): number {
  bytes[at + 3] = 1;
  bytes.set(unit, at + START_CODE_BYTES);
  return at + START_CODE_BYTES + unit.length;
}

function cutOff(at: number, length: number, left: number): FormatError {
  const message = `Cannot read the frame: a NAL unit has ${length} bytes`;
  const wanted = `wanted ${Math.max(0, left)} at most`;
  return new FormatError('fmp4', at, `${message}, ${wanted}`, 'ISO/IEC 14496-15 §5.3.2');
}

function tooMany(at: number): FormatError {
  const message = `Cannot read the frame: more than ${NAL_UNITS_MAX} NAL units, wanted fewer`;
  return new FormatError('fmp4', at, message, 'ISO/IEC 14496-15 §5.3.2');
}
