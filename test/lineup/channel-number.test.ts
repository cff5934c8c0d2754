// This file tests that channels without a number get one that stays.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { silentLog } from '../../src/base/log.ts';
import type { SharedStore } from '../../src/channel/shared-store.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import { CHANNEL_NUMBER_KIND, ChannelNumbers } from '../../src/lineup/channel-number.ts';
import { MemorySharedStore } from '../support/memory-shared-store.ts';

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

const start = (store: SharedStore = new MemorySharedStore()) =>
  ChannelNumbers.open(store, silentLog);

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
  test.each(rows)('%s', async (_, turns) => {
    const numbers = await start();
    for (const [before, after] of turns) {
      expect(format(await numbers.number(parse(before)))).toBe(after);
    }
  });

  test('are kept over a restart, unless they are no numbers', async () => {
    const store = new MemorySharedStore();
    expect(format(await (await start(store)).number(parse('a b c')))).toBe('a=1 b=2 c=3');
    const broken = new Map<string, unknown>([
      ['c', '3'],
      ['d', 0.5],
    ]);
    await store.save('channel-number', broken);
    const again = await start(store);
    expect(format(await again.number(parse('d c b a')))).toBe('d=3 c=4 b=2 a=1');
  });

  test('are what another node gave first', async () => {
    const store = new MemorySharedStore();
    const [one, other] = [await start(store), await start(store.beside())];
    expect(format(await other.number(parse('b a')))).toBe('b=1 a=2');
    expect(format(await one.number(parse('a b')))).toBe('a=2 b=1');
  });

  test('are had where nothing can be read or saved', async () => {
    const store = new MemorySharedStore();
    const fail = () => Promise.reject(new Error('disk full'));
    store.load = fail;
    store.save = fail;
    store.claim = fail;
    expect(format(await (await start(store)).number(parse('a b')))).toBe('a=1 b=2');
  });

  test('are each whole, its own and the same at the next turn, whatever comes and goes', async () => {
    const list = fc.uniqueArray(
      fc.tuple(fc.stringMatching(/^[a-f]{1,2}$/), fc.option(fc.integer({ min: 1, max: 30 }))),
      {
        maxLength: 30,
        selector: ([id]) => id,
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(list, { minLength: 2, maxLength: 6 }), async (turns) => {
        const numbers = await start();
        for (const turn of turns) {
          const channels = turn.map(([id, number]) => channel(id, number ?? undefined));
          const numbered = await numbers.number(channels);
          expect(numbered.map(({ id }) => id)).toEqual(turn.map(([id]) => id));
          const made = numbered.filter((_, index) => channels[index]?.number === undefined);
          const given = channels.flatMap(({ number }) => number ?? []);
          const all = [...new Set(given), ...made.map(({ number }) => number as number)];
          expect(new Set(all).size).toBe(all.length);
          expect(all.every((number) => Number.isInteger(number) && number >= 1)).toBe(true);
          expect(format(await numbers.number(channels))).toBe(format(numbered));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('run out: those that are away lose theirs first, then some have none', async () => {
    // A store that takes everything at once: what it costs is no matter here
    const store = new MemorySharedStore();
    store.claim = async (_, documents) => documents;
    store.save = async () => {};
    const numbers = await start(store);
    const many = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, index) => channel(`${prefix}${index}`));
    await numbers.number(many('a', 60_000));
    const second = await numbers.number(many('b', 60_000));
    expect(second.every(({ number }) => number !== undefined)).toBe(true);
    const third = await numbers.number(many('c', 100_005));
    expect(third.filter(({ number }) => number === undefined).length).toBe(6);
  });

  test('what another node gave goes, once it is heard of', async () => {
    const store = new MemorySharedStore();
    const numbers = await start(store);
    expect(format(await numbers.number(parse('a b')))).toBe('a=1 b=2');
    expect(await numbers.read()).toBe(false);
    await store.save(CHANNEL_NUMBER_KIND, new Map([['b', 7]]));
    expect(await numbers.read()).toBe(true);
    expect(format(await numbers.number(parse('a b')))).toBe('a=1 b=7');
  });
});
