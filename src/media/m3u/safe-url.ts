// This file makes URLs from anywhere safe to stand in a line-up.
import { withoutMarkersInUrl } from './marker.ts';

/** Longest URL written: twice what the longest signed CDN URLs take; see MAX_TEXT_CHARS for why. */
export const MAX_URL_CHARS = 4096;

/** A base that no answer can leave by accident: RFC 6761 §6.4 reserves `.invalid`. */
const NOWHERE = 'http://relative.invalid';

/** Names as DNS and compose files have them, or an IPv6 literal; WHATWG lets `=` and `,` through. */
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

/**
 * What may stand as it is. RFC 3986 §2.2 and §2.3, without the comma (VLC ends the attributes
 * there) and `#`; `|` starts Kodi's request headers and braces its catch-up specifiers.
 */
const UNSAFE = /[^A-Za-z0-9\-._~:/?@!$&'()*+;=%[\]]/g;

/**
 * The URL of a stream, or undefined where it is neither http(s) nor a path that starts with one
 * `/`. The fragment goes: it never reaches a server, and VLC searches it for HLS tags.
 */
export function safeUrl(url: string): string | undefined {
  if (url.length > MAX_URL_CHARS) return undefined;
  const relative = url.startsWith('/');
  const parsed = URL.parse(url, relative ? NOWHERE : undefined);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
  // `//host`, `/\host` and a tab between slashes all name another host once parsed.
  if (relative && (parsed.origin !== NOWHERE || parsed.username !== '')) return undefined;
  if (!HOST.test(parsed.hostname)) return undefined;
  parsed.hash = '';
  const written = relative ? parsed.pathname + parsed.search : parsed.href;
  if (relative && written.startsWith('//')) return undefined;
  const safe = written.replace(UNSAFE, (char) => encodeURIComponent(char));
  return safe.length > MAX_URL_CHARS ? undefined : safe;
}

/** The URL as the value of an attribute, where Kodi searches it for its own attributes. */
export function safeAttributeUrl(url: string): string | undefined {
  const safe = safeUrl(url);
  if (safe === undefined) return undefined;
  const unmarked = withoutMarkersInUrl(safe);
  return unmarked.length > MAX_URL_CHARS ? undefined : unmarked;
}
