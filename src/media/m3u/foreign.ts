// This file recognises what is handed in as a line-up and is something else.
import { FormatError } from '../../base/errors.ts';

/** How a document that is no M3U begins, and what to call it. */
const BEGINNINGS: readonly { readonly begins: RegExp; readonly is: string }[] = [
  { begins: /^<(?:!doctype html|html|head|body)/i, is: 'an HTML page' },
  { begins: /^<(?:\?xml|!doctype|tv\b)/i, is: 'an XML document' },
  { begins: /^</, is: 'a page of markup' },
  { begins: /^\[playlist\]/i, is: 'a PLS list' },
  { begins: /^[{[]/, is: 'JSON' },
  { begins: /^\u001f(?:\u008b|\ufffd)/, is: 'gzip data' },
  { begins: /^PK\u0003\u0004/, is: 'a ZIP archive' },
];

/** The first line that is not blank, or the start of it. */
export function rejectForeign(line: string, lineNumber: number): void {
  const foreign = BEGINNINGS.find((row) => row.begins.test(line));
  if (foreign !== undefined) throw notM3u(lineNumber, foreign.is);
}

// RFC 8216 §4.3.3.1, §4.3.3.2: only a media playlist has these
const MEDIA_TAG = /^#EXT-X-(?:TARGETDURATION|MEDIA-SEQUENCE):/i;
// RFC 8216 §4.3.4.2, §4.3.4.3: only a multivariant playlist has these
const MULTIVARIANT_TAG = /^#EXT-X-(?:I-FRAME-)?STREAM-INF:/i;

/** What kind of HLS playlist only has this tag, if any. */
export function hlsKind(tag: string): string | undefined {
  if (MEDIA_TAG.test(tag)) return 'an HLS media playlist (one channel, not a list of channels)';
  if (MULTIVARIANT_TAG.test(tag)) {
    return 'an HLS multivariant playlist (one channel, not a list of channels)';
  }
  return undefined;
}

export function notM3u(lineNumber: number, is: string): FormatError {
  const message = `Cannot read line-up: it is ${is}, wanted an M3U list`;
  return new FormatError('m3u', lineNumber, message, 'M3U');
}
