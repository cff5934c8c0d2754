// This file writes multivariant playlists.
import { formatAttributeList } from './attribute-list.ts';
import { formatKey } from './key.ts';
import type { MultivariantPlaylist } from './playlist.ts';
import { renditionAttributes } from './rendition.ts';
import { formatStart } from './start.ts';
import { formatUriLine } from './uri-line.ts';
import { iFrameVariantAttributes, variantAttributes } from './variant.ts';
import { multivariantVersion } from './version.ts';

/**
 * The text of a multivariant playlist. The version is computed. `defines` are not written: the
 * parser has put every value in its place, so a player needs none of them, and old ones would stop
 * at the version 8 that the tag demands.
 */
export function formatMultivariantPlaylist(playlist: MultivariantPlaylist): string {
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${multivariantVersion(playlist)}`];
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (playlist.start !== undefined) lines.push(formatStart(playlist.start));
  for (const data of playlist.sessionData) {
    lines.push(`#EXT-X-SESSION-DATA:${formatAttributeList(data)}`);
  }
  for (const key of playlist.sessionKeys) lines.push(`#EXT-X-SESSION-KEY:${formatKey(key)}`);
  for (const rendition of playlist.renditions) {
    lines.push(`#EXT-X-MEDIA:${formatAttributeList(renditionAttributes(rendition))}`);
  }
  for (const variant of playlist.variants) {
    lines.push(`#EXT-X-STREAM-INF:${formatAttributeList(variantAttributes(variant))}`);
    lines.push(formatUriLine(variant.uri));
  }
  for (const variant of playlist.iFrames) {
    const attributes = formatAttributeList(iFrameVariantAttributes(variant));
    lines.push(`#EXT-X-I-FRAME-STREAM-INF:${attributes}`);
  }
  return `${lines.join('\n')}\n`;
}
