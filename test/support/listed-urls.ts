// This file reads what a playlist that weir serves names.
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';

/** Of its segments, gaps left out; none where there is no list yet. */
export async function listedUrls(url: string): Promise<string[]> {
  const answer = await fetch(url);
  const text = await answer.text();
  if (answer.status !== 200) return [];
  const playlist = parsePlaylist(text);
  if (playlist.kind === 'media') {
    const named = playlist.segments.filter(({ gap }) => !gap);
    return named.map(({ uri }) => new URL(uri, url).href);
  }
  const [variant] = playlist.variants;
  return variant === undefined ? [] : await listedUrls(new URL(variant.uri, url).href);
}

export function nameIn(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
