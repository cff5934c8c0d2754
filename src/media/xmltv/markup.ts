// This file writes the markup of a guide.
import type { Text } from './programme.ts';

type Attributes = Readonly<Record<string, string | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

export function escapeMarkup(text: string): string {
  return /[&<>"]/.test(text) ? text.replace(/[&<>"]/g, (char) => ESCAPES[char] as string) : text;
}

function tag(name: string, attributes: Attributes): string {
  let text = `<${name}`;
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) text += ` ${key}="${oneLine(escapeMarkup(value))}"`;
  }
  return text;
}

// XML 1.0 §3.3.3: a line break in a value would be read as a blank
function oneLine(value: string): string {
  return /\s/.test(value) ? value.replace(/\s+/g, ' ') : value;
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
