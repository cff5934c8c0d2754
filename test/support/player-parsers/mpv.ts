// This file reads a line-up as mpv does, flaws included.
import type { PlayerChannel } from './channel.ts';

export type MpvList = {
  /** Any line that starts like an HLS tag makes the whole list HLS. */
  readonly isHls: boolean;
  readonly channels: readonly PlayerChannel[];
};

/** The longest line that every mpv since 2013 reads at once, in bytes. */
export const MPV_MAX_LINE_BYTES = 8 * 1024;

const FORCING_TYPES = ['audio/mpegurl', 'audio/x-mpegurl', 'application/x-mpegurl'];

/** Whether mpv opens it as a list; `mimeType` is that of the answer, where no parameter may stand. */
export function isMpvPlaylist(text: string, mimeType: string | undefined): boolean {
  if (mimeType !== undefined && FORCING_TYPES.includes(mimeType.toLowerCase())) return true;
  return strip(text.replace(/^\ufeff/, '').split('\n')[0] as string) === '#EXTM3U';
}

/** Undefined where a line cannot be read at all: too long, or with a NUL in it. */
export function readAsMpv(text: string): MpvList | undefined {
  const channels: PlayerChannel[] = [];
  let isHls = false;
  let title: string | undefined;
  for (const raw of text.replace(/^\ufeff/, '').split('\n')) {
    if (raw.includes('\0') || Buffer.byteLength(raw) >= MPV_MAX_LINE_BYTES) return undefined;
    const line = strip(raw);
    if (line.startsWith('#EXTINF:')) {
      const comma = line.indexOf(',');
      if (comma >= 0 && comma + 1 < line.length) title = line.slice(comma + 1);
    } else if (line.startsWith('#EXT-X-')) {
      isHls = true;
    } else if (line !== '' && !line.startsWith('#')) {
      channels.push({ name: title, url: line, groups: [] });
      title = undefined;
    }
  }
  return { isHls, channels };
}

function strip(text: string): string {
  return text.replace(/^[ \f\n\r\t\v]+|[ \f\n\r\t\v]+$/g, '');
}
