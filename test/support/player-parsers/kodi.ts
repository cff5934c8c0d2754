// This file reads a line-up as Kodi's IPTV Simple client does, flaws included.
import type { PlayerChannel } from './channel.ts';

export type KodiChannel = PlayerChannel & {
  /** What the guide is matched by after the id. */
  readonly guideName: string;
  readonly isRadio: boolean;
  /** Shown among recordings, not among channels. */
  readonly isMedia: boolean;
  readonly hasCatchup: boolean;
  readonly guideShift: string;
  readonly provider: string;
  readonly properties: ReadonlyMap<string, string>;
};

export type KodiList = {
  readonly guideUrl: string;
  /** Attributes of the header that would change every channel. */
  readonly headerShift: string;
  readonly headerCatchup: string;
  readonly channels: readonly KodiChannel[];
};

/** Every attribute is looked for anywhere in the text; a quoted value has no escape. */
export function markerValue(text: string, marker: string): string {
  const found = text.indexOf(marker);
  if (found < 0) return '';
  const start = found + marker.length;
  if (start >= text.length) return '';
  if (marker === '#EXTGRP:' && text[start] !== '"') return text.slice(start);
  const quoted = text[start] === '"';
  const from = quoted ? start + 1 : start;
  const end = text.indexOf(quoted ? '"' : ' ', from);
  return text.slice(from, end < 0 ? text.length : end);
}

type Info = Omit<KodiChannel, 'url' | 'groups' | 'properties' | 'isMedia'> & {
  readonly groupNames: string;
};

const NOTHING: Info = {
  name: '',
  number: '',
  logo: '',
  guideId: '',
  guideName: '',
  isRadio: false,
  hasCatchup: false,
  guideShift: '',
  provider: '',
  groupNames: '',
};

/** The name stands after the last quote of the line, or else after the last comma. */
function readInfo(line: string): Info {
  const colon = line.indexOf(':');
  let comma = line.lastIndexOf(',');
  const lastQuote = line.lastIndexOf('"');
  const afterQuote = line.slice(lastQuote + 1);
  if (lastQuote >= 0 && /^[ \t\r\n]*,/.test(afterQuote)) {
    comma = lastQuote + 1 + afterQuote.indexOf(',');
  }
  if (colon < 0 || comma < 0 || comma <= colon) return NOTHING;
  const info = line.slice(colon + 1, comma);
  const value = (marker: string): string => markerValue(info, marker);
  const catchup = value('catchup=') || value('catchup-type=');
  const days = Number.parseInt(value('timeshift=') || value('tvg-rec='), 10) || 0;
  return {
    name: line.slice(comma + 1).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''),
    number: value('tvg-chno=') || value('ch-number='),
    logo: value('tvg-logo='),
    // Without an id all channels share the number at the start of the line.
    guideId: value('tvg-id=') || value('tvg-ID=') || String(Number.parseInt(info, 10) || 0),
    guideName: value('tvg-name='),
    isRadio: value('radio=').toLowerCase() === 'true',
    hasCatchup: catchup !== '' || days > 0 || value('catchup-source=') !== '',
    guideShift: value('tvg-shift=') + value('catchup-correction='),
    provider: value('provider='),
    groupNames: value('group-title='),
  };
}

function splitGroups(names: string): string[] {
  return names === '' ? [] : names.split(';').filter((name) => name !== '');
}

const VLC_OPTIONS: ReadonlySet<string> = new Set([
  'http-user-agent',
  'http-referrer',
  'program',
  'http-reconnect',
]);

/** Properties that options may set; an unknown one of VLC is dropped. */
function readProperty(line: string): readonly [string, string] | undefined {
  const marker = ['#KODIPROP:', '#EXTVLCOPT:', '#EXTVLCOPT--'].find((m) => line.startsWith(m));
  if (marker === undefined) return undefined;
  const [written = '', ...rest] = markerValue(line, marker).split('=');
  const key = written.toLowerCase();
  const isKnown = marker === '#KODIPROP:' || VLC_OPTIONS.has(key);
  return rest.length === 0 || !isKnown ? undefined : [key, rest.join('=')];
}

export function readAsKodi(text: string): KodiList {
  const list = { guideUrl: '', headerShift: '', headerCatchup: '' };
  const channels: KodiChannel[] = [];
  let info = NOTHING;
  let groups: string[] = [];
  let isMedia = false;
  let properties = new Map<string, string>();
  let first = true;
  for (const raw of text.split('\n')) {
    let line = raw.replace(/[ \t\r\n]+$/, '').replace(/^[ \t]+/, '');
    if (line === '') continue;
    if (first) {
      first = false;
      line = line.replace(/^\ufeff/, '');
      if (line.startsWith('#EXTM3U')) {
        list.headerShift =
          markerValue(line, 'tvg-shift=') + markerValue(line, 'catchup-correction=');
        list.headerCatchup =
          markerValue(line, 'catchup=') +
          markerValue(line, 'catchup-type=') +
          markerValue(line, 'catchup-days=') +
          markerValue(line, 'catchup-source=');
        const url = markerValue(line, 'x-tvg-url=') || markerValue(line, 'url-tvg=');
        list.guideUrl = url.split(',')[0] as string;
        continue;
      }
    }
    const property = readProperty(line);
    if (line.startsWith('#EXTINF')) {
      isMedia = ['media=', 'media-dir=', 'media-size='].some((marker) => line.includes(marker));
      info = readInfo(line);
      groups = splitGroups(info.groupNames);
    } else if (property !== undefined) {
      properties.set(property[0], property[1]);
    } else if (line.startsWith('#EXTGRP:')) {
      groups.push(...splitGroups(markerValue(line, '#EXTGRP:')));
    } else if (line.startsWith('#EXT-X-PLAYLIST-TYPE:')) {
      if (markerValue(line, '#EXT-X-PLAYLIST-TYPE:') === 'VOD') isMedia = true;
    } else if (!line.startsWith('#')) {
      const { groupNames: _, ...rest } = info;
      channels.push({ ...rest, url: line, groups, isMedia, properties });
      info = NOTHING;
      groups = [];
      isMedia = false;
      properties = new Map();
    }
  }
  return { ...list, channels };
}

/** Where Kodi splits its own request options off a stream URL. */
export function kodiStreamOptions(url: string): string {
  const bar = url.indexOf('|');
  return bar < 0 ? '' : url.slice(bar + 1);
}
