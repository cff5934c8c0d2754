// This file reads the tree of a configuration file against the schema.
import { nearest } from '../base/nearest.ts';
import { MASK, redactText, redactUrl } from '../base/redact.ts';
import type { Entry, TreeNode } from './document.ts';
import type { Problems } from './errors.ts';
import { isStructure, type Key, type ScalarKind } from './key.ts';
import { KINDS } from './kinds.ts';
import type { Origin } from './origin.ts';
import { keyAt, keysOf, nameOf, ROOT, SCHEMA } from './schema.ts';
import type { ListSetting, SectionSetting, Setting, ValueSetting } from './setting.ts';

/** A value is shown up to here: enough to find it again. */
const MAX_SHOWN_LENGTH = 80;

/** Settings of the whole file. What is wrong goes to `problems` and is left out. */
export function readSettings(tree: TreeNode, problems: Problems): SectionSetting {
  const root = readSection(tree, ROOT, '', problems);
  return root ?? { form: 'section', path: '', key: '', entries: new Map(), origin: tree.origin };
}

/** The value of one key from text that stands in a variable or a flag. */
export function readScalarText(
  text: string,
  key: Key,
  origin: Origin,
  problems: Problems,
): ValueSetting | undefined {
  return readValue({ form: 'text', text, isFlag: false, origin }, key, key.path, problems);
}

function readNode(node: TreeNode, key: Key, at: string, problems: Problems): Setting | undefined {
  switch (key.kind) {
    case 'section':
      return readSection(node, key, at, problems);
    case 'map':
      return readMap(node, key, at, problems);
    case 'list':
      return readList(node, key, at, problems);
    case 'anything':
      return { form: 'anything', origin: node.origin };
    default:
      return readValue(node, key, at, problems);
  }
}

function readSection(
  node: TreeNode,
  key: Key,
  at: string,
  problems: Problems,
): SectionSetting | undefined {
  if (node.form === 'text' && key.shorthand !== undefined) {
    const name = key.shorthand;
    const value = readValue(node, keyAt(`${key.path}.${name}`)!, at, problems, orFile(key));
    if (value === undefined) return undefined;
    return section(key, at, node.origin, new Map([[name, value]]));
  }
  // `prefetch:` with every key of it commented out.
  const written = node.form === 'nothing' ? [] : node.form === 'section' ? node.entries : undefined;
  if (written === undefined) return refuse(node, key, at, problems);
  const entries = new Map<string, Setting>();
  for (const entry of written) {
    const path = join(at, entry.name);
    const child = keysOf(key.path).find((each) => nameOf(each) === entry.name);
    if (child === undefined) {
      problems.add('CONFIG_KEY_UNKNOWN', entry.origin, path, unknownKey(entry, key));
      continue;
    }
    const setting = readNode(entry.value, child, path, problems);
    if (setting !== undefined) entries.set(entry.name, setting);
  }
  for (const child of keysOf(key.path)) {
    const name = nameOf(child);
    if (child.required !== true || written.some((entry) => entry.name === name)) continue;
    const message = `missing, wanted ${wanted(child)}`;
    problems.add('CONFIG_KEY_MISSING', node.origin, join(at, name), message);
  }
  return section(key, at, node.origin, entries);
}

function readMap(
  node: TreeNode,
  key: Key,
  at: string,
  problems: Problems,
): SectionSetting | undefined {
  const written = node.form === 'nothing' ? [] : node.form === 'section' ? node.entries : undefined;
  if (written === undefined) return refuse(node, key, at, problems);
  if (isOverCount(written.length, key, node.origin, at, problems)) return undefined;
  const child = keyAt(`${key.path}.*`)!;
  const entries = new Map<string, Setting>();
  for (const entry of written) {
    const setting = readNode(entry.value, child, join(at, entry.name), problems);
    if (setting !== undefined) entries.set(entry.name, setting);
  }
  return section(key, at, node.origin, entries);
}

function readList(
  node: TreeNode,
  key: Key,
  at: string,
  problems: Problems,
): ListSetting | undefined {
  const isItem = key.single === true && (node.form === 'text' || node.form === 'section');
  const written = node.form === 'nothing' ? [] : node.form === 'list' ? node.items : undefined;
  const items = isItem ? [node] : written;
  if (items === undefined) return refuse(node, key, at, problems);
  if (isOverCount(items.length, key, node.origin, at, problems)) return undefined;
  if (key.required === true && items.length === 0) return refuse(node, key, at, problems);
  const child = keyAt(`${key.path}[]`)!;
  const settings = items
    .map((item, index) => readNode(item, child, isItem ? at : `${at}[${index}]`, problems))
    .filter((setting) => setting !== undefined);
  return { form: 'list', key: at, items: settings, origin: node.origin };
}

function readValue(
  node: TreeNode,
  key: Key,
  at: string,
  problems: Problems,
  otherwise = '',
): ValueSetting | undefined {
  if (node.form !== 'text') return refuse(node, key, at, problems);
  const kind = KINDS[key.kind as ScalarKind];
  if (node.isFlag && key.kind === 'text') {
    const message = `${node.text} without quotes, wanted text; put quotes around it`;
    problems.add('CONFIG_TYPE', node.origin, at, message);
    return undefined;
  }
  const value = kind.read(node.text, key);
  if (value !== undefined) {
    return { form: 'value', value, shown: shown(node.text, key), origin: node.origin };
  }
  const seen = `${key.secret === true ? MASK : `"${shown(node.text, key)}"`}`;
  problems.add('CONFIG_VALUE', node.origin, at, `${seen}, wanted ${kind.wanted(key)}${otherwise}`);
  return undefined;
}

/** Who writes a file where an address alone is meant looks for how it is written. */
function orFile({ path }: Key): string {
  const takesFile = keysOf(path).some((key) => nameOf(key) === 'path');
  return takesFile ? ', or a section such as { path: FILE }' : '';
}

function section(
  key: Key,
  at: string,
  origin: Origin,
  entries: Map<string, Setting>,
): SectionSetting {
  return { form: 'section', path: key.path, key: at, entries, origin };
}

function refuse(node: TreeNode, key: Key, at: string, problems: Problems): undefined {
  const words = { nothing: 'empty', text: 'a single value', section: 'a section', list: 'a list' };
  const seen = node.form === 'list' && node.items.length === 0 ? 'empty' : words[node.form];
  problems.add('CONFIG_TYPE', node.origin, at, `${seen}, wanted ${wanted(key)}`);
  return undefined;
}

function isOverCount(
  count: number,
  key: Key,
  origin: Origin,
  at: string,
  problems: Problems,
): boolean {
  if (key.maxCount === undefined || count <= key.maxCount) return false;
  problems.add('CONFIG_VALUE', origin, at, `${count} entries, wanted at most ${key.maxCount}`);
  return true;
}

/** What a key allows, whatever its kind. */
export function wanted(key: Key): string {
  if (!isStructure(key.kind)) return KINDS[key.kind].wanted(key);
  if (key.kind === 'list')
    return `a list${key.example === undefined ? '' : ` such as ${key.example}`}`;
  const names = keysOf(key.path).map(nameOf);
  return names.length === 0 ? 'a section' : `a section with ${names.join(', ')}`;
}

function unknownKey(entry: Entry, parent: Key): string {
  if (entry.name === '<<') return 'merge keys are not read, wanted an alias as the whole value';
  const whole = SCHEMA.find((key) => key.path === join(parent.path, entry.name));
  if (whole !== undefined) return 'unknown key, wanted its parts as sections, not with dots';
  const names = keysOf(parent.path).map(nameOf);
  const near = nearest(entry.name, names);
  if (near !== undefined) return `unknown key, did you mean ${near}?`;
  const elsewhere = SCHEMA.find((key) => nameOf(key) === entry.name);
  if (elsewhere !== undefined) return `unknown key here, known as ${elsewhere.path}`;
  return `unknown key, wanted one of ${names.join(', ')}`;
}

/** The value as it may be shown: without secrets, without control characters, and not for ever. */
function shown(text: string, key: Key): string {
  if (key.secret === true) return MASK;
  const hasUser = /:\/\/|@/.test(text);
  const safe = (hasUser ? redactUrl(text) : redactText(text)).replace(
    /[\u0000-\u001f\u007f]/g,
    ' ',
  );
  return safe.length > MAX_SHOWN_LENGTH ? `${safe.slice(0, MAX_SHOWN_LENGTH)}…` : safe;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
