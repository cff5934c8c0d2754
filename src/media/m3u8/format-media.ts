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
  const text = new MediaPlaylistText();
  text.add(playlist.segments);
  return text.with(playlist);
}

/** What stands before and behind the segments. */
export type MediaPlaylistFrame = Omit<MediaPlaylist, 'kind' | 'version' | 'segments'>;

/** A media playlist that is written piece by piece: a long one in turns, or one that grows. */
export class MediaPlaylistText {
  readonly #written = nothingWritten();
  #text = '';
  #version = 0;

  /** How long it is so far, without what stands around it. */
  get chars(): number {
    return this.#text.length;
  }

  /** Behind those there are. */
  add(segments: readonly MediaSegment[]): void {
    for (const segment of segments) this.#text += formatMediaSegment(segment, this.#written);
    this.#version = Math.max(this.#version, mediaVersion({ segments, iFramesOnly: false }));
  }

  /** The whole text, as it is now. */
  with(frame: MediaPlaylistFrame): string {
    const { iFramesOnly, endList } = frame;
    // RFC 8216 §7: a map takes 5 among I-frames, and 6 elsewhere
    const least = iFramesOnly && this.#version === 6 ? 5 : this.#version;
    const version = Math.max(least, mediaVersion({ segments: [], iFramesOnly }));
    // RFC 8216 §4.3.3.4
    return `${formatMediaHead(frame, version)}${this.#text}${endList ? '#EXT-X-ENDLIST\n' : ''}`;
  }
}

/** What stands before the first segment; for whoever writes segments into a file as they come. */
export function formatMediaHead(playlist: MediaPlaylistFrame, version: number): string {
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
