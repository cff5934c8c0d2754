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
  for (const [key, value] of Object.entries(attributes)) {
    // XML 1.0 §3.3.3: a line break in a value would be read as a blank
    if (value !== undefined) text += ` ${key}="${escapeMarkup(value).replace(/\s+/g, ' ')}"`;
  }
  return text;
}

export function emptyElement(name: string, attributes: Attributes = {}): string {
  return `${tag(name, attributes)}/>`;
}

export function textElement(
  name: string,
  { text, lang }: Text,
  attributes: Attributes = {},
): string {
  return `${tag(name, { ...attributes, lang })}>${escapeMarkup(text)}</${name}>`;
}

export function element(name: string, attributes: Attributes, inner: readonly string[]): string {
  if (inner.length === 0) return emptyElement(name, attributes);
  return `${tag(name, attributes)}>${inner.join('')}</${name}>`;
}
