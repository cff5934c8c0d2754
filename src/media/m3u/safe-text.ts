// This file makes text from anywhere safe to stand in a line-up.
import { withoutMarkers } from './marker.ts';

/**
 * Longest name, group or guide id, in UTF-16 units. A name stands twice on its line; with a group,
 * an id and a logo the line stays under the 8 KiB that old versions of mpv read at once.
 */
export const MAX_TEXT_CHARS = 256;

/** C0, DEL, C1 and the two Unicode line breaks: each ends a line for some player or language. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/**
 * Words with single spaces between, of nothing that any step below would change: most texts are
 * such, and a line-up of 20,000 is written while viewers wait.
 */
const PLAIN =
  /^[^\s\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufeff",;=#]+(?: [^\s\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufeff",;=#]+)*$/;

/** The same with signs that only the attributes of a line-up mind. */
const FLAT =
  /^[^\s\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufeff]+(?: [^\s\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufeff]+)*$/;

function isPlain(text: string, maxChars: number): boolean {
  return text.length <= maxChars && PLAIN.test(text);
}

/** The text on one line: controls become spaces, spaces single, lone surrogates U+FFFD. */
export function plainText(text: string, maxChars = MAX_TEXT_CHARS): string {
  if (text.length <= maxChars && FLAT.test(text)) return text;
  const flat = text.toWellFormed().replace(CONTROLS, ' ').replace(/ {2,}/g, ' ').trim();
  return cut(flat, maxChars);
}

/**
 * The text as the value of an attribute. None of the players knows an escape for `"`, and VLC ends
 * the attributes at the first comma of the line, so both are replaced by their look-alikes. VLC
 * takes a list for HLS when `#EXT-X-…` stands anywhere in its first KiB.
 */
export function safeText(text: string): string {
  if (isPlain(text, MAX_TEXT_CHARS)) return text;
  const flat = plainText(text, Number.POSITIVE_INFINITY)
    .replaceAll('"', "'")
    .replaceAll(',', '\u201a')
    .replace(/#+(?=EXT)/gi, '');
  return cut(withoutMarkers(flat), MAX_TEXT_CHARS);
}

/** The text as a group: Kodi reads `;` as the end of one group and the start of the next. */
export function safeGroup(text: string): string {
  return safeText(text.replaceAll(';', '/'));
}

/** The word at the start of a name that .NET would read as a number ("5", "84.", "-1e3", "NaN"). */
const LEADING_NUMBER = /^([.+-]*(?:[\d.,][\d.,e+-]*|nan|infinity|∞)) /i;

/**
 * A safe name as the title after the comma. VLC splits a title at " - " into artist and name, so
 * the hyphen becomes a dash. Jellyfin drops a leading numeric word up to the first space ("5 USA"
 * would be "USA"), so that space becomes a no-break space.
 */
export function titleOf(safeName: string): string {
  return safeName.replace(/ -(?= )/g, ' \u2013').replace(LEADING_NUMBER, '$1\u00a0');
}

/** At most `maxChars` units, without half a surrogate pair or a space at the end. */
function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? maxChars - 1 : maxChars).trimEnd();
}
