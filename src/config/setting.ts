// This file is a configuration that has been read against the schema, each value with its place.
import { assert } from '../base/assert.ts';
import { isStructure, type Key } from './key.ts';
import { KINDS } from './kinds.ts';
import { BY_DEFAULT, type Origin } from './origin.ts';
import {
  type KeyPath,
  knownKey,
  type ListPath,
  type ScalarPath,
  type SectionPath,
  type ValueOf,
} from './schema.ts';

export type Setting = ValueSetting | SectionSetting | ListSetting | OpaqueSetting;

export type ValueSetting = {
  readonly form: 'value';
  /** What the kind of the key makes of the text. */
  readonly value: unknown;
  /** As written, secrets masked. */
  readonly shown: string;
  readonly origin: Origin;
};

export type SectionSetting = {
  readonly form: 'section';
  /** Path in the schema: `channels[]`. */
  readonly path: string;
  /** Path in the file: `channels[2]`. */
  readonly key: string;
  readonly entries: Map<string, Setting>;
  readonly origin: Origin;
};

export type ListSetting = {
  readonly form: 'list';
  readonly key: string;
  readonly items: readonly Setting[];
  readonly origin: Origin;
};

/** A key whose own keys a later version will know. */
export type OpaqueSetting = { readonly form: 'anything'; readonly origin: Origin };

/** The setting at `path` where it was written; `path` lies inside `section`. */
export function settingAt(section: SectionSetting, path: KeyPath): Setting | undefined {
  let found: Setting | undefined = section;
  for (const step of stepsBetween(section.path, path)) {
    if (found?.form !== 'section') return undefined;
    found = found.entries.get(step);
  }
  return found;
}

/** The names that lead from a section to a key; remembered, since every channel asks the same. */
function stepsBetween(section: string, path: string): readonly string[] {
  const id = `${section} ${path}`;
  const known = STEPS.get(id);
  if (known !== undefined) return known;
  assert(path.startsWith(section), `${path} does not lie in ${section}`);
  const inside = path.slice(section.length).split('.');
  const steps = inside.filter((step) => step !== '');
  STEPS.set(id, steps);
  return steps;
}

/** By section and path; bounded by the schema. */
const STEPS = new Map<string, readonly string[]>();

/** The value at `path`, or the schema's default. */
export function valueAt<P extends ScalarPath>(section: SectionSetting, path: P): ValueOf<P> {
  const setting = settingAt(section, path);
  if (setting?.form === 'value') return setting.value as ValueOf<P>;
  return defaultOf(knownKey(path)) as ValueOf<P>;
}

export function originAt(section: SectionSetting, path: KeyPath): Origin {
  return settingAt(section, path)?.origin ?? BY_DEFAULT;
}

export function isSet(section: SectionSetting, path: KeyPath): boolean {
  return settingAt(section, path) !== undefined;
}

/** The sections of the list at `path`. */
export function sectionsAt(section: SectionSetting, path: ListPath): readonly SectionSetting[] {
  const list = settingAt(section, path);
  if (list?.form !== 'list') return [];
  return list.items.filter((item) => item.form === 'section');
}

/** The values of the list at `path`. */
export function valuesAt(section: SectionSetting, path: ListPath): readonly ValueSetting[] {
  const list = settingAt(section, path);
  if (list?.form !== 'list') return [];
  return list.items.filter((item) => item.form === 'value');
}

export function sectionAt(
  section: SectionSetting,
  path: SectionPath | Extract<KeyPath, `${string}headers` | `${string}qualities` | 'providers'>,
): SectionSetting | undefined {
  const found = settingAt(section, path);
  return found?.form === 'section' ? found : undefined;
}

export function defaultOf(key: Key): unknown {
  if (key.default === undefined || isStructure(key.kind)) return undefined;
  return KINDS[key.kind].read(key.default, key);
}
