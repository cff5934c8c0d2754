// This file reads the configuration of H.264 tracks.
import type { NalConfig } from '../codec/annexb.ts';
import { type Box, openBox } from './box.ts';
import {
  type Fields,
  fieldError,
  leftBytes,
  readBytes,
  readUint8,
  readUint16,
  skip,
} from './fields.ts';

const SPEC = 'ISO/IEC 14496-15 §5.3.3.1';

/** The extension for High profiles is left: its units are ranges of colours nobody sends. */
// ISO/IEC 14496-15 §5.3.3.1.2: AVCDecoderConfigurationRecord
export function parseAvcC(bytes: Uint8Array, box: Box): NalConfig {
  const fields = openBox(bytes, box, SPEC);
  const version = readUint8(fields); // configurationVersion
  if (version !== 1) throw fieldError(fields, `its version is ${version}, wanted 1`);
  skip(fields, 3); // AVCProfileIndication, profile_compatibility, AVCLevelIndication
  const lengthBytes = readLengthBytes(fields);
  const parameterSets: Uint8Array[] = [];
  // Five bits and eight: the counts are their own limits.
  for (let left = readUint8(fields) & 0x1f; left > 0; left--) readSet(fields, parameterSets);
  for (let left = readUint8(fields); left > 0; left--) readSet(fields, parameterSets);
  return { codec: 'h264', lengthBytes, parameterSets };
}

/** The last two bits of a byte are one less than the bytes of each length. */
export function readLengthBytes(fields: Fields): number {
  return (readUint8(fields) & 3) + 1; // lengthSizeMinusOne
}

function readSet(fields: Fields, sets: Uint8Array[]): void {
  const size = readUint16(fields);
  if (size > 0 && leftBytes(fields) > 0) sets.push(readBytes(fields, size).slice());
  else skip(fields, size);
}
