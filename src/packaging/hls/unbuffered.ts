// This file rewrites the URIs of an upstream playlist and leaves everything else as it is.

export type UriKind = 'playlist' | 'body';

/** A playlist whose tags have this many characters in a line is no playlist. */
const LINE_MAX = 64 * 1024;

/**
 * Every URI line and every URI attribute becomes what `rewrite` makes of it; tags that we do not
 * know stay, as a player may know them. Absolute URIs come in, whatever goes out.
 */
export function rewriteUris(
  text: string,
  base: string,
  rewrite: (url: string, kind: UriKind) => string,
): string {
  const isMultivariant = /^#EXT-X-(?:STREAM-INF|MEDIA|I-FRAME-STREAM-INF):/m.test(text);
  const kind: UriKind = isMultivariant ? 'playlist' : 'body';
  const absolute = (uri: string): string | undefined => {
    const url = URL.parse(uri.trim(), base);
    return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.href : undefined;
  };
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  return lines
    .map((line) => {
      if (line.length > LINE_MAX || line.trim() === '') return '';
      if (!line.startsWith('#')) {
        const url = absolute(line);
        return url === undefined ? '' : rewrite(url, kind);
      }
      const tagKind: UriKind = /^#EXT-X-(?:SESSION-)?KEY:/.test(line) ? 'body' : kind;
      return line.replace(/\bURI="([^"]*)"/g, (whole, uri: string) => {
        const url = absolute(uri);
        return url === undefined ? whole : `URI="${rewrite(url, tagKind)}"`;
      });
    })
    .join('\n');
}
