// This file makes URLs from anywhere safe to stand in a line-up.
import { withoutMarkersInUrl } from './marker.ts';

/** Longest URL written: twice what the longest signed CDN URLs take; see MAX_TEXT_CHARS for why. */
export const MAX_URL_CHARS = 4096;

/** A base that no answer can leave by accident: RFC 6761 §6.4 reserves `.invalid`. */
const NOWHERE = 'http://relative.invalid';

/**
 * A parsed URL without its fragment, which never reaches a server and which VLC searches for HLS
 * tags. Hosts are names as DNS and compose files have them or IPv6: the parser lets `=` through.
 */
const WRITABLE = /^https?:\/\/(?:[^/?#@]*@)?(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?\/[^#]*/;

/**
 * What may not stand as it is. RFC 3986 §2.2 and §2.3 let through all the others but the comma (VLC
 * ends the attributes there); `|` starts Kodi's request headers and braces its catch-up specifiers.
 */
const UNSAFE = /[^A-Za-z0-9\-._~:/?@!$&'()*+;=%[\]]/g;

/** 0 to 255, as it is written once parsed. */
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';

/**
 * URLs that no step below would change: most are our own, and a line-up of 20,000 is written while
 * viewers wait. Ports that go without saying are not among them, nor what is no segment of a path.
 */
const PLAIN = new RegExp(
  `^https?://(?:(?!xn--)[a-z][a-z0-9]*(?:[.-](?!xn--)[a-z][a-z0-9]*)*|${BYTE}(?:\\.${BYTE}){3})` +
    '(?::(?!80/|443/)[1-9]\\d{0,3})?(?:/(?:[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*)?)+' +
    '(?:\\?[A-Za-z0-9_&=.~-]*)?$',
);
const PLAIN_MAX_CHARS = 512;

/**
 * The URL of a stream, or undefined where it is neither http(s) nor a path that starts with one
 * `/`.
 */
export function safeUrl(url: string): string | undefined {
  if (url.length <= PLAIN_MAX_CHARS && PLAIN.test(url)) return url;
  if (url.length > MAX_URL_CHARS) return undefined;
  const relative = url.startsWith('/');
  const href = URL.parse(url, relative ? NOWHERE : undefined)?.href ?? '';
  let written = WRITABLE.exec(href)?.[0];
  if (written === undefined) return undefined;
  if (relative) {
    // `//host`, `/\host` and a tab between slashes all name another host once parsed.
    if (!written.startsWith(`${NOWHERE}/`)) return undefined;
    written = written.slice(NOWHERE.length);
    if (written.startsWith('//')) return undefined;
  }
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
