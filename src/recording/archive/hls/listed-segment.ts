// This file makes of an archived segment what a list beside its file says of it.
import { formatKeyChange } from '../../../media/m3u8/key.ts';
import { formatMediaMap } from '../../../media/m3u8/media-map.ts';
import type { Key, MediaSegment } from '../../../media/m3u8/playlist.ts';
import type { ArchivedKey, ArchivedSegment } from '../archived.ts';

/**
 * With a date at each: a list is cut at its beginning, merged by programs of others, and searched
 * for a time of day.
 */
export function listedSegment(segment: ArchivedSegment): MediaSegment {
  const { map } = segment;
  return {
    uri: segment.name,
    sequence: segment.number,
    duration: segment.durationS,
    title: '',
    discontinuity: segment.discontinuity,
    keys: segment.keys.map(listedKey),
    gap: segment.gap,
    programDateTimeMs: segment.startMs,
    dateRanges: [],
    ...(map === undefined ? {} : { map: { uri: map.asset, keys: map.keys.map(listedKey) } }),
  };
}

function listedKey({ key, asset }: ArchivedKey): Key {
  return asset === undefined ? key : { ...key, uri: asset };
}

/** What is in force at this segment, for a list that begins with it. */
export function restated(segment: ArchivedSegment): string {
  const { map, keys } = listedSegment(segment);
  const mapKeys = map?.keys ?? [];
  const mapText =
    map === undefined ? '' : `${formatKeyChange([], mapKeys)}${formatMediaMap(map)}\n`;
  return mapText + formatKeyChange(mapKeys, keys);
}

export function assetsOf({ map, keys }: ArchivedSegment): readonly string[] {
  const named = [...keys, ...(map?.keys ?? [])].flatMap(({ asset }) => asset ?? []);
  return [...new Set(map === undefined ? named : [map.asset, ...named])];
}

export function keysOf({ map, keys }: ArchivedSegment): ReadonlySet<string> {
  return new Set([...keys, ...(map?.keys ?? [])].flatMap(({ asset }) => asset ?? []));
}
