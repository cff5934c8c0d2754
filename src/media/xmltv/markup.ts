// This file writes the markup of a guide.
import type { Text } from './programme.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

// XML 1.0 §2.2: what is no Char cannot be written, not even escaped
const UNSAFE = /[&<>"\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const ALL_UNSAFE = new RegExp(UNSAFE, 'g');

export function escapeMarkup(text: string): string {
  return UNSAFE.test(text) ? text.replace(ALL_UNSAFE, (char) => ESCAPES[char] ?? '') : text;
}

const ESCAPED = new Map(Object.entries(ESCAPES).map(([char, written]) => [written, char]));

/** Of what `escapeMarkup` wrote: other entities stay as they are. */
export function unescapeMarkup(written: string): string {
  if (!written.includes('&')) return written;
  return written.replace(/&\w+;/g, (entity) => ESCAPED.get(entity) ?? entity);
}

// XML 1.0 §3.3.3: these would be read as blanks; other spaces belong to an id as line-ups have it
const UNSAFE_IN_ATTRIBUTE = new RegExp(`[\\t\\n\\r]|${UNSAFE.source}`);

/** With a blank before it, as it stands in a tag; nothing where it has no value. */
export function attribute(name: string, value: string | undefined): string {
  if (value === undefined) return '';
  // Most hold nothing of the kind: a guide has millions of them
  if (!UNSAFE_IN_ATTRIBUTE.test(value)) return ` ${name}="${value}"`;
  return ` ${name}="${escapeMarkup(value).replace(/[\t\n\r]+/g, ' ')}"`;
}

/** `attributes` as `attribute` writes them. */
export function emptyElement(name: string, attributes = ''): string {
  return `<${name}${attributes}/>`;
}

export function textElement(name: string, { text, lang }: Text, attributes = ''): string {
  return `<${name}${attributes}${attribute('lang', lang)}>${escapeMarkup(text)}</${name}>`;
}

/** `inner` is written markup. */
export function element(name: string, attributes: string, inner: string): string {
  return inner === '' ? emptyElement(name, attributes) : `<${name}${attributes}>${inner}</${name}>`;
}
