// This file applies an operator's rules to the entries of a line-up.
import { formatMatch, type Match } from '../../config/match.ts';
import type { LineUpFilter, LineUpRules, Replacement } from '../../config/resolve-lineups.ts';
import { plainText } from '../../media/m3u/safe-text.ts';
import type { ListEntry } from './list-entry.ts';
import type { PatternWatch } from './pattern-watch.ts';

export type AppliedRules = {
  /** Undefined where the entry is not to be taken. */
  readonly apply: (entry: ListEntry) => ListEntry | undefined;
  /** What was never found so far, in the words of the configuration. */
  readonly unused: () => readonly string[];
};

const MAX_TEXT_CHARS = 200;

/** Throws for nothing: patterns were tried when the configuration was read. */
export function compileRules(rules: LineUpRules, watch: PatternWatch): AppliedRules {
  const tests: Test[] = [];
  const compile = (what: string, match: Match): Test => {
    const test = compileMatch(match, tests.length, watch, what);
    tests.push(test);
    return test;
  };
  const include = rules.include && compileFilter('include', rules.include, compile);
  const exclude = rules.exclude && compileFilter('exclude', rules.exclude, compile);
  const renames = rules.rename.map((rule) => ({ rule, test: compile('rename', rule.from) }));
  const regroups = rules.regroup.map((rule) => ({ rule, test: compile('regroup', rule.from) }));
  const hasChanges = renames.length + regroups.length > 0;
  return {
    apply(entry) {
      if (include !== undefined && !include.every((row) => anyOf(row, entry))) return undefined;
      if (exclude?.some((row) => anyOf(row, entry))) return undefined;
      return hasChanges ? changed(entry, renames, regroups) : entry;
    },
    unused: () => tests.filter(({ found }) => !found).map(({ words }) => words),
  };
}

/** In the order in which they are numbered while they are tried. */
export function patternsOf(rules: LineUpRules): readonly Match[] {
  const { include, exclude, rename, regroup } = rules;
  const ofFilter = (filter: LineUpFilter | undefined) =>
    filter === undefined ? [] : FIELDS.flatMap((field) => filter[field]);
  return [
    ...ofFilter(include),
    ...ofFilter(exclude),
    ...[...rename, ...regroup].map(({ from }) => from),
  ];
}

type Test = {
  readonly words: string;
  readonly is: (text: string) => boolean;
  readonly replace: (text: string, to: string, whole: boolean) => string;
  found: boolean;
};

function compileMatch(match: Match, index: number, watch: PatternWatch, what: string): Test {
  const words = `${what} ${formatMatch(match)}`;
  if (match.kind === 'text') {
    const is = (text: string) => text === match.text;
    const replace = (text: string, to: string) => (text === match.text ? to : text);
    return { words, is, replace, found: false };
  }
  const once = new RegExp(match.source, match.flags);
  const every = new RegExp(match.source, `${match.flags}g`);
  return {
    words,
    found: false,
    is: (text) => watch.during(index, words, () => once.test(text)),
    replace: (text, to, whole) =>
      watch.during(index, words, () => {
        if (!whole) return text.replace(every, to);
        const found = once.exec(text);
        return found === null ? text : expand(to, found);
      }),
  };
}

/** `$1` to `$9` and `$&`, as in a replacement. */
function expand(to: string, found: RegExpExecArray): string {
  return to.replace(/\$([$&1-9])/g, (_, sign: string) => {
    if (sign === '$') return '$';
    return found[sign === '&' ? 0 : Number(sign)] ?? '';
  });
}

const FIELDS = ['group', 'name', 'guide'] as const;
type FilterRow = { readonly field: (typeof FIELDS)[number]; readonly tests: readonly Test[] };

function compileFilter(
  what: string,
  filter: LineUpFilter,
  compile: (what: string, match: Match) => Test,
): readonly FilterRow[] {
  return FIELDS.flatMap((field) => {
    const tests = filter[field].map((match) => compile(`${what}.${field}`, match));
    return tests.length === 0 ? [] : [{ field, tests }];
  });
}

function anyOf({ field, tests }: FilterRow, entry: ListEntry): boolean {
  const more = field === 'group' ? (entry.kept?.['groups']?.split(';') ?? []) : [];
  const texts = [entry[field] ?? '', ...more];
  return tests.some((test) => {
    if (!texts.some((text) => test.is(text))) return false;
    test.found = true;
    return true;
  });
}

type Change = { readonly rule: Replacement; readonly test: Test };

function changed(
  entry: ListEntry,
  renames: readonly Change[],
  regroups: readonly Change[],
): ListEntry {
  const { name, group = '' } = entry;
  const newName = plainText(replaced(name, renames, false), MAX_TEXT_CHARS) || name;
  const newGroup = plainText(replaced(group, regroups, true), MAX_TEXT_CHARS);
  if (newName === name && newGroup === group) return entry;
  const { group: _, ...rest } = entry;
  return {
    ...rest,
    name: newName,
    ...(newGroup === '' ? {} : { group: newGroup }),
    listed: [name, group],
  };
}

function replaced(text: string, changes: readonly Change[], whole: boolean): string {
  let now = text;
  for (const { rule, test } of changes) {
    if (!test.is(now)) continue;
    test.found = true;
    now = test.replace(now, rule.to, whole);
  }
  return now;
}
