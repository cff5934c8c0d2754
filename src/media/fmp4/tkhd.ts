// This file reads the track header.
import { type Box, openBox } from './box.ts';
import { fieldError, readUint32, readVersionFlags, skip } from './fields.ts';

/** The track_ID. */
// ISO/IEC 14496-12 §8.3.2
export function parseTkhd(bytes: Uint8Array, box: Box): number {
  const fields = openBox(bytes, box, 'ISO/IEC 14496-12 §8.3.2');
  const { version } = readVersionFlags(fields);
  skip(fields, version === 1 ? 16 : 8); // creation_time, modification_time
  const trackId = readUint32(fields);
  if (trackId === 0) throw fieldError(fields, 'its track_ID is 0, wanted 1 at least');
  return trackId;
}
