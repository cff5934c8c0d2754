// This file turns the text of a configuration file into a tree that remembers lines and columns.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { ConfigError, type ConfigErrorCode, type Problems } from './errors.ts';
import type { Origin } from './origin.ts';

export type Entry = { readonly name: string; readonly origin: Origin; readonly value: TreeNode };

/** What was written, its place kept, nothing interpreted but the shape. */
export type TreeNode =
  | { readonly form: 'nothing'; readonly origin: Origin }
  | {
      readonly form: 'text';
      readonly text: string;
      /** `true` and `false` without quotes: no text by mistake. */
      readonly isFlag: boolean;
      readonly origin: Origin;
    }
  | { readonly form: 'section'; readonly entries: readonly Entry[]; readonly origin: Origin }
  | { readonly form: 'list'; readonly items: readonly TreeNode[]; readonly origin: Origin };

/** The schema is five levels deep; what is deeper is an accident or an attack. */
const MAX_DEPTH = 16;
/** Uses of `*alias`. */
const MAX_ALIASES = 1000;
/** Nodes after aliases are followed: bounds what a nest of aliases can grow into. */
const MAX_NODES = 1_000_000;

/**
 * The tree of `text`; an empty file is an empty section. Keys written twice go to `problems`, the
 * first one counts. Throws ConfigError where the text has no shape at all.
 */
export function parseConfigText(text: string, file: string, problems: Problems): TreeNode {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false, // its excerpts would show whatever secret stands on the line
    uniqueKeys: false, // told apart below, with both lines named
    logLevel: 'error', // 'silent' would also take a second document in silence
  });
  const place = (offset: number): Origin => {
    const { line, col } = lines.linePos(Math.min(Math.max(0, offset), text.length));
    return { from: 'file', file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  for (const error of document.errors) problems.add(...syntaxProblem(error, place));
  problems.throwIfAny();
  return new TreeBuilder(document, place, problems).build();
}

class TreeBuilder {
  readonly #document: Document;
  /** What each anchor above the current place names. */
  readonly #anchors = new Map<string, Node>();
  readonly #place: (offset: number) => Origin;
  readonly #problems: Problems;
  #aliases = 0;
  #nodes = 0;

  constructor(document: Document, place: (offset: number) => Origin, problems: Problems) {
    this.#document = document;
    this.#place = place;
    this.#problems = problems;
  }

  build(): TreeNode {
    const root = this.#node(this.#document.contents as Node | null, '', 0, this.#place(0));
    if (root.form !== 'nothing') return root;
    return { form: 'section', entries: [], origin: root.origin };
  }

  #node(node: Node | null | undefined, key: string, depth: number, at: Origin): TreeNode {
    const start = node?.range?.[0];
    const origin = start === undefined ? at : this.#place(start);
    if (depth > MAX_DEPTH) this.#giveUp(origin, key, `more than ${MAX_DEPTH} levels deep`);
    if (++this.#nodes > MAX_NODES) this.#giveUp(origin, key, `more than ${MAX_NODES} values`);
    if (isAlias(node)) return this.#alias(node, key, depth, origin);
    const anchor = (node as { anchor?: string } | null | undefined)?.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, node as Node);
    if (isMap(node)) return this.#section(node, key, depth, origin);
    if (isSeq(node)) {
      const items = node.items.map((item, index) =>
        this.#node(item as Node | null, `${key}[${index}]`, depth + 1, origin),
      );
      return { form: 'list', items, origin };
    }
    return isScalar(node) ? scalarNode(node, origin) : { form: 'nothing', origin };
  }

  #alias(alias: Alias, key: string, depth: number, origin: Origin): TreeNode {
    if (++this.#aliases > MAX_ALIASES)
      this.#giveUp(origin, key, `more than ${MAX_ALIASES} aliases`);
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#problems.add(
        'CONFIG_SYNTAX',
        origin,
        key,
        'alias of an anchor that is not there above',
      );
      return { form: 'nothing', origin };
    }
    return this.#node(target, key, depth + 1, origin);
  }

  #section(map: YAMLMap, key: string, depth: number, origin: Origin): TreeNode {
    const entries = new Map<string, Entry>();
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const start = pair.key?.range?.[0];
      const keyOrigin = start === undefined ? origin : this.#place(start);
      const name = isScalar(pair.key) ? scalarText(pair.key) : undefined;
      if (name === undefined || name === '') {
        this.#problems.add('CONFIG_SYNTAX', keyOrigin, key, 'a key that is not text, wanted text');
        continue;
      }
      const path = key === '' ? name : `${key}.${name}`;
      const first = entries.get(name);
      if (first === undefined) {
        const value = this.#node(pair.value, path, depth + 1, keyOrigin);
        entries.set(name, { name, origin: keyOrigin, value });
      } else {
        const line = first.origin.from === 'file' ? first.origin.line : 0;
        const message = `written twice, first on line ${line}`;
        this.#problems.add('CONFIG_KEY_DUPLICATE', keyOrigin, path, message);
      }
    }
    return { form: 'section', entries: [...entries.values()], origin };
  }

  #giveUp(origin: Origin, key: string, message: string): never {
    throw new ConfigError([{ code: 'CONFIG_TOO_DEEP', origin, key: key.slice(0, 200), message }]);
  }
}

function scalarNode(node: Scalar, origin: Origin): TreeNode {
  if (node.value === null) return { form: 'nothing', origin };
  return { form: 'text', text: scalarText(node), isFlag: typeof node.value === 'boolean', origin };
}

/** As written: 04:00, 1e3 and 0x10 are what the reader of the key makes of them, not YAML. */
function scalarText(node: Scalar): string {
  const isPlain = node.type === 'PLAIN' && node.source !== undefined;
  return isPlain ? (node.source as string) : String(node.value ?? '');
}

/** Our own words: those of the library may quote what stands in the file. */
const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'wrong indentation or a bracket that is not closed',
  TAB_AS_INDENT: 'a tab as indentation, wanted spaces',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line, wanted a line for each, or quotes around the value',
  MISSING_CHAR: 'a comma, colon, quote or bracket is missing',
  UNEXPECTED_TOKEN: 'text that does not belong here; a value with [, {, : or # in it needs quotes',
  BAD_SCALAR_START: 'a value that begins with @ or a backtick, wanted quotes around it',
  BAD_DQ_ESCAPE: 'an escape that is not known inside double quotes',
  MULTIPLE_DOCS: 'a second document after ---, wanted one',
  MULTILINE_IMPLICIT_KEY: 'a key over more than one line',
  RESOURCE_EXHAUSTION: 'nested too deep',
};

function syntaxProblem(
  error: YAMLError,
  place: (offset: number) => Origin,
): [ConfigErrorCode, Origin, string, string] {
  const words = SYNTAX_WORDS[error.code] ?? `not YAML (${error.code})`;
  const code = error.code === 'RESOURCE_EXHAUSTION' ? 'CONFIG_TOO_DEEP' : 'CONFIG_SYNTAX';
  return [code, place(error.pos[0]), '', words];
}
