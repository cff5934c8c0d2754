// This file is what an archive's rows say in JSON: of a channel, of a rendition, of a segment.
import { formatMultivariantPlaylist } from '../../media/m3u8/format-multivariant.ts';
import { parsePlaylist } from '../../media/m3u8/parse-playlist.ts';
import type { AttributeValue, Key, MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import type { ArchivedKey, ArchivedSegment, SegmentMarks } from './archived.ts';

/** What holds of a channel also once the configuration says nothing of it any more. */
export type ChannelAbout = {
  readonly keepMs: number;
  readonly sizeBytes?: number;
  readonly hlsPath?: string;
  /** The rendition that a player without choice plays; absent until the channel was open. */
  readonly main?: string;
  /** Which renditions belong together, as text of a playlist. */
  readonly playlist?: string;
};

export type RenditionAbout = {
  readonly kind: 'video' | 'audio';
  readonly targetDurationS: number;
  readonly independentSegments: boolean;
};

/** What a list says of a segment beside its times. */
export type SegmentNeeds = Pick<ArchivedSegment, 'contentType' | 'map' | 'keys'> & SegmentMarks;

type Written<T> = { readonly [K in keyof T]: T[K] };
type WrittenKey = Omit<Key, 'attributes'> & {
  readonly attributes: readonly (readonly [string, AttributeValue])[];
};
type WrittenNeed = { readonly key: WrittenKey; readonly asset?: string };

export function formatChannelAbout(about: ChannelAbout): string {
  return JSON.stringify(about);
}

export function parseChannelAbout(text: string): ChannelAbout {
  return JSON.parse(text) as Written<ChannelAbout>;
}

export function formatRenditionAbout(about: RenditionAbout): string {
  return JSON.stringify(about);
}

export function parseRenditionAbout(text: string): RenditionAbout {
  return JSON.parse(text) as Written<RenditionAbout>;
}

export function formatPlaylist(playlist: MultivariantPlaylist): string {
  return formatMultivariantPlaylist(playlist);
}

export function parseKeptPlaylist(text: string): MultivariantPlaylist | undefined {
  const playlist = parsePlaylist(text, { uri: 'http://archive.invalid/' });
  return playlist.kind === 'multivariant' ? playlist : undefined;
}

export function formatNeeds(needs: SegmentNeeds): string {
  const { contentType, map, keys, marks, made, sound } = needs;
  const written = map && { asset: map.asset, keys: map.keys.map(writtenKey) };
  const learnt = { marks, made, sound };
  return JSON.stringify({ contentType, map: written, keys: keys.map(writtenKey), ...learnt });
}

export function parseNeeds(text: string): SegmentNeeds {
  const { contentType, map, keys, ...learnt } = JSON.parse(text) as SegmentMarks & {
    readonly contentType: string;
    readonly map?: { readonly asset: string; readonly keys: readonly WrittenNeed[] };
    readonly keys: readonly WrittenNeed[];
  };
  return {
    contentType,
    keys: keys.map(keyOf),
    ...learnt,
    ...(map === undefined ? {} : { map: { asset: map.asset, keys: map.keys.map(keyOf) } }),
  };
}

function writtenKey({ key, asset }: ArchivedKey): WrittenNeed {
  const written = { ...key, attributes: [...key.attributes] };
  return asset === undefined ? { key: written } : { key: written, asset };
}

function keyOf({ key, asset }: WrittenNeed): ArchivedKey {
  const read = { ...key, attributes: new Map(key.attributes) };
  return asset === undefined ? { key: read } : { key: read, asset };
}
