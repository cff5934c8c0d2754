// This file picks out of what a list asks of a player what is still right for the address we give.
import type { ListEntry } from './list-entry.ts';

const LANGUAGES = /^[A-Za-z]{2,3}(?:,[A-Za-z]{2,3}){0,7}$/;

/**
 * What is about who watches. Whatever is about the source would be wrong for what we serve in its
 * place: requests and credentials, licences, kinds of manifest, numbers of programmes and tracks, and
 * the demuxer that suits it. There is nothing else to KODIPROP; the kind of the stream itself we say.
 * VLC 3 heeds what its input reads, and of the picture (deinterlace, aspect-ratio, crop) nothing: its
 * windows ask the settings alone.
 */
const VLC_OPTIONS: Readonly<Record<string, RegExp>> = {
  'network-caching': /^\d{1,5}$/,
  'audio-language': LANGUAGES,
  'sub-language': LANGUAGES,
};

/** By name, in the order of the table; absent where there is none. */
export function vlcOptionsOf({
  kept,
}: Pick<ListEntry, 'kept'>): Readonly<Record<string, string>> | undefined {
  if (kept === undefined) return undefined;
  let options: Record<string, string> | undefined;
  for (const [name, allowed] of Object.entries(VLC_OPTIONS)) {
    const value = kept[`vlc:${name}`];
    if (value === undefined || !allowed.test(value)) continue;
    options ??= {};
    options[name] = value;
  }
  return options;
}
