// This file finds the NAL units in a byte stream with start codes.
import { FormatError } from '../../base/errors.ts';

/** As of a frame with length prefixes: 8K in the smallest slices has about a thousand. */
const NAL_UNITS_MAX = 10_000;

/** Views of the units, empty ones and what stands before the first start code left out. */
// H.264 Annex B, H.265 Annex B
export function splitByteStream(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let from = -1;
  const add = (to: number): void => {
    let endAt = to;
    // trailing_zero_8bits; the last byte of a unit is never zero
    while (endAt > from && bytes[endAt - 1] === 0) endAt--;
    if (from < 0 || endAt === from) return;
    if (units.length === NAL_UNITS_MAX) throw tooMany(from);
    units.push(bytes.subarray(from, endAt));
  };
  for (let at = 0; at + 2 < bytes.length; ) {
    const third = bytes[at + 2]!;
    if (third > 1) at += 3;
    else if (third === 0) at += 1;
    else if (bytes[at] === 0 && bytes[at + 1] === 0) {
      add(at);
      from = at + 3;
      at += 3;
    } else at += 3;
  }
  if (from >= 0) add(bytes.length);
  return units;
}

function tooMany(at: number): FormatError {
  const message = `Cannot read the picture: more than ${NAL_UNITS_MAX} NAL units, wanted fewer`;
  return new FormatError('mpegts', at, message, 'H.264 §B.1.1');
}
