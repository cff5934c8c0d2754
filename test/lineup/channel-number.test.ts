// This file tests that channels without a number get one that stays.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { silentLog } from '../../src/base/log.ts';
import { openMemoryStore, openStore, type Store } from '../../src/channel/store.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import { ChannelNumbers } from '../../src/lineup/channel-number.ts';
import { createTempFolder } from '../support/temp-folder.ts';

function channel(id: string, number?: number): ChannelConfig {
  const rest = { id, name: id, mode: 'buffered', sources: [], keepWarm: false } as const;
  return number === undefined ? rest : { ...rest, number };
}

/** `a b=5`: a channel without a number, one with. */
function parse(text: string): ChannelConfig[] {
  return text.split(' ').map((word) => {
    const [id = '', number] = word.split('=');
    return number === undefined ? channel(id) : channel(id, Number(number));
  });
}

const format = (channels: readonly ChannelConfig[]) =>
  channels.map(({ id, number }) => `${id}=${number}`).join(' ');

const start = (store: Store = openMemoryStore()) => new ChannelNumbers(store, silentLog);

describe('ChannelNumbers', () => {
  const rows: readonly [string, readonly (readonly [string, string])[]][] = [
    ['none given: from one on, as they stand', [['c a b', 'c=1 a=2 b=3']]],
    ['after the highest given', [['x a=7 y b=3 z', 'x=8 a=7 y=9 b=3 z=10']]],
    ['a number with a fraction counts', [['a=7.1 b', 'a=7.1 b=8']]],
    [
      'before the highest where nothing is after it',
      [['a=99998 b c d=1', 'a=99998 b=99999 c=2 d=1']],
    ],
    [
      'one more in the middle moves none',
      [
        ['a b', 'a=1 b=2'],
        ['a x b', 'a=1 x=3 b=2'],
      ],
    ],
    [
      'another order moves none',
      [
        ['a b c', 'a=1 b=2 c=3'],
        ['c b a', 'c=3 b=2 a=1'],
      ],
    ],
    [
      'one that comes back has its own',
      [
        ['a b', 'a=1 b=2'],
        ['b', 'b=2'],
        ['c a b', 'c=3 a=1 b=2'],
      ],
    ],
    [
      'a higher one given later moves none',
      [
        ['a b', 'a=1 b=2'],
        ['a b x=50 c', 'a=1 b=2 x=50 c=51'],
      ],
    ],
    [
      'one that is given to another is given up',
      [
        ['a b', 'a=1 b=2'],
        ['a b x=2', 'a=1 b=3 x=2'],
      ],
    ],
    [
      'one given and taken back',
      [
        ['a=9 b', 'a=9 b=10'],
        ['a b', 'a=1 b=10'],
      ],
    ],
  ];
  test.each(rows)('%s', (_, turns) => {
    const numbers = start();
    for (const [before, after] of turns) expect(format(numbers.number(parse(before)))).toBe(after);
  });

  test('are kept over a restart, unless they are no numbers', async () => {
    await using folder = await createTempFolder();
    {
      using store = openStore(folder.path);
      expect(format(start(store).number(parse('a b c')))).toBe('a=1 b=2 c=3');
      store.save(
        'channel-number',
        new Map<string, unknown>([
          ['c', '3'],
          ['d', 0.5],
        ]),
      );
    }
    using store = openStore(folder.path);
    expect(format(start(store).number(parse('d c b a')))).toBe('d=3 c=4 b=2 a=1');
  });

  test('are had where nothing can be saved', () => {
    const store = openMemoryStore();
    store.save = () => {
      throw new Error('disk full');
    };
    expect(format(start(store).number(parse('a b')))).toBe('a=1 b=2');
  });

  test('are each whole, its own and the same at the next turn, whatever comes and goes', () => {
    const list = fc.uniqueArray(
      fc.tuple(fc.stringMatching(/^[a-f]{1,2}$/), fc.option(fc.integer({ min: 1, max: 30 }))),
      {
        maxLength: 30,
        selector: ([id]) => id,
      },
    );
    fc.assert(
      fc.property(fc.array(list, { minLength: 2, maxLength: 6 }), (turns) => {
        const numbers = start();
        for (const turn of turns) {
          const channels = turn.map(([id, number]) => channel(id, number ?? undefined));
          const numbered = numbers.number(channels);
          expect(numbered.map(({ id }) => id)).toEqual(turn.map(([id]) => id));
          const made = numbered.filter((_, index) => channels[index]?.number === undefined);
          const given = channels.flatMap(({ number }) => number ?? []);
          const all = [...new Set(given), ...made.map(({ number }) => number as number)];
          expect(new Set(all).size).toBe(all.length);
          expect(all.every((number) => Number.isInteger(number) && number >= 1)).toBe(true);
          expect(format(numbers.number(channels))).toBe(format(numbered));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('run out: those that are away lose theirs first, then some have none', () => {
    const numbers = start();
    const many = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, index) => channel(`${prefix}${index}`));
    numbers.number(many('a', 60_000));
    const second = numbers.number(many('b', 60_000));
    expect(second.every(({ number }) => number !== undefined)).toBe(true);
    const third = numbers.number(many('c', 100_005));
    expect(third.filter(({ number }) => number === undefined).length).toBe(6);
  });
});
