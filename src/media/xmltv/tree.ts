// This file reads one element of a guide as a tree of plain values.
import { ALL_ENTITIES, EntityDecoder } from '@nodable/entities';
import { type MatcherView, XMLParser } from 'fast-xml-parser';

export type Node = {
  readonly name: string;
  /** Under `@name`. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** As written, without the blanks around it. */
  readonly text: string;
  /** In the order in which they stand. */
  readonly children: readonly Node[];
};

/** An element is deeper than this only where somebody plays with us: guides have four. */
const MAX_DEPTH = 32;
/** Longer texts are cut: descriptions come to some thousands. */
export const MAX_TEXT_CHARS = 64 * 1024;

const entities = new EntityDecoder({ namedEntities: ALL_ENTITIES });

// Most elements have none of most things: a guide has millions of them
const NO_CHILDREN: readonly Node[] = [];

type Draft = {
  readonly name: string;
  readonly attributes: Node['attributes'];
  text: string;
  children: Node[] | typeof NO_CHILDREN;
};

/** The elements that are open, by their depth; what stands outside of all of them is in the first. */
const open: Draft[] = [];

function begin(name: string, depth: number, attributes: Node['attributes']): void {
  const node: Draft = { name, attributes, text: '', children: NO_CHILDREN };
  const parent = open[depth - 1] as Draft;
  if (parent.children === NO_CHILDREN) parent.children = [node];
  else (parent.children as Node[]).push(node);
  open[depth] = node;
}

// What a document declares is never read; entities are those that every document has, and of HTML.
// Elements and words are taken as they come: both trees that the parser makes cost as much again
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  allowBooleanAttributes: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
  jPath: false,
  updateTag(name, path, attributes) {
    begin(name, (path as MatcherView).getDepth(), attributes);
    return false;
  },
  tagValueProcessor(_, text, path) {
    const draft = open[(path as MatcherView).getDepth()] as Draft;
    // What stands between, such as <br/>, parts words, and the blanks around it are gone
    draft.text += draft.text === '' || text === '' ? text : ` ${text}`;
    return '';
  },
  attributeValueProcessor: () => undefined,
  // It makes one for each text it is given, unless it has one; it never asks it for anything here
  entityDecoder: {
    decode: (text) => text,
    reset: () => {},
    setExternalEntities: () => {},
    addInputEntities: () => {},
    setXmlVersion: () => {},
  },
});

/** Undefined where it is no well-formed element of that name. */
export function parseElement(name: string, text: string): Node | undefined {
  const outside: Draft = { name: '', attributes: {}, text: '', children: NO_CHILDREN };
  open[0] = outside;
  try {
    parser.parse(text);
  } catch {
    return undefined;
  }
  const found = outside.children.filter((node) => node.name === name);
  return found.length === 1 ? found[0] : undefined;
}

/** The first of that name in it. */
export function childOf({ children }: Node, name: string): Node | undefined {
  return children.find((child) => child.name === name);
}

/** Decoded, on one line or more as written, and free of what XML cannot hold; empty where it has none. */
export function textOf(node: Node | undefined): string {
  return cleanText(node?.text);
}

/** Undefined where it is not there or says nothing. */
export function attributeOf({ attributes }: Node, name: string): string | undefined {
  const text = cleanText(attributes[`@${name}`]);
  return text === '' ? undefined : text;
}

/** The parser has taken the blanks around it away. */
function cleanText(value: unknown): string {
  if (typeof value !== 'string' || value === '') return '';
  const cut = value.length > MAX_TEXT_CHARS ? value.slice(0, MAX_TEXT_CHARS) : value;
  const isPlain = !cut.includes('&');
  const decoded = isPlain ? cut : entities.decode(cut);
  // XML 1.0 §2.2: Char; halves of surrogates are none either
  if (!NOT_XML.test(decoded)) return isPlain ? decoded : decoded.trim();
  return decoded.toWellFormed().replace(NOT_XML_ALL, '').trim();
}

const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/;
const NOT_XML_ALL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;
