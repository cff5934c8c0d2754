// This file joins the keys of the configuration into the one schema.
import { assert } from '../base/assert.ts';
import type { Key, KindValues, ScalarKind } from './key.ts';
import { ARCHIVE_KEYS } from './keys-archive.ts';
import { CHANNEL_KEYS } from './keys-channel.ts';
import { GUIDE_KEYS } from './keys-guide.ts';
import { HDHOMERUN_KEYS } from './keys-hdhomerun.ts';
import { LATER_KEYS } from './keys-later.ts';
import { LINEUP_KEYS } from './keys-lineup.ts';
import { OVERFLOW_KEYS } from './keys-overflow.ts';
import { SERVER_KEYS } from './keys-server.ts';
import { SOURCE_KEYS } from './keys-source.ts';
import { STORE_KEYS } from './keys-store.ts';

const ROWS = [
  ...SERVER_KEYS,
  ...CHANNEL_KEYS,
  ...SOURCE_KEYS,
  ...OVERFLOW_KEYS,
  ...ARCHIVE_KEYS,
  ...GUIDE_KEYS,
  ...HDHOMERUN_KEYS,
  ...LINEUP_KEYS,
  ...STORE_KEYS,
  ...LATER_KEYS,
] as const;

type Row = (typeof ROWS)[number];
export type KeyPath = Row['path'];
export type ScalarPath = Extract<Row, { kind: ScalarKind }>['path'];
export type ListPath = Extract<Row, { kind: 'list' }>['path'];
export type SectionPath = Extract<Row, { kind: 'section' }>['path'];

type RowOf<P extends KeyPath> = Extract<Row, { path: P }>;
type Written<R> = R extends { kind: 'choice'; of: readonly (infer Word)[] }
  ? Word
  : R extends { kind: infer K extends ScalarKind }
    ? KindValues[K]
    : never;
type IsCertain<R> = R extends { default: string } | { required: true } ? true : false;

/** The type of a key's value: never undefined where the schema has a default or demands it. */
export type ValueOf<P extends ScalarPath> =
  | Written<RowOf<P>>
  | (IsCertain<RowOf<P>> extends true ? never : undefined);

export const SCHEMA: readonly Key[] = ROWS;

const BY_PATH: ReadonlyMap<string, Key> = new Map(SCHEMA.map((key) => [key.path, key]));

export function keyAt(path: string): Key | undefined {
  return BY_PATH.get(path);
}

export function knownKey(path: string): Key {
  const key = BY_PATH.get(path);
  assert(key !== undefined, `no key ${path} in the schema`);
  return key;
}

/** The root of the file is a section like any other. */
export const ROOT: Key = { path: '', kind: 'section', means: 'The whole file.' };

/** The keys directly inside a section, in the order of the manual. */
export function keysOf(section: string): readonly Key[] {
  return CHILDREN.get(section) ?? [];
}

export function nameOf(key: Key): string {
  return key.path.slice(key.path.lastIndexOf('.') + 1);
}

const CHILDREN: ReadonlyMap<string, readonly Key[]> = childrenBySection();

function childrenBySection(): Map<string, Key[]> {
  const children = new Map<string, Key[]>();
  for (const key of SCHEMA) {
    if (key.path.endsWith('[]') || key.path.endsWith('.*')) continue;
    const parent = key.path.slice(0, Math.max(0, key.path.lastIndexOf('.')));
    const siblings = children.get(parent) ?? [];
    siblings.push(key);
    children.set(parent, siblings);
  }
  return children;
}
