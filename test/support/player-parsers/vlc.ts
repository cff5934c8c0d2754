// This file reads a line-up as VLC 3 does, flaws included.
import type { PlayerChannel } from './channel.ts';

export type VlcChannel = PlayerChannel & {
  readonly artist: string | undefined;
  /** #EXTVLCOPT lines: options of the input, run as they are. */
  readonly options: readonly string[];
};

/** Found anywhere in the first KiB, in a name too, they make the list an HLS playlist. */
const HLS_TAGS = [
  '#EXT-X-MEDIA:',
  '#EXT-X-VERSION:',
  '#EXT-X-TARGETDURATION:',
  '#EXT-X-MEDIA-SEQUENCE:',
  '#EXT-X-STREAM-INF:',
];

/** Whether VLC opens it as a list; `mimeType` is that of the answer, without parameters. */
export function isVlcPlaylist(text: string, mimeType: string): boolean {
  const peek = new TextDecoder('latin1').decode(new TextEncoder().encode(text).subarray(0, 1024));
  const bare = peek.startsWith('\u00ef\u00bb\u00bf') ? peek.slice(3) : peek;
  if (mimeType.toLowerCase() === 'application/vnd.apple.mpegurl') return false;
  const types = [
    'application/mpegurl',
    'application/x-mpegurl',
    'audio/mpegurl',
    'audio/x-mpegurl',
  ];
  if (!bare.startsWith('#EXTM3U') && !types.includes(mimeType.toLowerCase())) return false;
  return !HLS_TAGS.some((tag) => bare.includes(tag));
}

type Meta = {
  name?: string;
  artist?: string;
  logo?: string;
  guideId?: string;
  group?: string;
  options: string[];
};

export function readAsVlc(text: string): readonly VlcChannel[] {
  const channels: VlcChannel[] = [];
  let meta: Meta = { options: [] };
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.replace(/^[ \t\r\n]+/, '');
    if (line.startsWith('#')) {
      readTag(line.replace(/^[ \t\r\n#]+/, ''), meta);
    } else if (line !== '' && !/^RTSPtext/i.test(line)) {
      channels.push({
        name: meta.name ?? line,
        artist: meta.artist,
        url: line,
        ...(meta.logo === undefined ? {} : { logo: meta.logo }),
        ...(meta.guideId === undefined ? {} : { guideId: meta.guideId }),
        groups: meta.group === undefined ? [] : [meta.group],
        options: meta.options,
      });
      meta = { options: [] };
    }
  }
  return channels;
}

function readTag(tag: string, meta: Meta): void {
  if (/^EXTINF:/i.test(tag)) readInfo(tag.slice('EXTINF:'.length), meta);
  else if (/^EXTVLCOPT:./i.test(tag)) meta.options.push(tag.slice('EXTVLCOPT:'.length));
  else if (/^EXTALBUMARTURL:./i.test(tag)) meta.logo = tag.slice('EXTALBUMARTURL:'.length);
}

/** The first comma of the line ends the attributes, quoted or not. */
function readInfo(text: string, meta: Meta): void {
  delete meta.name;
  delete meta.artist;
  const line = text.replace(/^[ \t]+/, '');
  const comma = line.indexOf(',');
  if (comma >= 0 && comma + 1 < line.length) readTitle(line.slice(comma + 1), meta);
  const before = comma < 0 ? line : line.slice(0, comma);
  const duration = /^[-+]?\d+/.exec(before);
  if (duration === null) return;
  const rest = before.slice(duration[0].length);
  if (/^[ \t]/.test(rest)) readAttributes(rest, meta);
}

/** "artist - name", ",name", "artist,name" or "name", tried in that order. */
function readTitle(title: string, meta: Meta): void {
  const dash = title.indexOf(' - ');
  const comma = title.indexOf(',');
  if (dash >= 0) setTitle(meta, title.slice(0, dash), title.slice(dash + 3));
  else if (comma >= 0) setTitle(meta, title.slice(0, comma), title.slice(comma + 1));
  else setTitle(meta, '', title);
}

function setTitle(meta: Meta, artist: string, name: string): void {
  if (artist !== '') meta.artist = artist;
  if (name !== '') meta.name = name;
}

/** Words of `key=value`; the first quote out of place ends the reading. */
function readAttributes(text: string, meta: Meta): void {
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at += 1;
    const start = at;
    let inQuotes = false;
    let hasKey = false;
    let hasValue = false;
    for (; at < text.length; at += 1) {
      const char = text[at];
      if (char === '"') {
        if ((!inQuotes && hasValue) || !hasKey) return;
        hasValue = true;
        inQuotes = !inQuotes;
      } else if (char === ' ') {
        if (!inQuotes) break;
      } else if (char === '=') {
        hasKey = true;
      } else if (hasKey) {
        hasValue = true;
      }
    }
    if (at >= text.length) {
      if (!inQuotes && hasValue) readAttribute(text.slice(start), meta);
      return;
    }
    if (hasValue) readAttribute(text.slice(start, at), meta);
    at += 1;
  }
}

/**
 * The first of two alike is kept. VLC compares two characters too many of `group-title` and so
 * finds it never; here it is read as was meant, since a later VLC may.
 */
function readAttribute(word: string, meta: Meta): void {
  const equals = word.indexOf('=', 4);
  const key = ATTRIBUTES.get(word.slice(0, equals));
  if (key === undefined || meta[key] !== undefined) return;
  const value = word.slice(equals + 1);
  if (value === '') return;
  meta[key] = value.length > 2 && value.startsWith('"') ? value.slice(1, -1) : value;
}

const ATTRIBUTES = new Map<string, 'logo' | 'name' | 'guideId' | 'group'>([
  ['tvg-logo', 'logo'],
  ['tvg-name', 'name'],
  ['tvg-id', 'guideId'],
  ['group-title', 'group'],
]);
