// This file parses multivariant playlists.
import { type AttributeMap, parseAttributeList } from './attribute-list.ts';
import type { ParseOptions } from './define.ts';
import { createHeader, type Header, readHeaderTag, tagName, tagValue } from './header.ts';
import { parseKey } from './key.ts';
import { createLineCursor, readLine } from './line-cursor.ts';
import type { Attributes, Key, MultivariantPlaylist, RenditionTag, Variant } from './playlist.ts';
import { playlistError } from './playlist-error.ts';
import { parseRendition } from './rendition.ts';
import { parseUriLine } from './uri-line.ts';
import { parseIFrameVariant, parseVariant } from './variant.ts';

/**
 * Most variants, renditions and session tags together. The richest ladders have some 30 variants
 * and as many languages; each entry may become a playlist that is followed.
 */
export const MAX_ENTRIES = 500;

/** What is collected on the way. */
type Reading = {
  readonly header: Header;
  readonly variants: Variant[];
  readonly renditions: RenditionTag[];
  readonly iFrames: Variant[];
  readonly sessionData: Attributes[];
  readonly sessionKeys: Key[];
  /** EXT-X-STREAM-INF whose URI has not come yet. */
  pending: AttributeMap | undefined;
  entryCount: number;
};

/** `text` as `normaliseText` leaves it. */
export function parseMultivariant(text: string, options: ParseOptions): MultivariantPlaylist {
  const reading: Reading = {
    header: createHeader(options),
    variants: [],
    renditions: [],
    iFrames: [],
    sessionData: [],
    sessionKeys: [],
    pending: undefined,
    entryCount: 0,
  };
  const cursor = createLineCursor(text);
  for (let line = readLine(cursor); line !== undefined; line = readLine(cursor)) {
    if (!line.startsWith('#')) readUri(reading, line, cursor.line);
    else if (line.startsWith('#EXT')) readTag(reading, line, cursor.line);
  }
  const { header } = reading;
  if (reading.variants.length === 0) {
    const message = 'Cannot parse the playlist: it has no variant with a URI, wanted one at least';
    throw playlistError(cursor.line, 'RFC 8216 §4.3.4.2', message);
  }
  return {
    kind: 'multivariant',
    version: header.version,
    independentSegments: header.independentSegments,
    ...(header.start === undefined ? {} : { start: header.start }),
    variants: reading.variants,
    renditions: reading.renditions,
    iFrames: reading.iFrames,
    sessionData: reading.sessionData,
    sessionKeys: reading.sessionKeys,
    defines: header.scope.defines,
  };
}

// RFC 8216 §4.3.4.2: the URI line that follows the tag; one without a tag names nothing
function readUri(reading: Reading, line: string, lineNumber: number): void {
  if (reading.pending === undefined) return;
  const uri = parseUriLine(line, reading.header.scope, lineNumber);
  reading.variants.push(parseVariant(reading.pending, uri));
  reading.pending = undefined;
}

function readTag(reading: Reading, text: string, line: number): void {
  const name = tagName(text);
  const value = tagValue(text);
  switch (name) {
    // RFC 8216 §4.3.4.1
    case '#EXT-X-MEDIA':
      keep(reading.renditions, parseRendition(entry(reading, value, line)));
      break;
    // RFC 8216 §4.3.4.2
    case '#EXT-X-STREAM-INF':
      reading.pending = entry(reading, value, line);
      break;
    // RFC 8216 §4.3.4.3
    case '#EXT-X-I-FRAME-STREAM-INF':
      keep(reading.iFrames, parseIFrameVariant(entry(reading, value, line)));
      break;
    // RFC 8216 §4.3.4.4
    case '#EXT-X-SESSION-DATA':
      reading.sessionData.push(entry(reading, value, line));
      break;
    // RFC 8216 §4.3.4.5: METHOD=NONE has no place here and says nothing
    case '#EXT-X-SESSION-KEY':
      keep(reading.sessionKeys, parseKey(entry(reading, value, line), line));
      break;
    // RFC 8216 §4.1: a playlist of both kinds must be refused
    case '#EXTINF': {
      const message = 'Cannot parse the playlist: it has variants and segments, wanted one of them';
      throw playlistError(line, 'RFC 8216 §4.1', message);
    }
    default:
      readHeaderTag(reading.header, name, value, line);
  }
}

function keep<Entry>(list: Entry[], parsed: Entry | undefined): void {
  if (parsed !== undefined) list.push(parsed);
}

/** The attributes of a tag that becomes an entry, counted. */
function entry(reading: Reading, value: string, line: number): AttributeMap {
  if (++reading.entryCount > MAX_ENTRIES) {
    const message = `Cannot parse the playlist: it has too many entries, wanted ${MAX_ENTRIES}`;
    throw playlistError(line, 'RFC 8216 §4.3.4', message);
  }
  return parseAttributeList(value, reading.header.scope, line);
}
