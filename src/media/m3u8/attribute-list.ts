// This file reads and writes attribute lists.
import { normaliseAttribute } from './attribute-kind.ts';
import { type Scope, substitute } from './define.ts';
import type { Attributes, AttributeValue } from './playlist.ts';
import { playlistError } from './playlist-error.ts';

/** Most attributes of a tag. The fullest STREAM-INF of the drafts has 18; DATERANGE adds own X-. */
export const MAX_ATTRIBUTES = 64;

export type AttributeMap = Map<string, AttributeValue>;

/** RFC 8216 §4.2: [A-Z0-9-]; lower case, underscore and point are met in X- names. */
const NAME = /^[\w.-]+$/;

/**
 * What may stand behind a closing quote: the end, a comma, or the next name where the comma was
 * forgotten. Any other quote is part of the value, as in NAME="the "best" of".
 */
const AFTER_QUOTE = /\s*(?:,|$|[A-Z][A-Z0-9-]*=)/y;

/** RFC 8216 §4.2, and what is met: space around commas, quotes forgotten or too many. */
export function parseAttributeList(text: string, scope: Scope, line: number): AttributeMap {
  const attributes: AttributeMap = new Map();
  // Once no quote closes, none further on does: to look again would make the walk quadratic.
  let mayClose = true;
  let count = 0;
  let position = 0;
  for (;;) {
    const equals = text.indexOf('=', position);
    if (equals < 0) return attributes;
    const name = nameBefore(text, position, equals);
    const start = skipSpace(text, equals + 1);
    const opened = text.charCodeAt(start) === QUOTE;
    const close = opened && mayClose ? closingQuote(text, start + 1) : -1;
    if (opened && close < 0) mayClose = false;
    const end = close < 0 ? endOfBare(text, start) : close;
    const value = text.slice(opened ? start + 1 : start, end);
    position = close < 0 ? end : end + 1;
    if (!NAME.test(name)) continue;
    if (++count > MAX_ATTRIBUTES) throw tooMany(line);
    const isQuoted = close >= 0;
    const replaced = substitute(isQuoted ? value : value.trim(), scope, line);
    // Nothing behind the equals sign says nothing; "" says that the value is empty.
    if (replaced === '' && !isQuoted) continue;
    attributes.set(name, normaliseAttribute(name, replaced, isQuoted));
  }
}

const QUOTE = 0x22;

/** The name ends at the equals sign; anything before the last comma is junk. */
function nameBefore(text: string, position: number, equals: number): string {
  const behind = text.slice(position, equals);
  return behind.slice(behind.lastIndexOf(',') + 1).trim();
}

function skipSpace(text: string, position: number): number {
  let at = position;
  while (text.charCodeAt(at) === 0x20) at++;
  return at;
}

function endOfBare(text: string, start: number): number {
  const comma = text.indexOf(',', start);
  return comma < 0 ? text.length : comma;
}

function closingQuote(text: string, start: number): number {
  let quote = text.indexOf('"', start);
  while (quote >= 0) {
    AFTER_QUOTE.lastIndex = quote + 1;
    if (AFTER_QUOTE.test(text)) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return -1;
}

function tooMany(line: number): Error {
  const message = `Cannot parse the tag: it has too many attributes, wanted ${MAX_ATTRIBUTES}`;
  return playlistError(line, 'RFC 8216 §4.2', message);
}

export function formatAttributeList(attributes: Attributes): string {
  let text = '';
  for (const [name, attribute] of attributes) {
    const { value, quoted } = normaliseAttribute(
      name,
      withoutControls(attribute.value),
      attribute.quoted,
    );
    text += `${text === '' ? '' : ','}${name}=${quoted ? `"${value}"` : value}`;
  }
  return text;
}

/** A line end or control character in a value would end the tag, or start one of its own. */
export function withoutControls(text: string): string {
  return CONTROLS.test(text) ? text.replace(ALL_CONTROLS, '') : text;
}

const CONTROLS = /[\0-\x1f\x7f-\x9f]/;
const ALL_CONTROLS = /[\0-\x1f\x7f-\x9f]/g;

/**
 * Puts what the typed fields say into the list: a field decides over the attribute of its name,
 * present or absent, and every other attribute stays as it was.
 */
export function setFields(
  attributes: AttributeMap,
  fields: readonly (readonly [name: string, value: AttributeValue | undefined])[],
): AttributeMap {
  for (const [name, value] of fields) {
    if (value === undefined) attributes.delete(name);
    else attributes.set(name, value);
  }
  return attributes;
}
