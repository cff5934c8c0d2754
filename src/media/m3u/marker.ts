// This file knows the words that Kodi looks for anywhere in a line, quoted or not.

/**
 * Kodi's IPTV Simple client finds an attribute by searching the line for its name and `=`, so
 * `media=` in a logo's query makes the channel a file, and `radio=` makes it radio. The list is
 * that client's, with families (`tvg-…`, `catchup-…`) whole, so that a new member is covered.
 */
const MARKER =
  /(url-tvg|tvg-[a-z]+|ch-number|group-title|catchup(?:-[a-z]+)?|timeshift|provider(?:-[a-z]+)?|media(?:-[a-z]+)?|realtime|radio)=/gi;

/** In text meant for people the `=` becomes a colon. */
export function withoutMarkers(text: string): string {
  return text.includes('=') ? text.replace(MARKER, '$1:') : text;
}

/**
 * In a URL the last letter before the `=` is percent-encoded.
 * RFC 3986 §6.2.2.2: a letter and its percent-encoding are the same URI.
 */
export function withoutMarkersInUrl(url: string): string {
  if (!url.includes('=')) return url;
  return url.replace(MARKER, (_, word: string) => {
    const last = word
      .charCodeAt(word.length - 1)
      .toString(16)
      .toUpperCase();
    return `${word.slice(0, -1)}%${last}=`;
  });
}
