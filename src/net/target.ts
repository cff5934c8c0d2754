// This file reads a URL into the parts that are dialled, sent and compared.
import { parseAddress } from './address.ts';
import { NetError } from './errors.ts';

/** Servers refuse request lines over 8 or 16 KiB; tokens seen in the wild stay below 4 KiB. */
const MAX_URL_CHARS = 16_384;

export type Target = {
  readonly scheme: 'http' | 'https';
  /** Lower-case ASCII name without a trailing dot, or an address without brackets. */
  readonly host: string;
  readonly isAddress: boolean;
  readonly port: number;
  /** Scheme, host and port: what credentials belong to, and all that an error may name. */
  readonly origin: string;
  /** What the Host header says: without the scheme's own port. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** The URL without a fragment; userinfo is kept, so that relative URIs inherit it. */
  readonly href: string;
  /** Userinfo of the URL as an Authorization header. */
  readonly authorization?: string;
};

export function parseTarget(text: string, base?: Target): Target {
  const url = text.length > MAX_URL_CHARS ? null : URL.parse(text, base?.href);
  if (url === null) throw new NetError('NET_URL', 'Cannot fetch: not a URL, wanted http or https');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const scheme = url.protocol.slice(0, 32);
    throw new NetError('NET_URL', `Cannot fetch: URL is ${scheme}, wanted http or https`);
  }
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  const bare = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const port = url.port === '' ? (scheme === 'http' ? 80 : 443) : Number(url.port);
  if (bare === '' || port === 0) {
    throw new NetError('NET_URL', 'Cannot fetch: URL has no host or port 0, wanted both');
  }
  const urlHost = bare.includes(':') ? `[${bare}]` : bare;
  const authority = url.port === '' ? urlHost : `${urlHost}:${url.port}`;
  url.hash = '';
  const authorization = basicAuthorization(url.username, url.password);
  return {
    scheme,
    host: bare,
    isAddress: parseAddress(bare) !== undefined,
    port,
    origin: `${scheme}://${authority}`,
    authority,
    path: url.pathname + url.search,
    href: url.href,
    ...(authorization === undefined ? {} : { authorization }),
  };
}

/** The same target with the userinfo of `from`, if it is the same origin and has none itself. */
export function inheritUserinfo(target: Target, from: Target): Target {
  if (target.authorization !== undefined || from.authorization === undefined) return target;
  if (target.origin !== from.origin) return target;
  const url = new URL(target.href);
  const giver = new URL(from.href);
  url.username = giver.username;
  url.password = giver.password;
  return { ...target, href: url.href, authorization: from.authorization };
}

// RFC 7617 §2: user-id ":" password, in base64; UTF-8 as in §2.1.
export function basicAuthorization(username: string, password: string): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${percentDecode(username)}:${percentDecode(password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
