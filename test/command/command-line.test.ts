// This file tests how the arguments of a command are read, and what its help says.
import { describe, expect, test } from 'bun:test';
import {
  type Command,
  EXIT,
  firstWordIndex,
  parseArguments,
  UsageError,
} from '../../src/command/command-line.ts';
import { CONFIG_FLAGS } from '../../src/command/config-flags.ts';
import { formatCommandHelp, formatOverview } from '../../src/command/help.ts';
import { COMMANDS } from '../../src/main.ts';

const command: Pick<Command, 'name' | 'flags' | 'maxOperands' | 'operands'> = {
  name: 'try',
  operands: 'URL',
  maxOperands: 1,
  flags: [
    { name: '--config', value: 'FILE', means: '' },
    { name: '--header', value: 'TEXT', means: '', repeats: true },
    { name: '--json', means: '' },
  ],
};

describe('parseArguments()', () => {
  const rows: readonly [string[], string[], Record<string, string[]>][] = [
    [[], [], {}],
    [['a'], ['a'], {}],
    [['--config', 'f', 'a'], ['a'], { '--config': ['f'] }],
    [['--config=f=g', 'a'], ['a'], { '--config': ['f=g'] }],
    [['--config='], [], { '--config': [''] }],
    [['--config', '-'], [], { '--config': ['-'] }],
    [['--config=-x'], [], { '--config': ['-x'] }],
    [['--header', 'a', '--header', 'b'], [], { '--header': ['a', 'b'] }],
    [['--json', 'a'], ['a'], { '--json': [''] }],
    [['-h'], [], { '--help': [''] }],
    [['a', 'b', '--help'], ['a', 'b'], { '--help': [''] }],
    [['--', '--json'], ['--json'], {}],
    [['-'], ['-'], {}],
  ];
  test.each(rows)('%j', (args, operands, flags) => {
    const given = parseArguments(args, command);
    expect(given.operands).toEqual(operands);
    expect(Object.fromEntries(given.flags)).toEqual(flags);
  });

  const wrong: readonly [string[], string][] = [
    [['--confg', 'f'], 'Unknown flag --confg, did you mean --config?'],
    [['-x'], 'Unknown flag -x, see weir try --help'],
    [['--zzzzzz=1'], 'Unknown flag --zzzzzz, see weir try --help'],
    [['--\x1b[2J'], 'Unknown flag --?[2J, see weir try --help'],
    [['--config'], '--config wants a value: --config FILE'],
    [['--config', '--json'], '--config wants a value: --config FILE'],
    [['--config', 'a', '--config', 'b'], '--config is given twice'],
    [['--json=1'], '--json takes no value'],
    [['a', 'b'], 'weir try does not know what to do with "b", wanted URL'],
  ];
  test.each(wrong)('%j is refused', (args, message) => {
    expect(() => parseArguments(args, command)).toThrow(new UsageError(message));
  });
});

describe('firstWordIndex()', () => {
  const rows: readonly [string[], number][] = [
    [[], 0],
    [['check'], 0],
    [['check', '--config', 'f'], 0],
    [['--config', 'check', 'check'], 2],
    [['--config=f', 'check'], 1],
    [['--json', 'check'], 1],
    [['-h', 'check'], 1],
    [['--config', 'f'], 2],
    [['--config'], 1],
    [['--', 'check'], 2],
    [['--confg', 'check'], 2],
    [['--confg=f', 'check'], 2],
    [['-'], 0],
  ];
  test.each(rows)('%j', (args, index) => {
    expect(firstWordIndex(args, [{ flags: [] }, command])).toBe(index);
  });
});

describe('the table of commands', () => {
  test('names what the design names, serve first', () => {
    expect(COMMANDS.map(({ name }) => name)).toEqual([
      'serve',
      'check',
      'import',
      'probe',
      'user',
      'guide',
      'doctor',
      'healthcheck',
      'version',
      'help',
    ]);
  });

  test.each(COMMANDS.map((each) => [each.name, each] as const))('%s has a help', (name, each) => {
    const help = formatCommandHelp(each);
    expect(each.summary).toMatch(/^[A-Z].*\.$/);
    expect(help).toContain(`Usage: weir ${name}`);
    expect(help).toContain('\nExamples\n  weir');
    for (const flag of each.flags) expect(help).toContain(flag.name);
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test.each(COMMANDS.map((each) => [each.name, each] as const))(
    'the examples of %s are right',
    (_, each) => {
      for (const example of each.examples) {
        const words = example
          .split(' && ')[0]!
          .match(/'[^']*'|\S+/g)!
          .map((word) => word.replaceAll("'", ''));
        const [program, name = 'serve', ...rest] = words;
        expect(program).toBe('weir');
        expect(name).toBe(each.name);
        expect(() => parseArguments(rest, each)).not.toThrow();
      }
    },
  );

  test('the flags of the design are there', () => {
    const names = CONFIG_FLAGS.map(({ name }) => name);
    for (const name of ['--config', '--listen', '--m3u', '--data', '--log-level', '--log-format']) {
      expect(names).toContain(name);
    }
    expect(new Set(names).size).toBe(names.length);
  });

  test('the overview names every command and every exit code', () => {
    const overview = formatOverview(COMMANDS);
    for (const { name } of COMMANDS) expect(overview).toContain(`\n  ${name}`);
    for (const code of Object.values(EXIT))
      expect(overview).toMatch(new RegExp(`\\b${code} [a-z]`));
  });
});
