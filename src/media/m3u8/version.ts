// This file computes the protocol version that a playlist of ours must declare.
import type { Attributes, Key, MediaPlaylist, MultivariantPlaylist } from './playlist.ts';

/**
 * Never below 3: our durations have decimals, and Kodi's IPTV client takes a text for HLS only
 * where it sees this tag.
 */
const LOWEST = 3;

// RFC 8216 §7
export function mediaVersion(playlist: Pick<MediaPlaylist, 'segments' | 'iFramesOnly'>): number {
  let version = playlist.iFramesOnly ? 4 : LOWEST;
  for (const segment of playlist.segments) {
    if (segment.byteRange !== undefined) version = Math.max(version, 4);
    if (segment.map !== undefined) version = Math.max(version, playlist.iFramesOnly ? 5 : 6);
    if (segment.keys.some(needsVersion5)) version = Math.max(version, 5);
    if (version === 6) break;
  }
  return version;
}

/** KEYFORMAT and KEYFORMATVERSIONS by RFC 8216 §7, SAMPLE-AES by Apple's own table. */
function needsVersion5(key: Key): boolean {
  if (key.keyFormat !== undefined || key.keyFormatVersions !== undefined) return true;
  return key.method !== 'AES-128' && key.method !== 'NONE';
}

// RFC 8216 §7, draft-pantos-hls-rfc8216bis §8 for version 12
export function multivariantVersion(playlist: MultivariantPlaylist): number {
  const renditions = playlist.renditions.map((rendition) => rendition.attributes);
  const variants = [...playlist.variants, ...playlist.iFrames].map((variant) => variant.attributes);
  if ([...renditions, ...variants].some(hasRequirement)) return 12;
  if (renditions.some(hasService)) return 7;
  return playlist.sessionKeys.some(needsVersion5) ? 5 : LOWEST;
}

/** An attribute that a player must know or leave the entry alone. */
function hasRequirement(attributes: Attributes): boolean {
  for (const name of attributes.keys()) if (name.startsWith('REQ-')) return true;
  return false;
}

function hasService(attributes: Attributes): boolean {
  return attributes.get('INSTREAM-ID')?.value.startsWith('SERVICE') ?? false;
}
