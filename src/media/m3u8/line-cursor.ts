// This file reads a playlist line by line.
import { playlistError } from './playlist-error.ts';

/**
 * Longest line. The longest seen in the wild are DATERANGE tags with SCTE-35 messages and signed
 * URLs, a few KiB; AVPlayer and the CDNs before us give up far earlier.
 */
export const MAX_LINE_CHARS = 64 * 1024;

export type LineCursor = {
  readonly text: string;
  position: number;
  /** Number of the line read last, from 1. */
  line: number;
};

export function createLineCursor(text: string): LineCursor {
  return { text, position: 0, line: 0 };
}

/** The next line that is not blank, without the space around it. */
export function readLine(cursor: LineCursor): string | undefined {
  const { text } = cursor;
  while (cursor.position < text.length) {
    const newline = text.indexOf('\n', cursor.position);
    const end = newline < 0 ? text.length : newline;
    const start = cursor.position;
    cursor.position = end + 1;
    cursor.line++;
    if (end - start > MAX_LINE_CHARS) {
      const message = `Cannot parse the playlist: a line has ${end - start} characters`;
      throw playlistError(cursor.line, 'RFC 8216 §4.1', `${message}, wanted ${MAX_LINE_CHARS}`);
    }
    const line = sliceTrimmed(text, start, end);
    if (line !== '') return line;
  }
  return undefined;
}

/** As slice and trim, but most lines have nothing to trim and are sliced once. */
function sliceTrimmed(text: string, start: number, end: number): string {
  if (start === end) return '';
  const isPlain = isPlainChar(text.charCodeAt(start)) && isPlainChar(text.charCodeAt(end - 1));
  const line = text.slice(start, end);
  return isPlain ? line : line.trim();
}

/** Printable ASCII: certainly not what trim takes away. */
function isPlainChar(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}

/** Everything but LF that RFC 8216 §4.1 has no place for, CR and TAB among them. */
const UNUSUAL = /[\0-\x09\x0b-\x1f\x7f-\x9f]/;
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * The text with LF line ends, without byte order mark and control characters.
 *
 * RFC 8216 §4.1: lines end in LF or CRLF. Old Mac encoders send a lone CR. Control characters are
 * forbidden; players skip them, and none may reach a log or a playlist of ours.
 */
export function normaliseText(text: string): string {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (!UNUSUAL.test(body)) return body;
  return body.replace(/\r\n?/g, '\n').replaceAll('\t', ' ').replace(CONTROLS, '');
}
