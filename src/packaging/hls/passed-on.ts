// This file writes the text of an upstream playlist as the modes that hold nothing pass it on.
import { formatMediaPlaylist } from '../../media/m3u8/format-media.ts';
import { formatMultivariantPlaylist } from '../../media/m3u8/format-multivariant.ts';
import { parsePlaylist } from '../../media/m3u8/parse-playlist.ts';
import type { PlaylistText } from '../../source/pull/hls.ts';
import { onlyVariant, pickVariant } from '../../source/pull/renditions.ts';

/**
 * The playlist as it is, unless something in it must be worked out: which variant is wanted, or
 * what its variables stand for (RFC 8216bis §4.4.2.3), which no URL could be told from.
 */
export function passedOn(answer: PlaylistText, height: number | undefined): string {
  const hasVariables = answer.text.includes('#EXT-X-DEFINE');
  if (height === undefined && !hasVariables) return answer.text;
  const playlist = parsePlaylist(answer.text, { uri: answer.url });
  if (playlist.kind === 'media') {
    return hasVariables ? formatMediaPlaylist(playlist) : answer.text;
  }
  const variant = height === undefined ? undefined : pickVariant(playlist, height);
  return formatMultivariantPlaylist(
    variant === undefined ? playlist : onlyVariant(playlist, variant),
  );
}
