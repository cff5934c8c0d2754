// This file makes channels of the entries of an operator's line-up.
import type { ChannelConfig, ChannelMode, UrlSource } from '../config/config.ts';
import type { ParsedM3uEntry } from '../media/m3u/list.ts';
import { createProblemLog, type Problems } from '../media/m3u/problems.ts';
import { plainText } from '../media/m3u/safe-text.ts';
import { assignIds, idFromName } from './channel-id.ts';
import { sourceHeaders } from './source-headers.ts';

export type ImportOptions = {
  /** Ids of channels that do not come from this list; those of its last import are not among them. */
  readonly taken: ReadonlySet<string>;
  /** The address of the list, which relative URLs in it are relative to. */
  readonly baseUrl?: string;
  readonly mode?: ChannelMode;
};

export type ImportProblem = 'bad-url' | 'scheme' | 'duplicate-url' | 'header-refused';

export type Imported = {
  /** In the order of the list. */
  readonly channels: readonly ChannelConfig[];
  readonly problems: Problems<ImportProblem>;
};

/** As for channels in the configuration file. */
const MAX_TEXT_CHARS = 200;
const MAX_NUMBER = 99_999;

/** Every http(s) URL becomes a channel, whether it looks like HLS or not: the source will see. */
export function channelsFromM3u(
  entries: readonly ParsedM3uEntry[],
  options: ImportOptions,
): Imported {
  const problems = createProblemLog<ImportProblem>();
  const taken: { readonly entry: ParsedM3uEntry; readonly url: string }[] = [];
  const urls = new Set<string>();
  for (const entry of entries) {
    const url = readUrl(entry, options.baseUrl, problems.add);
    if (url === undefined) continue;
    if (urls.has(url)) {
      problems.add(entry.line, 'duplicate-url', 'The URL of an entry before, which is kept');
      continue;
    }
    urls.add(url);
    taken.push({ entry, url });
  }
  const wanted = taken.map(({ entry, url }) => ({ id: wantedId(entry), key: url }));
  const ids = assignIds(wanted, options.taken);
  const channels = taken.map(({ entry, url }, index) => {
    const { headers, refused } = sourceHeaders(entry.headers);
    for (const name of refused) {
      const message = `Request header "${plainText(name, 40)}" not allowed or not valid, left out`;
      problems.add(entry.line, 'header-refused', message);
    }
    return toChannel(entry, ids[index] as string, urlSource(url, headers), options.mode);
  });
  return { channels, problems: problems.all() };
}

type AddProblem = (line: number, reason: ImportProblem, message: string) => void;

function readUrl(
  entry: ParsedM3uEntry,
  baseUrl: string | undefined,
  add: AddProblem,
): string | undefined {
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

function wantedId(entry: ParsedM3uEntry): string {
  const guideId = plainText(entry.attributes.get('tvg-id') ?? '');
  return idFromName(NO_ID.test(guideId) ? plainText(entry.name) : guideId);
}

function toChannel(
  entry: ParsedM3uEntry,
  id: string,
  source: UrlSource,
  mode: ChannelMode = 'buffered',
): ChannelConfig {
  const { attributes } = entry;
  const number = readNumber(attributes);
  const group = plainText(entry.groups[0] ?? '', MAX_TEXT_CHARS);
  const logo = readLogo(attributes.get('tvg-logo') || attributes.get('logo') || '');
  const guide = plainText(attributes.get('tvg-id') ?? '', MAX_TEXT_CHARS);
  return {
    id,
    name: plainText(entry.name, MAX_TEXT_CHARS) || id,
    ...(number === undefined ? {} : { number }),
    ...(group === '' ? {} : { group }),
    ...(logo === undefined ? {} : { logo }),
    ...(NO_ID.test(guide) ? {} : { guide }),
    mode,
    sources: [source],
    keepWarm: false,
  };
}

function urlSource(url: string, headers: Readonly<Record<string, string>>): UrlSource {
  return { kind: 'url', url, headers, verifyTls: true, allowDowngrade: false, timeouts: {} };
}

function readNumber(attributes: ReadonlyMap<string, string>): number | undefined {
  const names = ['tvg-chno', 'ch-number', 'channel-number'];
  const text = names.map((name) => attributes.get(name) ?? '').find((value) => value !== '');
  if (text === undefined || !/^\d{1,5}(?:\.\d{1,3})?$/.test(text)) return undefined;
  const number = Number(text);
  return number >= 1 && number <= MAX_NUMBER ? number : undefined;
}

/** A picture inside the list (data:) or on the provider's disk is no use to a player. */
function readLogo(text: string): string | undefined {
  const url = text.length > 2048 ? null : URL.parse(text);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.href : undefined;
}
