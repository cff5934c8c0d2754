// This file splits the line that names a stream from the request headers hung on it.

export type Location = {
  readonly url: string;
  /** Lower-case header name → value, decoded; nothing about them has been checked. */
  readonly headers: ReadonlyMap<string, string>;
};

/** Most headers read from one line; Kodi's own lists give one to four. */
const MAX_HEADERS = 16;

const NONE: ReadonlyMap<string, string> = new Map();

/** Kodi's form: `http://…/x.ts|user-agent=<url-encoded>&referer=<url-encoded>`. */
export function parseLocation(line: string): Location {
  const bar = line.indexOf('|');
  if (bar < 0) return { url: line, headers: NONE };
  return { url: line.slice(0, bar).trim(), headers: parseHeaderOptions(line.slice(bar + 1)) };
}

/** `name=value&name=value`, as after `|` and in `inputstream.adaptive.stream_headers`. */
export function parseHeaderOptions(text: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const part of text.split('&', MAX_HEADERS)) {
    const equals = part.indexOf('=');
    if (equals <= 0) continue;
    const name = headerName(part.slice(0, equals).trim());
    if (!headers.has(name)) headers.set(name, decode(part.slice(equals + 1).trim()));
  }
  return headers;
}

/** The name a header has in HTTP, whatever a player calls it. */
export function headerName(name: string): string {
  const bare = name.toLowerCase().replace(/^http-/, '');
  return bare === 'referrer' ? 'referer' : bare;
}

/** A value that was never encoded (a bare `%` in it) stays as it is. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}
