// This file makes what we keep of one entry of an operator's line-up.
import type { ParsedM3uEntry } from '../../media/m3u/list.ts';
import type { Problem } from '../../media/m3u/problems.ts';
import { plainText } from '../../media/m3u/safe-text.ts';
import { sourceHeaders } from './source-headers.ts';

/** What is no live channel. */
export type EntryKind = 'film' | 'episode' | 'series';

/** Plain data: it is kept as JSON, and crosses threads. Whatever is empty is left out. */
export type ListEntry = {
  readonly kind?: EntryKind;
  readonly name: string;
  readonly group?: string;
  /** As the list has it, where a rule changed the one or the other. */
  readonly listed?: readonly [name: string, group: string];
  readonly number?: number;
  readonly logo?: string;
  readonly guide?: string;
  readonly url: string;
  /** Lower-case names of request headers that are harmless. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Everything else that was said of it: attributes, options of VLC and Kodi. */
  readonly kept?: Readonly<Record<string, string>>;
};

export type EntryProblem = 'bad-url' | 'scheme' | 'duplicate-url' | 'header-refused';
export type AddProblem = (line: number, reason: EntryProblem, message: string) => void;
export type EntryProblemRow = Problem<EntryProblem>;

/** As for channels in the configuration file. */
const MAX_TEXT_CHARS = 200;
const MAX_NUMBER = 99_999;
/** Of everything else: a licence or a URL template of catch-up fits. */
const MAX_KEPT_CHARS = 2048;

/** Every http(s) URL is taken, whether it looks like HLS or not: the source will see. */
export function readEntry(
  entry: ParsedM3uEntry,
  baseUrl: string | undefined,
  add: AddProblem,
): ListEntry | undefined {
  const url = readUrl(entry, baseUrl, add);
  if (url === undefined) return undefined;
  const { attributes } = entry;
  const name = plainText(entry.name, MAX_TEXT_CHARS);
  const guide = plainText(attributes.get('tvg-id') ?? '', MAX_TEXT_CHARS);
  const read: Record<string, unknown> & { name: string; url: string } = { name, url };
  const group = plainText(entry.groups[0] ?? '', MAX_TEXT_CHARS);
  if (group !== '') read['group'] = group;
  const number = readNumber(attributes);
  if (number !== undefined) read['number'] = number;
  const logo = readLogo(attributes.get('tvg-logo') || attributes.get('logo') || '');
  if (logo !== undefined) read['logo'] = logo;
  if (!NO_ID.test(guide)) read['guide'] = guide;
  if (entry.headers.size > 0) {
    const headers = readHeaders(entry, add);
    if (headers !== undefined) read['headers'] = headers;
  }
  const kept = readKept(entry);
  if (kept !== undefined) read['kept'] = kept;
  return read as ListEntry;
}

/** Nothing in it that a URL parser would write in another way: most addresses are such. */
const PLAIN_URL =
  /^https?:\/\/[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,63}(?::(?!80\/|443\/)[1-9]\d{1,4})?\/[\w/?=&~:@!$*+,;-]*(?:\.[\w/?=&~:@!$*+,;-]+)*$/;

function readUrl(
  entry: ParsedM3uEntry,
  baseUrl: string | undefined,
  add: AddProblem,
): string | undefined {
  if (PLAIN_URL.test(entry.url)) return entry.url;
  const url = URL.parse(entry.url, baseUrl);
  if (url === null) {
    add(entry.line, 'bad-url', 'Not a URL');
    return undefined;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const scheme = plainText(url.protocol, 40);
    add(entry.line, 'scheme', `A URL of the scheme ${scheme}, wanted http: or https:`);
    return undefined;
  }
  url.hash = '';
  return url.href;
}

/** What lists write where they have no id. */
const NO_ID = /^(?:|0|-1|none|null|undefined|unknown|n\/?a|-)$/i;

function readHeaders(
  entry: ParsedM3uEntry,
  add: AddProblem,
): Readonly<Record<string, string>> | undefined {
  const { headers, refused } = sourceHeaders(entry.headers);
  for (const name of refused) {
    const message = `Request header "${plainText(name, 40)}" not allowed or not valid, left out`;
    add(entry.line, 'header-refused', message);
  }
  return Object.keys(headers).length === 0 ? undefined : headers;
}

const NUMBER_NAMES = ['tvg-chno', 'ch-number', 'channel-number'];

function readNumber(attributes: ReadonlyMap<string, string>): number | undefined {
  for (const name of NUMBER_NAMES) {
    const text = attributes.get(name) ?? '';
    if (text === '') continue;
    const number = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
    return number >= 1 && number <= MAX_NUMBER ? number : undefined;
  }
  return undefined;
}

/** A picture inside the list (data:) or on the provider's disk is no use to a player. */
export function readLogo(text: string): string | undefined {
  if (text === '' || text.length > 2048) return undefined;
  if (PLAIN_URL.test(text)) return text;
  const url = URL.parse(text);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.href : undefined;
}

/** What has a place of its own above. */
const TAKEN: ReadonlySet<string> = new Set([
  'tvg-id',
  'tvg-logo',
  'logo',
  'group-title',
  ...NUMBER_NAMES,
]);

function readKept(entry: ParsedM3uEntry): Readonly<Record<string, string>> | undefined {
  let kept: Record<string, string> | undefined;
  const keep = (name: string, value: string) => {
    if (value === '' || value.length > MAX_KEPT_CHARS) return;
    kept ??= Object.create(null) as Record<string, string>;
    kept[name] = value;
  };
  for (const [name, value] of entry.attributes) {
    if (TAKEN.has(name) || (name === 'tvg-name' && value === entry.name)) continue;
    keep(name, value);
  }
  for (const [name, value] of entry.properties) keep(`kodi:${name}`, value);
  for (const [name, value] of entry.options) keep(`vlc:${name}`, value);
  if (entry.groups.length > 1) keep('groups', entry.groups.slice(1).join(';'));
  if (entry.duration !== undefined && entry.duration > 0) keep('duration', `${entry.duration}`);
  return kept;
}
