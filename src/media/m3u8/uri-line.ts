// This file reads and writes a URI that stands on a line of its own.
import { assert } from '../../base/assert.ts';
import { withoutControls } from './attribute-list.ts';
import { type Scope, substitute } from './define.ts';
import { playlistError } from './playlist-error.ts';

// RFC 8216 §4.1: a line that is neither blank nor begins with #
export function parseUriLine(text: string, scope: Scope, line: number): string {
  const uri = substitute(text, scope, line);
  if (uri === text) return text;
  const trimmed = uri.trim();
  if (trimmed !== '' && !trimmed.startsWith('#')) return trimmed;
  const message = 'Cannot parse a URI: its variables leave none of it, wanted a URI';
  throw playlistError(line, 'RFC 8216 §4.1', message);
}

/** Neither a line end nor a leading # may make a tag or comment of a URI. */
export function formatUriLine(uri: string): string {
  const line = withoutControls(uri).trim();
  assert(line !== '', 'a segment or variant has a URI');
  return line.startsWith('#') ? `%23${line.slice(1)}` : line;
}
