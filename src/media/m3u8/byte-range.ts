// This file reads and writes byte ranges.
import type { ByteRange } from './playlist.ts';
import { playlistError } from './playlist-error.ts';

/** Sixteen digits are past 2^53 - 1, the last number that is exact here. */
const BYTE_RANGE = /^"?\s*(\d{1,16})\s*(?:@\s*(\d{1,16})\s*)?"?$/;

// RFC 8216 §4.3.2.2: <n>[@<o>]
export function parseByteRange(text: string, defaultOffset: number, line: number): ByteRange {
  const match = BYTE_RANGE.exec(text);
  const length = Number(match?.[1] ?? 0);
  const offset = match?.[2] === undefined ? defaultOffset : Number(match[2]);
  if (length < 1 || length + offset > Number.MAX_SAFE_INTEGER) {
    // To fetch the whole resource instead would be wrong by any amount.
    const message = 'Cannot parse the byte range: it is malformed, wanted <length>[@<offset>]';
    throw playlistError(line, 'RFC 8216 §4.3.2.2', message);
  }
  return { offset, length };
}

/** The offset is always written: a player that joins in the middle has no range before it. */
export function formatByteRange(range: ByteRange): string {
  return `${range.length}@${range.offset}`;
}
