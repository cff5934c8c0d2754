// This file reads the decode time that a track fragment begins at.
import { type Box, openBox } from './box.ts';
import { readUint32, readUint64, readVersionFlags } from './fields.ts';

/** In units of the track's timescale; 64 bits, since clocks from 1970 in 100 ns pass 2^53. */
// ISO/IEC 14496-12 §8.8.12
export function parseTfdt(bytes: Uint8Array, box: Box): bigint {
  const fields = openBox(bytes, box, 'ISO/IEC 14496-12 §8.8.12');
  const { version } = readVersionFlags(fields);
  return version === 1 ? readUint64(fields) : BigInt(readUint32(fields)); // baseMediaDecodeTime
}
