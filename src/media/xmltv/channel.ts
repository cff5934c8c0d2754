// This file reads and writes what a guide says of a channel.
import { element, emptyElement, textElement } from './markup.ts';
import type { GuideChannel, Text } from './programme.ts';
import { attributeOf, childrenOf, type Node, parseElement, textOf } from './tree.ts';

/** Names of one channel: guides that list its past and foreign ones come to a dozen. */
const MAX_NAMES = 32;
/** Most elements have none of most things: a guide has hundreds of thousands of them. */
const NO_TEXTS: readonly Text[] = [];
const NO_ICONS: readonly string[] = [];

/** Undefined where it has no id, or is no well-formed element. */
export function parseGuideChannel(slice: string): GuideChannel | undefined {
  const node = parseElement('channel', slice);
  const id = node === undefined ? undefined : attributeOf(node, 'id');
  if (node === undefined || id === undefined) return undefined;
  return {
    id,
    names: texts(node, 'display-name').slice(0, MAX_NAMES),
    icons: iconsOf(node),
    urls: childrenOf(node, 'url').map(textOf).filter(isHttp),
  };
}

export function writeGuideChannel({ id, names, icons, urls }: GuideChannel): string {
  const inner = [
    ...names.map((name) => textElement('display-name', name)),
    ...icons.map((src) => emptyElement('icon', { src })),
    ...urls.map((text) => textElement('url', { text })),
  ];
  return element('channel', { id }, inner);
}

/** The texts of the elements of that name that say anything. */
export function texts(node: Node, name: string): readonly Text[] {
  const found = childrenOf(node, name);
  if (found.length === 0) return NO_TEXTS;
  const said: Text[] = [];
  for (const child of found) {
    const text = textOf(child);
    if (text === '') continue;
    const lang = attributeOf(child, 'lang');
    said.push(lang === undefined ? { text } : { text, lang });
  }
  return said;
}

export function iconsOf(node: Node): readonly string[] {
  const found = childrenOf(node, 'icon');
  if (found.length === 0) return NO_ICONS;
  return found.flatMap((icon) => {
    const src = attributeOf(icon, 'src');
    return src !== undefined && isHttp(src) ? [src] : [];
  });
}

/** Nothing else is passed on: players open what they are given. */
export function isHttp(url: string): boolean {
  return /^https?:\/\/[^\s"<>]+$/i.test(url);
}
