// This file writes media playlists.
import { formatAttributeList, withoutControls } from './attribute-list.ts';
import { formatByteRange } from './byte-range.ts';
import { formatDateTime } from './date-time.ts';
import { formatInf } from './inf.ts';
import { formatKeyChange } from './key.ts';
import { formatMediaMap } from './media-map.ts';
import type { Key, MediaMap, MediaPlaylist, MediaSegment } from './playlist.ts';
import { formatStart } from './start.ts';
import { formatUriLine } from './uri-line.ts';
import { mediaVersion } from './version.ts';

/**
 * The text of a media playlist. The version is computed, the one in `playlist` is not looked at;
 * where a tag has typed fields they decide, and its other attributes are written as they are.
 */
export function formatMediaPlaylist(playlist: MediaPlaylist): string {
  let text = formatMediaHead(playlist, mediaVersion(playlist));
  const written = nothingWritten();
  for (const segment of playlist.segments) text += formatMediaSegment(segment, written);
  // RFC 8216 §4.3.3.4
  return playlist.endList ? `${text}#EXT-X-ENDLIST\n` : text;
}

/** What stands before the first segment; for whoever writes segments as they come. */
export function formatMediaHead(playlist: MediaPlaylist, version: number): string {
  const { discontinuitySequence, start, type } = playlist;
  const hasDiscontinuities = playlist.hasDiscontinuitySequence || discontinuitySequence > 0;
  let text = `#EXTM3U\n#EXT-X-VERSION:${version}\n`;
  if (playlist.independentSegments) text += '#EXT-X-INDEPENDENT-SEGMENTS\n';
  if (start !== undefined) text += `${formatStart(start)}\n`;
  text += `#EXT-X-TARGETDURATION:${Math.ceil(playlist.targetDuration)}\n`;
  text += `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}\n`;
  if (hasDiscontinuities) text += `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}\n`;
  if (type !== undefined) text += `#EXT-X-PLAYLIST-TYPE:${type}\n`;
  if (playlist.iFramesOnly) text += '#EXT-X-I-FRAMES-ONLY\n';
  return text;
}

/** What a reader of the text so far holds to be in force. */
export type Written = {
  keys: readonly Key[];
  map: MediaMap | undefined;
  bitrate: number | undefined;
};

export function nothingWritten(): Written {
  return { keys: [], map: undefined, bitrate: undefined };
}

/** The lines of one segment behind what was written before it. */
export function formatMediaSegment(segment: MediaSegment, written: Written): string {
  let text = segment.discontinuity ? '#EXT-X-DISCONTINUITY\n' : '';
  // The map stands behind its own keys, the segment's follow it where they differ.
  if (segment.map !== undefined) text += writeMap(segment.map, written);
  text += writeKeys(segment.keys, written);
  if (segment.programDateTimeMs !== undefined) {
    text += `#EXT-X-PROGRAM-DATE-TIME:${formatDateTime(segment.programDateTimeMs)}\n`;
  }
  for (const dateRange of segment.dateRanges) {
    text += `#EXT-X-DATERANGE:${formatAttributeList(dateRange)}\n`;
  }
  if (segment.gap) text += '#EXT-X-GAP\n';
  if (segment.bitrate !== undefined && segment.bitrate !== written.bitrate) {
    written.bitrate = segment.bitrate;
    text += `#EXT-X-BITRATE:${Math.round(segment.bitrate)}\n`;
  }
  text += `${formatInf(segment.duration, withoutControls(segment.title).trim())}\n`;
  if (segment.byteRange !== undefined) {
    text += `#EXT-X-BYTERANGE:${formatByteRange(segment.byteRange)}\n`;
  }
  return `${text}${formatUriLine(segment.uri)}\n`;
}

function writeKeys(keys: readonly Key[], written: Written): string {
  const text = formatKeyChange(written.keys, keys);
  written.keys = keys;
  return text;
}

function writeMap(map: MediaMap, written: Written): string {
  const inForce = written.map;
  written.map = map;
  if (map === inForce) return '';
  const tag = formatMediaMap(map);
  const isSame = inForce !== undefined && tag === formatMediaMap(inForce);
  if (isSame && formatKeyChange(inForce.keys, map.keys) === '') return '';
  return `${writeKeys(map.keys, written)}${tag}\n`;
}
