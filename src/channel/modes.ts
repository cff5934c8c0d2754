// This file says in which modes a channel may be had, by what they would tell of its source.
import type { ChannelConfig, ChannelMode, UrlSource } from '../config/config.ts';

/** The source that the unbuffered modes pass on; undefined where none is a playlist upstream. */
export function urlSourceOf({ sources }: ChannelConfig): UrlSource | undefined {
  return sources.find((source) => source.kind === 'url');
}

/**
 * Redirect tells the viewer the address of the source, host those of its segments. That is for
 * whoever runs weir to choose, by the channel's own `mode`, unless the address is no secret. The
 * other modes tell nothing.
 */
export function mayBeHad(channel: ChannelConfig, mode: ChannelMode): boolean {
  if (mode === 'buffered' || mode === 'proxy') return true;
  // Who is told the address of the source can read there what host would say
  if (channel.mode === mode || channel.mode === 'redirect') return true;
  const source = urlSourceOf(channel);
  return source === undefined || !isSecret(source);
}

/**
 * By its address alone, before anything is asked of it. What was told wrongly still plays: each of
 * the addresses in the mode proxy leads to what the source has.
 */
export function kindByAddress(url: string): 'list' | 'stream' | undefined {
  const pathname = URL.parse(url)?.pathname ?? '';
  if (/\.m3u8?$/i.test(pathname)) return 'list';
  return /\.(?:ts|m2ts|mts|mpegts)$/i.test(pathname) || XTREAM_STREAM_PATH.test(pathname)
    ? 'stream'
    : undefined;
}

/** Headers that tell who asks, not who may. */
const HARMLESS_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'origin',
  'referer',
  'user-agent',
]);

/** Xtream panels: /live/USER/PASSWORD/101.ts, also without the first part or the last extension. */
const XTREAM_PATH = /^(?:\/live)?\/[^/]+\/[^/]+\/\d+(?:\.\w{1,5})?$/;

/** The same, where the panel answers with a transport stream. */
const XTREAM_STREAM_PATH = /^(?:\/live)?\/[^/]+\/[^/]+\/\d+$/;

/** What the operator was given for himself: a credential, a way in, a number of connections. */
function isSecret({ url, headers, proxy, provider }: UrlSource): boolean {
  if (proxy !== undefined || provider !== undefined) return true;
  if (Object.keys(headers).some((name) => !HARMLESS_HEADERS.has(name))) return true;
  const { username, password, search, hash, pathname } = new URL(url);
  return username + password + search + hash !== '' || XTREAM_PATH.test(pathname);
}

/** The address without whoever it is fetched as: no viewer is ever told that. */
export function withoutUserinfo(url: string): string {
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '') return url;
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}
