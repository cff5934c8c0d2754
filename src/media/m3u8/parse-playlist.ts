// This file parses a playlist of either kind.
import { LOOKS_LIKE_CHARS, looksLike } from '../looks-like.ts';
import type { ParseOptions } from './define.ts';
import { tagName } from './header.ts';
import { createLineCursor, normaliseText, readLine } from './line-cursor.ts';
import { parseMedia } from './parse-media.ts';
import { parseMultivariant } from './parse-multivariant.ts';
import type { Playlist } from './playlist.ts';
import { playlistError } from './playlist-error.ts';

/** Longest playlist. 20,000 segments, each with a URI of 100 characters, fit; so the client's cap. */
export const MAX_TEXT_CHARS = 2 * 1024 * 1024;

/**
 * Throws FormatError, its offset the number of the line. Whatever players accept is accepted: what
 * is not in the standard is noted at the place that reads it.
 */
export function parsePlaylist(text: string, options: ParseOptions = {}): Playlist {
  if (text.length > MAX_TEXT_CHARS) {
    const message = `Cannot parse the playlist: it has ${text.length} characters`;
    throw playlistError(1, 'RFC 8216 §4.1', `${message}, wanted ${MAX_TEXT_CHARS} at most`);
  }
  // What is no playlist at all is said to be so, before its lines are found too long.
  const first = text.slice(0, LOOKS_LIKE_CHARS).trimStart();
  if (first !== '' && !first.startsWith('#')) throw notPlaylist(text);
  const normalised = normaliseText(text);
  const kind = kindOf(normalised);
  if (kind === undefined) throw notPlaylist(text);
  return kind === 'multivariant'
    ? parseMultivariant(normalised, options)
    : parseMedia(normalised, options);
}

/**
 * The first tag that only one kind has decides. A list that has neither (a live one just begun, or
 * one of bare URIs) is a media playlist. Undefined where there is no tag at all.
 */
function kindOf(text: string): Playlist['kind'] | undefined {
  const cursor = createLineCursor(text);
  let isPlaylist = false;
  for (let line = readLine(cursor); line !== undefined; line = readLine(cursor)) {
    if (!line.startsWith('#')) break;
    // RFC 8216 §4.3.1.1: EXTM3U must be first. Where it was forgotten, another tag will do.
    if (line.startsWith('#EXT')) isPlaylist = true;
    const name = tagName(line);
    if (MEDIA_TAGS.has(name)) return 'media';
    if (MULTIVARIANT_TAGS.has(name)) return 'multivariant';
  }
  return isPlaylist ? 'media' : undefined;
}

function notPlaylist(text: string): Error {
  const message = `Cannot parse the playlist: it is ${looksLike(text)}, wanted #EXTM3U`;
  return playlistError(1, 'RFC 8216 §4.3.1.1', message);
}

const MEDIA_TAGS = new Set(['#EXTINF', '#EXT-X-TARGETDURATION']);
const MULTIVARIANT_TAGS = new Set([
  '#EXT-X-STREAM-INF',
  '#EXT-X-I-FRAME-STREAM-INF',
  '#EXT-X-MEDIA',
]);
