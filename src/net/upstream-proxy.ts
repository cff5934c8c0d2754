// This file reads the proxy a source is reached through.
import { NetError } from './errors.ts';

export type UpstreamProxy = {
  readonly kind: 'http' | 'https' | 'socks5';
  readonly host: string;
  readonly port: number;
  /** Decoded; sent to the proxy only. */
  readonly username: string;
  readonly password: string;
  /**
   * Who turns a target's name into an address. `socks5://` asks for one we have checked, so nobody
   * can answer differently behind our back. HTTP proxies and `socks5h://` are told the name, as
   * users of such proxies expect (the CDN node near the proxy, names only it knows): there the
   * address guard can refuse what it sees itself, but what the proxy dials is the proxy's word.
   */
  readonly resolves: 'here' | 'there';
  /** As given, with the credentials: a key and an argument, never a message. */
  readonly url: string;
};

const KINDS: Readonly<Record<string, Pick<UpstreamProxy, 'kind' | 'resolves'> & { port: number }>> =
  {
    'http:': { kind: 'http', resolves: 'there', port: 80 },
    'https:': { kind: 'https', resolves: 'there', port: 443 },
    // RFC 1928 §3: the conventional port; the h is curl's sign for "host names, too".
    'socks5:': { kind: 'socks5', resolves: 'here', port: 1080 },
    'socks5h:': { kind: 'socks5', resolves: 'there', port: 1080 },
  };

/** The proxy itself is the operator's word and may be private: it is not checked by the guard. */
export function parseUpstreamProxy(text: string): UpstreamProxy {
  const url = URL.parse(text);
  const row = url === null ? undefined : KINDS[url.protocol];
  if (url === null || row === undefined || url.hostname === '') {
    const wanted = 'wanted http://, https://, socks5:// or socks5h:// with a host';
    throw new NetError('NET_PROXY', `Cannot use proxy: not a proxy URL, ${wanted}`);
  }
  return {
    kind: row.kind,
    resolves: row.resolves,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? row.port : Number(url.port),
    username: decode(url.username),
    password: decode(url.password),
    url: text,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
