// This file is what is left of a multivariant playlist once only some of its renditions are kept.
import type { MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import { renditionIdIn } from '../../source/pull/renditions.ts';

/**
 * The variant `main` and the sound that goes with it, the URIs ids of renditions; undefined where
 * there is no sound apart, and so nothing that belongs together.
 */
export function keptPlaylist(
  playlist: MultivariantPlaylist | undefined,
  main: string,
): MultivariantPlaylist | undefined {
  const variant = playlist?.variants.find(({ uri }) => renditionIdIn(uri) === main);
  if (playlist === undefined || variant === undefined) return undefined;
  const renditions = playlist.renditions
    .filter(({ type, groupId }) => type === 'AUDIO' && groupId === variant.audio)
    .map((tag) => (tag.uri === undefined ? tag : { ...tag, uri: renditionIdIn(tag.uri) }));
  if (!renditions.some(({ uri }) => uri !== undefined)) return undefined;
  const { subtitles: _, video: __, closedCaptions: ___, ...kept } = variant;
  const attributes = new Map(variant.attributes);
  for (const name of ['SUBTITLES', 'VIDEO', 'CLOSED-CAPTIONS']) attributes.delete(name);
  const captions = playlist.renditions.filter(({ type, groupId }) => {
    return type === 'CLOSED-CAPTIONS' && groupId === variant.closedCaptions;
  });
  const captioned = captions.length === 0 ? {} : { closedCaptions: variant.closedCaptions };
  return {
    ...playlist,
    variants: [{ ...kept, ...captioned, uri: main, attributes } as typeof variant],
    renditions: [...renditions, ...captions],
    iFrames: [],
    sessionKeys: [],
  };
}
