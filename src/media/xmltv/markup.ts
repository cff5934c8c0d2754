// This file writes the markup of a guide.
import type { Text } from './programme.ts';

type Attributes = Readonly<Record<string, string | undefined>>;

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

function tag(name: string, attributes: Attributes): string {
  let text = `<${name}`;
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) text += ` ${key}="${oneLine(escapeMarkup(value))}"`;
  }
  return text;
}

// XML 1.0 §3.3.3: these would be read as blanks; other spaces belong to an id as line-ups have it
function oneLine(value: string): string {
  return /[\t\n\r]/.test(value) ? value.replace(/[\t\n\r]+/g, ' ') : value;
}

export function emptyElement(name: string, attributes: Attributes = {}): string {
  return `${tag(name, attributes)}/>`;
}

export function textElement(
  name: string,
  { text, lang }: Text,
  attributes: Attributes = {},
): string {
  const all = lang === undefined ? attributes : { ...attributes, lang };
  return `${tag(name, all)}>${escapeMarkup(text)}</${name}>`;
}

export function element(name: string, attributes: Attributes, inner: readonly string[]): string {
  if (inner.length === 0) return emptyElement(name, attributes);
  return `${tag(name, attributes)}>${inner.join('')}</${name}>`;
}
