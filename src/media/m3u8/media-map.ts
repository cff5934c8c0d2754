// This file reads and writes EXT-X-MAP.
import { normaliseAttribute } from './attribute-kind.ts';
import { withoutControls } from './attribute-list.ts';
import { formatByteRange, parseByteRange } from './byte-range.ts';
import type { Attributes, Key, MediaMap } from './playlist.ts';
import { playlistError } from './playlist-error.ts';

// RFC 8216 §4.3.2.5
export function parseMediaMap(
  attributes: Attributes,
  keys: readonly Key[],
  line: number,
): MediaMap {
  const uri = attributes.get('URI')?.value;
  if (uri === undefined || uri === '') {
    const message = 'Cannot parse EXT-X-MAP: its URI is missing, wanted URI';
    throw playlistError(line, 'RFC 8216 §4.3.2.5', message);
  }
  const range = attributes.get('BYTERANGE')?.value;
  if (range === undefined) return { uri, keys };
  return { uri, byteRange: parseByteRange(range, 0, line), keys };
}

export function formatMediaMap(map: MediaMap): string {
  const uri = normaliseAttribute('URI', withoutControls(map.uri), true).value;
  const range = map.byteRange;
  const tag = `#EXT-X-MAP:URI="${uri}"`;
  return range === undefined ? tag : `${tag},BYTERANGE="${formatByteRange(range)}"`;
}
