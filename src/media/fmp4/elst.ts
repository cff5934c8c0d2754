// This file reads the edit list of a track.
import { type Box, openBox } from './box.ts';
import {
  fieldError,
  readInt32,
  readInt64,
  readUint32,
  readUint64,
  readVersionFlags,
  skip,
} from './fields.ts';

/** What an edit list says of live media: when the first edit is shown, and what it shows. */
export type StartEdit = {
  /** Empty edits before it, in units of the movie's timescale. */
  readonly emptyUnits: bigint;
  /** The composition time that is shown first, in units of the track's timescale. */
  readonly mediaTime: bigint;
};

export const NO_EDIT: StartEdit = { emptyUnits: 0n, mediaTime: 0n };

/** One empty edit and one of media are what packagers write; editors' cuts are no live media. */
const ENTRIES_MAX = 1000;

/**
 * Later edits are not followed: packagers of live media write none. The rate is taken for 1.
 */
// ISO/IEC 14496-12 §8.6.6
export function parseElst(bytes: Uint8Array, box: Box): StartEdit {
  const fields = openBox(bytes, box, 'ISO/IEC 14496-12 §8.6.6');
  const { version } = readVersionFlags(fields);
  const entryCount = readUint32(fields);
  if (entryCount > ENTRIES_MAX) {
    throw fieldError(fields, `it has ${entryCount} entries, wanted ${ENTRIES_MAX} at most`);
  }
  let emptyUnits = 0n;
  for (let index = 0; index < entryCount; index++) {
    const duration = version === 1 ? readUint64(fields) : BigInt(readUint32(fields));
    const mediaTime = version === 1 ? readInt64(fields) : BigInt(readInt32(fields));
    skip(fields, 4); // media_rate_integer, media_rate_fraction
    if (mediaTime >= 0n) return { emptyUnits, mediaTime };
    emptyUnits += duration; // media_time -1: nothing is shown
  }
  return { emptyUnits, mediaTime: 0n };
}
