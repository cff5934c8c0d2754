// This file says what the URLs of one answer begin with.

export type Scheme = 'http' | 'https';

/** Longer than any name (253), a port and a path prefix that people use. */
const MAX_CHARS = 512;

/** DNS names, names of containers (with `_`), IPv4; or IPv6 in brackets. */
const NAME = /^(?:[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])$/i;
const FORM =
  /^(?:(https?):\/\/)?([a-z0-9._-]+|\[[^\]/]*\])(?::(\d{1,5}))?((?:\/[a-z0-9._~-]+)*)\/?$/i;

/**
 * `[scheme://]name[:port][/prefix]` as an absolute URL without a slash at its end; undefined where
 * it is anything else. A prefix has nothing in it that could end a line, a URL or an attribute.
 */
export function parseBaseUrl(text: string, scheme: Scheme = 'http'): string | undefined {
  const match = text.length > MAX_CHARS ? null : FORM.exec(text);
  if (match === null) return undefined;
  const [, written = scheme, name = '', port, prefix = ''] = match;
  if (!NAME.test(name) || name.includes('..') || /\/\.{1,2}(?=\/|$)/.test(prefix)) return undefined;
  if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535)) return undefined;
  // The parser refuses numbers that are no address (1.2.3.999) and writes the rest one way.
  const origin = URL.parse(`${written}://${name}${port === undefined ? '' : `:${port}`}`)?.origin;
  return origin === undefined ? undefined : `${origin}${prefix}`;
}

/**
 * Where this very request reached us, for a server that was not told its public address: public_url
 * if there is one, else the Host header, else nothing (''), which makes URLs relative. Undefined
 * where the header is none: RFC 9112 §3.2 wants 400 then.
 *
 * Whoever sends the header chooses what stands in the answer, so the answer is theirs alone: it
 * must not be stored by any cache under a key without the header.
 */
export function ownBaseUrl(
  publicUrl: string | undefined,
  hostHeader: string | null,
  scheme: Scheme = 'http',
): string | undefined {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  if (hostHeader === null || hostHeader === '') return '';
  // A header has neither a scheme nor a path.
  return hostHeader.includes('/') ? undefined : parseBaseUrl(hostHeader, scheme);
}
