// This file finds its way in the bytes of a list that was written line by line.
import { FormatError } from '../../../base/errors.ts';
import { parsePlaylist } from '../../../media/m3u8/parse-playlist.ts';
import type { MediaPlaylist } from '../../../media/m3u8/playlist.ts';

const LF = 0x0a;
const HASH = 0x23;

export const END_LIST = '#EXT-X-ENDLIST\n';

/** What stands before the first segment. A segment begins with the first tag that is none of these. */
const HEAD_TAG =
  /^#EXT(?:M3U|-X-(?:VERSION|INDEPENDENT-SEGMENTS|START|TARGETDURATION|MEDIA-SEQUENCE|DISCONTINUITY-SEQUENCE|PLAYLIST-TYPE))\b/;
/** Longer than any head of ours. */
const HEAD_MAX_BYTES = 4096;

export type Head = {
  readonly playlist: MediaPlaylist;
  readonly version: number;
  readonly sizeBytes: number;
};

/** Undefined where it is none. */
export function readHead(bytes: Buffer): Head | undefined {
  const text = bytes.toString('latin1', 0, HEAD_MAX_BYTES);
  let end = 0;
  for (let next = text.indexOf('\n'); next >= 0; next = text.indexOf('\n', end)) {
    if (!HEAD_TAG.test(text.slice(end, next))) break;
    end = next + 1;
  }
  if (!text.startsWith('#EXTM3U\n')) return undefined;
  try {
    const playlist = parsePlaylist(text.slice(0, end));
    if (playlist.kind !== 'media') return undefined;
    return { playlist, version: playlist.version, sizeBytes: end };
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

export type ListEntry = {
  /** Of its first tag. */
  readonly startBytes: number;
  /** Behind its URI. */
  readonly endBytes: number;
  readonly uri: string;
  readonly gap: boolean;
};

/** The last entry that ends at or before `limitBytes`; what is torn is none. */
export function lastEntry(
  bytes: Buffer,
  headBytes: number,
  limitBytes: number,
): ListEntry | undefined {
  let end = wholeLines(bytes, headBytes, limitBytes);
  while (end > headBytes) {
    const start = lineStart(bytes, end - 1, headBytes);
    if (start < end - 1 && bytes[start] !== HASH) return entryOf(bytes, headBytes, start, end);
    end = start;
  }
  return undefined;
}

/** The entry of this name; undefined where there is none. */
export function entryNamed(bytes: Buffer, headBytes: number, name: string): ListEntry | undefined {
  const line = bytes.indexOf(`\n${name}\n`, Math.max(0, headBytes - 1));
  return line < 0 ? undefined : entryOf(bytes, headBytes, line + 1, line + name.length + 2);
}

/** Where whole lines end. A file that grew before its bytes were written has zeros there. */
function wholeLines(bytes: Buffer, headBytes: number, limitBytes: number): number {
  const zero = bytes.indexOf(0, headBytes);
  const end = zero < 0 ? limitBytes : Math.min(zero, limitBytes);
  return end <= headBytes ? headBytes : bytes.lastIndexOf(LF, end - 1) + 1;
}

function entryOf(bytes: Buffer, headBytes: number, uriAt: number, endBytes: number): ListEntry {
  let startBytes = uriAt;
  while (startBytes > headBytes) {
    const before = lineStart(bytes, startBytes - 1, headBytes);
    if (bytes[before] !== HASH) break;
    startBytes = before;
  }
  const uri = bytes.toString('utf8', uriAt, endBytes - 1);
  const gap = bytes.subarray(startBytes, uriAt).includes('#EXT-X-GAP\n');
  return { startBytes, endBytes, uri, gap };
}

/** Of the line whose end (its LF) is at `lfAt`. */
function lineStart(bytes: Buffer, lfAt: number, headBytes: number): number {
  if (lfAt <= headBytes) return headBytes;
  return Math.max(headBytes, bytes.lastIndexOf(LF, lfAt - 1) + 1);
}
