// This file parses media playlists.
import { type AttributeMap, parseAttributeList } from './attribute-list.ts';
import { parseDateTime } from './date-time.ts';
import { parseDecimal, parseDecimalInteger } from './decimal.ts';
import type { ParseOptions } from './define.ts';
import { createHeader, type Header, readHeaderTag, tagName, tagValue } from './header.ts';
import { MAX_DURATION, parseInf } from './inf.ts';
import { applyKey, parseKey } from './key.ts';
import { createLineCursor, readLine } from './line-cursor.ts';
import { parseMediaMap } from './media-map.ts';
import type { MediaPlaylist } from './playlist.ts';
import { playlistError } from './playlist-error.ts';
import {
  createSegmentList,
  endSegment,
  finishSegments,
  NO_KEYS,
  type SegmentList,
} from './segment-list.ts';
import { parseUriLine } from './uri-line.ts';

/** Largest sequence number: every segment after it must still have an exact one. */
const MAX_SEQUENCE = Number.MAX_SAFE_INTEGER - 1_000_000;

/** What is collected on the way. */
type Reading = {
  readonly header: Header;
  readonly list: SegmentList;
  targetDuration: number | undefined;
  mediaSequence: number | undefined;
  discontinuitySequence: number | undefined;
  endList: boolean;
  type: 'EVENT' | 'VOD' | undefined;
  iFramesOnly: boolean;
};

/** `text` as `normaliseText` leaves it. */
export function parseMedia(text: string, options: ParseOptions): MediaPlaylist {
  const reading: Reading = {
    header: createHeader(options),
    list: createSegmentList(),
    targetDuration: undefined,
    mediaSequence: undefined,
    discontinuitySequence: undefined,
    endList: false,
    type: undefined,
    iFramesOnly: false,
  };
  const cursor = createLineCursor(text);
  for (let line = readLine(cursor); line !== undefined; line = readLine(cursor)) {
    if (line.charCodeAt(0) !== HASH) {
      endSegment(reading.list, parseUriLine(line, reading.header.scope, cursor.line), cursor.line);
    } else if (line.startsWith('#EXT')) {
      const colon = line.indexOf(':');
      readTag(reading, tagName(line, colon), tagValue(line, colon), cursor.line);
    }
  }
  return playlistOf(reading);
}

const HASH = 0x23;

/** Tags of a segment: they lead up to its URI. */
function readTag(reading: Reading, name: string, value: string, line: number): void {
  const { list } = reading;
  switch (name) {
    // RFC 8216 §4.3.2.1
    case '#EXTINF':
      list.inf = parseInf(value);
      break;
    // RFC 8216 §4.3.2.2: resolved at the URI, which tells whose range it continues
    case '#EXT-X-BYTERANGE':
      list.byteRange = value;
      break;
    // RFC 8216 §4.3.2.3
    case '#EXT-X-DISCONTINUITY':
      list.discontinuity = true;
      break;
    // RFC 8216 §4.3.2.4
    case '#EXT-X-KEY': {
      const key = parseKey(attributesOf(reading, value, line), line);
      list.keys = key === undefined ? NO_KEYS : applyKey(list.keys, key, line);
      break;
    }
    // RFC 8216 §4.3.2.5
    case '#EXT-X-MAP':
      list.map = parseMediaMap(attributesOf(reading, value, line), list.keys, line);
      break;
    // RFC 8216 §4.3.2.6
    case '#EXT-X-PROGRAM-DATE-TIME':
      list.programDateTimeMs = parseDateTime(value);
      break;
    // RFC 8216 §4.3.2.7
    case '#EXT-X-DATERANGE':
      list.dateRanges.push(attributesOf(reading, value, line));
      break;
    // draft-pantos-hls-rfc8216bis §4.4.4.7
    case '#EXT-X-GAP':
      list.gap = true;
      break;
    // draft-pantos-hls-rfc8216bis §4.4.4.8
    case '#EXT-X-BITRATE':
      list.bitrate = parseDecimalInteger(value) || list.bitrate;
      break;
    default:
      readPlaylistTag(reading, name, value, line);
  }
}

/** Tags of the playlist: they stand before the first segment, or wherever the packager put them. */
function readPlaylistTag(reading: Reading, name: string, value: string, line: number): void {
  switch (name) {
    // RFC 8216 §4.3.3.1: an integer; a fraction is rounded up, or no segment would fit
    case '#EXT-X-TARGETDURATION':
      reading.targetDuration = usableTarget(parseDecimal(value)) ?? reading.targetDuration;
      break;
    // RFC 8216 §4.3.3.2: the number of the first segment, also where it stands after it
    case '#EXT-X-MEDIA-SEQUENCE':
      reading.mediaSequence ??= parseSequence(name, value, line);
      break;
    // RFC 8216 §4.3.3.3
    case '#EXT-X-DISCONTINUITY-SEQUENCE':
      reading.discontinuitySequence ??= parseSequence(name, value, line);
      break;
    // RFC 8216 §4.3.3.4
    case '#EXT-X-ENDLIST':
      reading.endList = true;
      break;
    // RFC 8216 §4.3.3.5
    case '#EXT-X-PLAYLIST-TYPE':
      reading.type = playlistType(value) ?? reading.type;
      break;
    // RFC 8216 §4.3.3.6
    case '#EXT-X-I-FRAMES-ONLY':
      reading.iFramesOnly = true;
      break;
    default:
      refuseTag(name, line);
      readHeaderTag(reading.header, name, value, line);
  }
}

/**
 * Tags of low latency (PART, PRELOAD-HINT, RENDITION-REPORT, SERVER-CONTROL, PART-INF) say nothing
 * of whole segments and fall through; these two cannot.
 */
function refuseTag(name: string, line: number): void {
  // draft-pantos-hls-rfc8216bis §4.4.5.2: only in an answer to _HLS_skip, which is never asked
  if (name === '#EXT-X-SKIP') {
    const message = 'Cannot parse the playlist: it skips segments, wanted all of them';
    throw playlistError(line, 'draft-pantos-hls-rfc8216bis §4.4.5.2', message);
  }
  // RFC 8216 §4.1: a playlist of both kinds must be refused
  if (name === '#EXT-X-STREAM-INF') {
    const message = 'Cannot parse the playlist: it has segments and variants, wanted one of them';
    throw playlistError(line, 'RFC 8216 §4.1', message);
  }
}

function attributesOf(reading: Reading, value: string, line: number): AttributeMap {
  return parseAttributeList(value, reading.header.scope, line);
}

function usableTarget(duration: number | undefined): number | undefined {
  if (duration === undefined || duration <= 0 || duration > MAX_DURATION) return undefined;
  return Math.ceil(duration);
}

function playlistType(value: string): 'EVENT' | 'VOD' | undefined {
  const type = value.toUpperCase();
  return type === 'EVENT' || type === 'VOD' ? type : undefined;
}

function parseSequence(name: string, value: string, line: number): number | undefined {
  const sequence = parseDecimalInteger(value);
  if (sequence === undefined || sequence <= MAX_SEQUENCE) return sequence;
  const message = `Cannot parse ${name.slice(1)}: it is too large, wanted ${MAX_SEQUENCE} at most`;
  throw playlistError(line, 'RFC 8216 §4.3.3.2', message);
}

function playlistOf(reading: Reading): MediaPlaylist {
  const { header, list, type } = reading;
  const mediaSequence = reading.mediaSequence ?? 0;
  const { targetDuration, segments } = finishSegments(list, mediaSequence, reading.targetDuration);
  return {
    kind: 'media',
    version: header.version,
    targetDuration,
    mediaSequence,
    discontinuitySequence: reading.discontinuitySequence ?? 0,
    hasDiscontinuitySequence: reading.discontinuitySequence !== undefined,
    endList: reading.endList,
    ...(type === undefined ? {} : { type }),
    iFramesOnly: reading.iFramesOnly,
    independentSegments: header.independentSegments,
    ...(header.start === undefined ? {} : { start: header.start }),
    segments,
  };
}
