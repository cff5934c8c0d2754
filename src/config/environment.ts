// This file names the variable and the flag of each key of the server, and reads them.
import { nearest } from '../base/nearest.ts';
import { redactText } from '../base/redact.ts';
import type { Problems } from './errors.ts';
import { isStructure, type Key } from './key.ts';
import type { Origin } from './origin.ts';
import { readScalarText } from './read.ts';
import { keyAt, ROOT, SCHEMA } from './schema.ts';
import type { SectionSetting, Setting } from './setting.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values of flags by the path of their key. */
export type FlagValues = ReadonlyMap<string, string>;

/** Variables that are no keys of the file. */
export const CONFIG_VARIABLE = 'WEIR_CONFIG';
export const M3U_VARIABLE = 'WEIR_M3U';

/** The keys that a variable or a flag can set: single values of the server, and lists of them. */
export const OVERRIDABLE: readonly Key[] = SCHEMA.filter((key) => {
  if (key.later === true || /\[\]|\*/.test(key.path)) return false;
  const item = keyAt(`${key.path}[]`);
  return !isStructure(key.kind) || (item !== undefined && !isStructure(item.kind));
});

/** `prefetch.idle_stop` → `WEIR_PREFETCH_IDLE_STOP` */
export function variableOf(key: Key): string {
  return `WEIR_${key.path.replaceAll('.', '_').toUpperCase()}`;
}

/** `prefetch.idle_stop` → `--prefetch-idle-stop` */
export function flagOf(key: Key): string {
  return `--${key.path.replace(/[._]/g, '-')}`;
}

/** Lays what variables and then flags say over `root`. An empty variable counts as absent. */
export function override(
  root: SectionSetting,
  environment: Environment,
  flags: FlagValues,
  problems: Problems,
): void {
  for (const key of OVERRIDABLE) {
    const name = variableOf(key);
    const variable = environment[name]?.trim() ?? '';
    if (variable !== '') place(root, key, variable, { from: 'variable', name }, problems);
    const flag = flags.get(key.path);
    if (flag !== undefined) {
      place(root, key, flag, { from: 'flag', name: flagOf(key) }, problems);
    }
  }
}

/** What to say about variables that look like ours and are not. */
export function strayVariables(environment: Environment): string[] {
  const known = [CONFIG_VARIABLE, M3U_VARIABLE, ...OVERRIDABLE.map(variableOf)];
  const notes: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('WEIR_') || known.includes(name) || isClusterVariable(name, value)) {
      continue;
    }
    const near = nearest(
      name.slice(5),
      known.map((each) => each.slice(5)),
    );
    const hint = near === undefined ? '' : `, did you mean WEIR_${near}?`;
    notes.push(`${redactText(name).slice(0, 100)} is not a setting and has no effect${hint}`);
  }
  return notes;
}

/** Kubernetes gives every pod such variables for a service that is called weir. */
function isClusterVariable(name: string, value: string | undefined): boolean {
  if (/^WEIR_(\w+_)?SERVICE_(HOST|PORT)/.test(name)) return true;
  return /^WEIR_(\w+_)?PORT(_\d+_(TCP|UDP)(_\w+)?)?$/.test(name) && !/^\d+$/.test(value ?? '');
}

function place(
  root: SectionSetting,
  key: Key,
  text: string,
  origin: Origin,
  problems: Problems,
): void {
  const setting = keyAt(`${key.path}[]`)
    ? readListText(text, key, origin, problems)
    : readScalarText(text, key, origin, problems);
  if (setting === undefined) return;
  const steps = key.path.split('.');
  let section = root;
  for (const [index, step] of steps.slice(0, -1).entries()) {
    let inner = section.entries.get(step);
    if (inner?.form !== 'section') {
      const path = steps.slice(0, index + 1).join('.');
      inner = { form: 'section', path, key: path, entries: new Map(), origin };
      section.entries.set(step, inner);
    }
    section = inner;
  }
  section.entries.set(steps.at(-1)!, setting);
}

/** A list in one text is parted by commas or blanks. */
function readListText(text: string, key: Key, origin: Origin, problems: Problems): Setting {
  const item = keyAt(`${key.path}[]`) ?? ROOT;
  const items = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => readScalarText(part, item, origin, problems))
    .filter((setting) => setting !== undefined);
  return { form: 'list', key: key.path, items, origin };
}
