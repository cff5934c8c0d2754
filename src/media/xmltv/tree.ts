// This file reads one element of a guide as a tree of plain values.
import { ALL_ENTITIES, EntityDecoder } from '@nodable/entities';
import { XMLParser } from 'fast-xml-parser';

/** Its attributes under `@name`, its text under `#text`, what stands in it under its name. */
export type Node = { readonly [name: string]: unknown };

/** An element is deeper than this only where somebody plays with us: guides have four. */
const MAX_DEPTH = 32;
/** Longer texts are cut: descriptions come to some thousands. */
export const MAX_TEXT_CHARS = 64 * 1024;

// What a document declares is never read; entities are those that every document has, and of HTML
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  alwaysCreateTextNode: false,
  allowBooleanAttributes: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
  jPath: false,
});

const entities = new EntityDecoder({ namedEntities: ALL_ENTITIES });

/** Undefined where it is no well-formed element of that name. */
export function parseElement(name: string, text: string): Node | undefined {
  let tree: { readonly [name: string]: unknown };
  try {
    tree = parser.parse(text) as typeof tree;
  } catch {
    return undefined;
  }
  const found = tree[name];
  if (Array.isArray(found)) return undefined;
  return nodeOf(found);
}

/** The elements of that name in it, in their order. */
export function childrenOf(node: Node, name: string): readonly Node[] {
  const found = node[name];
  if (found === undefined) return [];
  return Array.isArray(found) ? found.map(nodeOf) : [nodeOf(found)];
}

export function childOf(node: Node, name: string): Node | undefined {
  const found = node[name];
  if (found === undefined) return undefined;
  return nodeOf(Array.isArray(found) ? found[0] : found);
}

/** Decoded, on one line or more as written, and free of what XML cannot hold; empty where it has none. */
export function textOf(node: Node | undefined): string {
  return cleanText(node?.['#text']);
}

/** Undefined where it is not there or says nothing. */
export function attributeOf(node: Node, name: string): string | undefined {
  const text = cleanText(node[`@${name}`]);
  return text === '' ? undefined : text;
}

function nodeOf(value: unknown): Node {
  return typeof value === 'object' && value !== null ? (value as Node) : { '#text': value };
}

function cleanText(value: unknown): string {
  if (typeof value !== 'string') return '';
  const cut = value.length > MAX_TEXT_CHARS ? value.slice(0, MAX_TEXT_CHARS) : value;
  const decoded = cut.includes('&') ? entities.decode(cut) : cut;
  // XML 1.0 §2.2: Char; halves of surrogates are none either
  return NOT_XML.test(decoded)
    ? decoded.toWellFormed().replace(NOT_XML_ALL, '').trim()
    : decoded.trim();
}

const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/;
const NOT_XML_ALL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;
