// This file points the multivariant playlist of a channel at the lists of its archive.
import type { MultivariantPlaylist } from '../media/m3u8/playlist.ts';
import type { Wanted } from '../recording/archive/wanted-span.ts';
import { renditionIdIn } from '../source/pull/renditions.ts';

/** As `/archive/{channel}/{rendition}/index.m3u8?…` with what was asked for. */
export function pointedPlaylist(
  playlist: MultivariantPlaylist,
  base: string,
  wanted: Wanted,
): MultivariantPlaylist {
  const tail = tailOf(wanted);
  const point = (uri: string): string => `${base}${idIn(uri)}/index.m3u8?${tail}`;
  return {
    ...playlist,
    variants: playlist.variants.map((variant) => ({ ...variant, uri: point(variant.uri) })),
    // A picture a few seconds apart is nothing that an archive holds
    iFrames: [],
    renditions: playlist.renditions.map((tag) =>
      tag.uri === undefined ? tag : { ...tag, uri: point(tag.uri) },
    ),
  };
}

function idIn(uri: string): string {
  return uri.includes('/') ? renditionIdIn(uri) : uri;
}

function tailOf(wanted: Wanted): string {
  switch (wanted.kind) {
    case 'delay':
      return `delay=${wanted.delayMs / 1000}`;
    case 'at':
      return `at=${wanted.atMs / 1000}`;
    case 'span':
      return `from=${wanted.fromMs / 1000}&to=${wanted.toMs / 1000}`;
  }
}
