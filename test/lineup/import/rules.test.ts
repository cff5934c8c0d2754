// This file tests that rules take, leave out and change what they say, and tell what they did not find.
import { describe, expect, test } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { parseMatch } from '../../../src/config/match.ts';
import type { LineUpFilter, LineUpRules } from '../../../src/config/resolve-lineups.ts';
import type { ListEntry } from '../../../src/lineup/import/list-entry.ts';
import {
  createPatternCells,
  PatternGuard,
  PatternWatch,
} from '../../../src/lineup/import/pattern-watch.ts';
import { compileRules, patternsOf } from '../../../src/lineup/import/rules.ts';

const match = (text: string) => {
  const parsed = parseMatch(text);
  if (parsed === undefined) throw new Error(`no match: ${text}`);
  return parsed;
};
const filter = (of: Partial<Record<keyof LineUpFilter, string[]>>): LineUpFilter => ({
  group: (of.group ?? []).map(match),
  name: (of.name ?? []).map(match),
  guide: (of.guide ?? []).map(match),
});
const rulesOf = (more: Partial<LineUpRules>): LineUpRules => ({
  rename: [],
  regroup: [],
  sort: 'list',
  ...more,
});
const watch = () => new PatternWatch(createPatternCells(), 0, systemClock);

const ENTRIES: readonly ListEntry[] = [
  { name: 'UK: News HD', group: 'News', guide: 'news.uk', url: 'http://h/1' },
  { name: 'Sport 1', group: 'UK Sport', url: 'http://h/2', kept: { groups: 'Live;HD' } },
  { name: 'Film', url: 'http://h/3' },
];

function applied(more: Partial<LineUpRules>): [string[], readonly string[]] {
  const rules = compileRules(rulesOf(more), watch());
  const taken = ENTRIES.flatMap((entry) => rules.apply(entry) ?? []);
  return [taken.map(({ name, group }) => `${name}|${group ?? ''}`), rules.unused()];
}

describe('compileRules()', () => {
  test.each<[string, Partial<LineUpRules>, string[], string[]]>([
    ['nothing', {}, ['UK: News HD|News', 'Sport 1|UK Sport', 'Film|'], []],
    ['a group', { include: filter({ group: ['News'] }) }, ['UK: News HD|News'], []],
    [
      'any of several groups of an entry',
      { include: filter({ group: ['HD'] }) },
      ['Sport 1|UK Sport'],
      [],
    ],
    [
      'a text is the whole of it',
      { include: filter({ name: ['Fil'] }) },
      [],
      ['include.name "Fil"'],
    ],
    ['case counts', { include: filter({ name: ['film'] }) }, [], ['include.name "film"']],
    ['a pattern is found anywhere', { include: filter({ name: ['/fil/i'] }) }, ['Film|'], []],
    [
      'all that include names has to be true',
      { include: filter({ group: ['News', 'UK Sport'], name: ['/1$/'] }) },
      ['Sport 1|UK Sport'],
      [],
    ],
    [
      'one of what exclude names is enough',
      { exclude: filter({ group: ['News'], guide: ['x'], name: ['Film'] }) },
      ['Sport 1|UK Sport'],
      ['exclude.guide "x"'],
    ],
    ['a guide id', { include: filter({ guide: ['/\\.uk$/'] }) }, ['UK: News HD|News'], []],
    [
      'a rename by pattern replaces every place, one after another',
      {
        rename: [
          { from: match('/^UK: (.*) HD$/'), to: '$1 (HD)' },
          { from: match('News (HD)'), to: 'Headlines' },
          { from: match('/[0-9]/'), to: '#' },
        ],
      },
      ['Headlines|News', 'Sport #|UK Sport', 'Film|'],
      [],
    ],
    [
      'a name never becomes nothing',
      { rename: [{ from: match('/.*/'), to: '' }] },
      ['UK: News HD|News', 'Sport 1|UK Sport', 'Film|'],
      [],
    ],
    [
      'a group in which a pattern is found is replaced as a whole',
      {
        regroup: [
          { from: match('/(sport)/i'), to: 'All $1 $$' },
          { from: match('News'), to: '' },
        ],
      },
      ['UK: News HD|', 'Sport 1|All Sport $', 'Film|'],
      [],
    ],
    [
      'what is replaced is one line',
      { rename: [{ from: match('Film'), to: 'a\nb' }] },
      ['UK: News HD|News', 'Sport 1|UK Sport', 'a b|'],
      [],
    ],
  ])('%s', (_, rules, taken, unused) => {
    expect(applied(rules)).toEqual([taken, unused]);
  });

  test('what the list had is kept beside what a rule made of it', () => {
    const rules = compileRules(
      rulesOf({ rename: [{ from: match('Film'), to: 'Movie' }] }),
      watch(),
    );
    expect(rules.apply(ENTRIES[2] as ListEntry)).toEqual({
      name: 'Movie',
      url: 'http://h/3',
      listed: ['Film', ''],
    });
    expect(rules.apply(ENTRIES[1] as ListEntry)).toBe(ENTRIES[1] as ListEntry);
  });

  test('a pattern that is slow again and again ends the reading, one that is so once does not', () => {
    let nowMs = 0;
    const slow = new PatternWatch(createPatternCells(), 0, { monotonicMs: () => (nowMs += 60) });
    for (let time = 0; time < 100; time++) slow.during(0, '/a/', () => {});
    const late = new PatternWatch(createPatternCells(), 0, { monotonicMs: () => (nowMs += 100) });
    for (let time = 0; time < 4; time++) late.during(0, '/a/', () => {});
    for (let time = 0; time < 4; time++) late.during(1, '/b/', () => {});
    expect(() => late.during(0, '/a/', () => {})).toThrow(
      expect.objectContaining({ code: 'LINEUP_PATTERN', detail: { pattern: '/a/' } }),
    );
  });

  test('a pattern that is a little slow with very many names ends the reading, and no other does', () => {
    let nowMs = 0;
    const watch = new PatternWatch(createPatternCells(), 0, { monotonicMs: () => nowMs });
    const take = (index: number, words: string, ms: number) =>
      watch.during(index, words, () => {
        nowMs += ms;
      });
    for (let name = 0; name < 199; name++) take(0, '/a/', 50);
    for (let name = 0; name < 100_000; name++) take(1, '/b/', 0.01);
    expect(() => take(0, '/a/', 50)).toThrow(
      expect.objectContaining({ code: 'LINEUP_PATTERN', detail: { pattern: '/a/' } }),
    );
  });

  test('a pattern that is being tried is known by its number', () => {
    const cells = createPatternCells();
    const rules = rulesOf({
      include: filter({ name: ['A', '/b/'] }),
      exclude: filter({ group: ['/c/'] }),
      rename: [{ from: match('/d/'), to: '' }],
    });
    const guard = new PatternGuard(cells);
    const other = new PatternWatch(cells, 3, systemClock);
    other.during(2, 'a', () => {
      expect(guard.stuck(0, 100)).toBeUndefined();
      expect(guard.stuck(99, 100)).toBeUndefined();
      expect(guard.stuck(100, 100)).toEqual({ lineUp: 3, index: 2 });
    });
    expect(patternsOf(rules)[2]).toEqual(match('/c/'));
    expect(guard.stuck(1000, 100)).toBeUndefined();
    other.during(0, 'b', () => expect(guard.stuck(2000, 100)).toBeUndefined());
  });
});

describe('parseMatch()', () => {
  test.each([
    ['News', { kind: 'text', text: 'News' }],
    ['/srv', { kind: 'text', text: '/srv' }],
    ['/a/i', { kind: 'pattern', source: 'a', flags: 'i' }],
    ['/a/b/', { kind: 'pattern', source: 'a/b', flags: '' }],
    ['/a/b/c', { kind: 'text', text: '/a/b/c' }],
    ['/a/g', undefined],
    ['/a/si', undefined],
    ['/(/', undefined],
    ['/a/ii', undefined],
    ['', undefined],
    ['a\nb', undefined],
    ['x'.repeat(201), undefined],
  ] as const)('%p is %p', (text, parsed) => {
    expect(parseMatch(text)).toEqual(parsed);
  });
});
