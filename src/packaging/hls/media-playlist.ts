// This file writes the media playlist of what a rendition lists.
import { formatMediaPlaylist } from '../../media/m3u8/format-media.ts';
import { implicitIv } from '../../media/m3u8/key.ts';
import type { Key, MediaMap, MediaSegment, Start } from '../../media/m3u8/playlist.ts';
import type { ListedKey, ListedMap } from '../../ring/listing.ts';
import type { RenditionRing, Segment } from '../../ring/rendition-ring.ts';
import { type SegmentDates, segmentDates } from './segment-dates.ts';

export type PlaylistHeader = {
  readonly independentSegments: boolean;
  readonly iFramesOnly: boolean;
  readonly start: Start | undefined;
};

/**
 * `prefix` stands before every name, so that the same list can be served from the folder above.
 * URIs stay relative: a path prefix of a reverse proxy or a token survives.
 */
export function renditionPlaylist(
  ring: RenditionRing,
  header: PlaylistHeader,
  prefix: string,
): string {
  const listed = ring.listed();
  const first = listed[0];
  const maps = new Map<string, MediaMap>();
  const dates = segmentDates(ring, listed);
  return formatMediaPlaylist({
    kind: 'media',
    version: 3,
    targetDuration: ring.targetDurationS,
    mediaSequence: first?.mediaSequence ?? 0,
    // RFC 8216 §4.3.3.3: that of the first segment, without its own tag
    discontinuitySequence:
      first === undefined ? 0 : first.discontinuitySequence - (first.discontinuity ? 1 : 0),
    hasDiscontinuitySequence: !ring.onDemand,
    endList: ring.ended,
    iFramesOnly: header.iFramesOnly,
    independentSegments: header.independentSegments,
    segments: listed.map((segment, index) => ({
      ...mediaSegment(segment, prefix, maps),
      ...(dates[index] as SegmentDates),
    })),
    ...(ring.onDemand ? { type: 'VOD' as const } : {}),
    ...(header.start === undefined ? {} : { start: header.start }),
  });
}

function mediaSegment(
  segment: Segment,
  prefix: string,
  maps: Map<string, MediaMap>,
): Omit<MediaSegment, keyof SegmentDates> {
  const { listed } = segment;
  return {
    uri: prefix + segment.name,
    sequence: segment.mediaSequence,
    duration: listed.durationS,
    title: listed.title,
    discontinuity: segment.discontinuity,
    keys: listed.keys.map((key) => servedKey(key, listed.sequence, prefix)),
    gap: segment.state === 'gap',
    ...(listed.map === undefined
      ? {}
      : { map: servedMap(listed.map, listed.sequence, prefix, maps) }),
    ...(listed.bitrate === undefined ? {} : { bitrate: listed.bitrate }),
  };
}

/** One object per init segment: the writer tells a change of map by it. */
function servedMap(
  map: ListedMap,
  sequence: number,
  prefix: string,
  maps: Map<string, MediaMap>,
): MediaMap {
  const known = maps.get(map.asset.name);
  if (known !== undefined) return known;
  const served = {
    uri: prefix + map.asset.name,
    keys: map.keys.map((key) => servedKey(key, sequence, prefix)),
  };
  maps.set(map.asset.name, served);
  return served;
}

/**
 * RFC 8216 §5.2: without an IV the media sequence number is the IV. Ours may differ from the
 * source's, so the source's is written out.
 */
function servedKey({ key, asset }: ListedKey, sequence: number, prefix: string): Key {
  const isCounted = key.iv === undefined && key.method !== 'NONE' && isIdentity(key);
  return {
    ...key,
    ...(asset === undefined ? {} : { uri: prefix + asset.name }),
    ...(isCounted ? { iv: implicitIv(sequence) } : {}),
  };
}

function isIdentity(key: Key): boolean {
  return key.keyFormat === undefined || key.keyFormat === 'identity';
}
