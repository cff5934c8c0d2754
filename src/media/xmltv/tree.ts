// This file reads one element of a guide as a tree of plain values.
import { ALL_ENTITIES, EntityDecoder } from '@nodable/entities';
import { XMLParser } from 'fast-xml-parser';

export type Node = {
  /** Under `@name`. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** As written, without the blanks around it. */
  readonly text: string;
  /** Each kind in the order in which they stand. */
  readonly children: ReadonlyMap<string, readonly Node[]>;
};

/** An element is deeper than this only where somebody plays with us: guides have four. */
const MAX_DEPTH = 32;
/** Longer texts are cut: descriptions come to some thousands. */
export const MAX_TEXT_CHARS = 64 * 1024;

const ATTRIBUTES = ':@';
const TEXT = '#text';

const entities = new EntityDecoder({ namedEntities: ALL_ENTITIES });

// What a document declares is never read; entities are those that every document has, and of HTML.
// In order: the parser's other form is made out of this one, and costs as much again
const parser = new XMLParser({
  preserveOrder: true,
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
  // It makes one for each text it is given, unless it has one; it never asks it for anything here
  entityDecoder: {
    decode: (text) => text,
    reset: () => {},
    setExternalEntities: () => {},
    addInputEntities: () => {},
    setXmlVersion: () => {},
  },
});

/** `{ name: what stands in it, ':@': its attributes }`, or `{ '#text': words }`. */
type Entry = Readonly<Record<string, unknown>>;

const NO_ATTRIBUTES: Node['attributes'] = {};
const NO_CHILDREN: Node['children'] = new Map();
const NONE: readonly Node[] = [];

/** Undefined where it is no well-formed element of that name. */
export function parseElement(name: string, text: string): Node | undefined {
  let entries: readonly Entry[];
  try {
    entries = parser.parse(text) as readonly Entry[];
  } catch {
    return undefined;
  }
  const found = entries.filter((entry) => nameOf(entry) === name);
  return found.length === 1 ? nodeOf(found[0] as Entry, name) : undefined;
}

/** The elements of that name in it, in their order. */
export function childrenOf({ children }: Node, name: string): readonly Node[] {
  return children.get(name) ?? NONE;
}

export function childOf({ children }: Node, name: string): Node | undefined {
  return children.get(name)?.[0];
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

function nodeOf(entry: Entry, name: string): Node {
  const inner = entry[name];
  const attributes = (entry[ATTRIBUTES] ?? NO_ATTRIBUTES) as Node['attributes'];
  if (!Array.isArray(inner)) return { attributes, text: '', children: NO_CHILDREN };
  let text = '';
  let children: Map<string, Node[]> | undefined;
  for (const child of inner as readonly Entry[]) {
    const key = nameOf(child);
    if (key === TEXT) {
      text += String(child[TEXT]);
      continue;
    }
    children ??= new Map();
    const alike = children.get(key);
    const node = nodeOf(child, key);
    if (alike === undefined) children.set(key, [node]);
    else alike.push(node);
  }
  return { attributes, text, children: children ?? NO_CHILDREN };
}

/** What an entry has beside its attributes, which stand behind it. */
function nameOf(entry: Entry): string {
  for (const key in entry) return key;
  return '';
}

function cleanText(value: unknown): string {
  if (typeof value !== 'string' || value === '') return '';
  const cut = value.length > MAX_TEXT_CHARS ? value.slice(0, MAX_TEXT_CHARS) : value;
  const decoded = cut.includes('&') ? entities.decode(cut) : cut;
  // XML 1.0 §2.2: Char; halves of surrogates are none either
  return NOT_XML.test(decoded)
    ? decoded.toWellFormed().replace(NOT_XML_ALL, '').trim()
    : decoded.trim();
}

const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/;
const NOT_XML_ALL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;
