// This file reads and writes what a guide says of a channel.
import { attribute, element, emptyElement, textElement } from './markup.ts';
import type { GuideChannel, Text } from './programme.ts';
import { attributeOf, type Node, parseElement, textOf } from './tree.ts';

/** Names of one channel: guides that list its past and foreign ones come to a dozen. */
const MAX_NAMES = 32;

/** Undefined where it has no id, or is no well-formed element. */
export function parseGuideChannel(slice: string): GuideChannel | undefined {
  const node = parseElement('channel', slice);
  const id = node === undefined ? undefined : attributeOf(node, 'id');
  if (node === undefined || id === undefined) return undefined;
  const names: Text[] = [];
  const icons: string[] = [];
  const urls: string[] = [];
  for (const child of node.children) {
    if (child.name === 'display-name') addText(names, child);
    else if (child.name === 'icon') addIcon(icons, child);
    else if (child.name === 'url') addUrl(urls, child);
  }
  return { id, names: names.slice(0, MAX_NAMES), icons, urls };
}

export function writeGuideChannel({ id, names, icons, urls }: GuideChannel): string {
  const inner = [
    ...names.map((name) => textElement('display-name', name)),
    ...icons.map((src) => emptyElement('icon', attribute('src', src))),
    ...urls.map((text) => textElement('url', { text })),
  ];
  return element('channel', attribute('id', id), inner.join(''));
}

/** Nothing where it says nothing. */
export function addText(texts: Text[], node: Node): void {
  const text = textOf(node);
  if (text === '') return;
  const lang = attributeOf(node, 'lang');
  texts.push(lang === undefined ? { text } : { text, lang });
}

export function addIcon(icons: string[], node: Node): void {
  const src = attributeOf(node, 'src');
  if (src !== undefined && isHttp(src)) icons.push(src);
}

export function addUrl(urls: string[], node: Node): void {
  const url = textOf(node);
  if (isHttp(url)) urls.push(url);
}

/** Nothing else is passed on: players open what they are given. */
function isHttp(url: string): boolean {
  return /^https?:\/\/[^\s"<>]+$/i.test(url);
}
