// This file writes the one line-up that Kodi, Jellyfin, VLC and mpv all read alike.
import { catchupAttributes, safeCatchup } from './catchup.ts';
import type { M3uEntry, M3uLineUp, StreamForm } from './entry.ts';
import { safeGroup, safeText, titleOf } from './safe-text.ts';
import { safeAttributeUrl, safeUrl } from './safe-url.ts';

/** Anything longer is no number one types on a remote, and Kodi reads it as an int. */
const MAX_NUMBER = 999_999;

/**
 * `default` is for everybody; `kodi` has lines that Kodi alone knows besides; `vlc` has only what
 * VLC makes something of.
 */
export type M3uDialect = 'default' | 'kodi' | 'vlc';

/**
 * UTF-8 without BOM, LF, no line that starts `#EXT-X-` (mpv would take the list for HLS). An entry
 * whose URL no player may be given is left out.
 */
export function formatM3u(lineUp: M3uLineUp, dialect: M3uDialect = 'default'): string {
  return [...m3uParts(lineUp, dialect)].join('');
}

/** The same a part at a time, for lists that are long. */
export function* m3uParts(
  { guideUrl, entries }: Omit<M3uLineUp, 'entries'> & { readonly entries: Iterable<M3uEntry> },
  dialect: M3uDialect = 'default',
): Generator<string> {
  yield `${formatHeader(dialect === 'vlc' ? undefined : guideUrl)}\n`;
  for (const entry of entries) {
    const safe = safeEntry(entry);
    if (safe === undefined) continue;
    yield `${formatInfo(safe, dialect)}\n${linesFor(safe, dialect)}${safe.url}\n`;
  }
}

/** What only one player knows, between an entry and its address. */
function linesFor({ form, vlcOptions = {} }: M3uEntry, dialect: M3uDialect): string {
  if (dialect === 'kodi') return form === undefined ? '' : `${KODI_TYPES[form]}\n`;
  if (dialect !== 'vlc') return '';
  const options = Object.entries(vlcOptions).filter(isSafeOption);
  return options.map(([name, value]) => `#EXTVLCOPT:${name}=${value}\n`).join('');
}

/** Nothing that ends the line, or that any player could read as another tag or marker. */
function isSafeOption([name, value]: readonly [string, string]): boolean {
  return /^[a-z][a-z0-9-]{0,39}$/.test(name) && /^[A-Za-z0-9][A-Za-z0-9:.,+-]{0,63}$/.test(value);
}

/** Names and addresses alone, for boxes that stop at attributes. */
export function* plainM3uParts(entries: Iterable<M3uEntry>): Generator<string> {
  yield '#EXTM3U\n';
  for (const entry of entries) {
    const safe = safeEntry(entry);
    if (safe !== undefined) yield `#EXTINF:-1,${titleOf(safe.name)}\n${safe.url}\n`;
  }
}

/** Without it Kodi opens whatever does not end in .m3u8 twice: once to see what it is. */
const KODI_TYPES: Readonly<Record<StreamForm, string>> = {
  hls: '#KODIPROP:mimetype=application/vnd.apple.mpegurl',
  ts: '#KODIPROP:mimetype=video/mp2t',
};

/** The entry as every player will read it, or undefined where its URL cannot be written. */
export function safeEntry(entry: M3uEntry): M3uEntry | undefined {
  const url = safeUrl(entry.url);
  if (url === undefined) return undefined;
  const id = safeText(entry.id) || 'channel';
  const group = safeGroup(entry.group ?? '');
  const logo = entry.logo === undefined ? undefined : safeAttributeUrl(entry.logo);
  const number = safeNumber(entry.number);
  const catchup = entry.catchup === undefined ? undefined : safeCatchup(entry.catchup);
  return {
    id,
    name: safeText(entry.name) || id,
    ...(number === undefined ? {} : { number }),
    ...(group === '' ? {} : { group }),
    ...(logo === undefined ? {} : { logo }),
    guideId: safeText(entry.guideId ?? '') || id,
    ...(entry.vlcOptions === undefined ? {} : { vlcOptions: entry.vlcOptions }),
    url,
    ...(entry.form === undefined ? {} : { form: entry.form }),
    ...(catchup === undefined ? {} : { catchup }),
  };
}

/**
 * mpv knows a list without a MIME type only by a first line of exactly `#EXTM3U`; Kodi tries
 * x-tvg-url first, then url-tvg, and an empty one is worse than none.
 */
function formatHeader(guideUrl: string | undefined): string {
  const url = guideUrl === undefined ? undefined : safeAttributeUrl(guideUrl);
  return url === undefined ? '#EXTM3U' : `#EXTM3U x-tvg-url="${url}" url-tvg="${url}"`;
}

/** Attributes are quoted and never empty: Jellyfin reads no others, VLC keeps the bare quotes. */
function formatInfo(entry: M3uEntry, dialect: M3uDialect): string {
  const isAll = dialect !== 'vlc';
  const attributes = [`tvg-id="${entry.guideId}"`];
  if (isAll && entry.number !== undefined) attributes.push(`tvg-chno="${entry.number}"`);
  attributes.push(`tvg-name="${entry.name}"`);
  if (entry.logo !== undefined) attributes.push(`tvg-logo="${entry.logo}"`);
  if (entry.group !== undefined) attributes.push(`group-title="${entry.group}"`);
  if (isAll && entry.catchup !== undefined) attributes.push(...catchupAttributes(entry.catchup));
  return `#EXTINF:-1 ${attributes.join(' ')},${titleOf(entry.name)}`;
}

function safeNumber(number: number | undefined): number | undefined {
  if (number === undefined || !(number >= 1 && number <= MAX_NUMBER)) return undefined;
  return Math.round(number * 1000) / 1000;
}
