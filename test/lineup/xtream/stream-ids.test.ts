// This file tests that stream ids are small, the same on every node, and stay.
import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../src/base/log.ts';
import type { SharedStore } from '../../../src/channel/shared-store.ts';
import { StreamIds } from '../../../src/lineup/xtream/stream-ids.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { MemorySharedStore } from '../../support/memory-shared-store.ts';

function opened(store: Pick<SharedStore, 'load' | 'claim' | 'watch'>, clock = new FakeClock()) {
  return new StreamIds({ store, clock, log: silentLog });
}

const numbersOf = (ids: StreamIds, names: readonly string[]) =>
  names.map((name) => ids.numberOf('live', name));

/** A store that can be away. */
function failing(inner: MemorySharedStore) {
  const state = { isDown: true };
  const unless = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state.isDown) throw new Error('down');
    return await work();
  };
  const store: Pick<SharedStore, 'load' | 'claim' | 'watch'> = {
    load: (kind) => unless(() => inner.load(kind)),
    claim: (kind, documents) => unless(() => inner.claim(kind, documents)),
    watch: (kind, changed) => inner.watch(kind, changed),
  };
  return { store, state };
}

describe('StreamIds', () => {
  test('numbers one after another, each kind apart, and says when', async () => {
    const ids = opened(new MemorySharedStore());
    await ids.number('live', ['news', 'sport']);
    await ids.number('film', ['news']);
    expect(numbersOf(ids, ['news', 'sport'])).toEqual([1, 2]);
    expect(ids.numberOf('film', 'news')).toBe(3);
    expect(ids.at(3)).toEqual({ kind: 'film', id: 'news' });
    expect(ids.at(4)).toBeUndefined();
    expect(ids.addedS(1)).toBe(Date.UTC(2026, 0, 1) / 1000);
  });

  test('keeps a number over a restart, whatever the order', async () => {
    const store = new MemorySharedStore();
    await opened(store).number('live', ['a', 'b', 'c']);
    const again = opened(store.beside());
    await again.number('live', ['z', 'c', 'a', 'b']);
    expect(numbersOf(again, ['a', 'b', 'c', 'z'])).toEqual([1, 2, 3, 4]);
  });

  test('a group may be called anything', async () => {
    const ids = opened(new MemorySharedStore());
    const names = ['', ' ', 'a b', 'live x', '\u0000', '📺'];
    await ids.number('group', names);
    const given = names.map((name) => ids.numberOf('group', name) as number);
    expect(new Set(given).size).toBe(names.length);
    expect(given.map((number) => ids.at(number)?.id)).toEqual(names);
  });

  test('two nodes that number at once agree', async () => {
    const store = new MemorySharedStore();
    const nodes = [opened(store), opened(store.beside())] as const;
    const names = Array.from({ length: 2500 }, (_, at) => `channel-${at}`);
    await Promise.all([
      nodes[0].number('live', names),
      nodes[1].number('live', names.toReversed()),
      nodes[1].number('film', names),
    ]);
    for (const name of names) {
      const number = nodes[0].numberOf('live', name) as number;
      expect(nodes[1].numberOf('live', name)).toBe(number);
      expect(nodes[1].at(number)).toEqual({ kind: 'live', id: name });
    }
    const films = names.map((name) => nodes[1].numberOf('film', name));
    expect(new Set([...films, ...numbersOf(nodes[1], names)]).size).toBe(5000);
  });

  test('a number that another node gave is known here', async () => {
    const store = new MemorySharedStore();
    const [here, there] = [opened(store), opened(store.beside())];
    await there.number('live', ['news']);
    await Bun.sleep(0);
    expect(here.at(1)).toEqual({ kind: 'live', id: 'news' });
  });

  test('of two numbers of one thing the lower is told, and both are of it', async () => {
    const store = new MemorySharedStore();
    const document = { is: 'live news', at: 5 };
    await store.save(
      'stream-id',
      new Map([
        ['7', document],
        ['4', document],
      ]),
    );
    const ids = opened(store);
    await ids.number('live', ['news', 'sport']);
    expect(numbersOf(ids, ['news', 'sport'])).toEqual([4, 8]);
    expect(ids.at(7)).toEqual({ kind: 'live', id: 'news' });
  });

  test('what is no number of ours is passed over', async () => {
    const store = new MemorySharedStore();
    const hostile: readonly (readonly [string, unknown])[] = [
      ['0', { is: 'live a', at: 1 }],
      ['-1', { is: 'live a', at: 1 }],
      ['2147483648', { is: 'live a', at: 1 }],
      ['x', { is: 'live a', at: 1 }],
      ['1', 'live a'],
      ['2', { is: 'radio a', at: 1 }],
      ['3', { is: 5, at: 1 }],
      ['4', null],
      ['5', { is: 'live b', at: -1 }],
    ];
    for (const [id, document] of hostile) {
      if (document !== null) await store.save('stream-id', new Map([[id, document]]));
    }
    const ids = opened(store);
    await ids.number('live', ['a', 'b']);
    expect(numbersOf(ids, ['a', 'b'])).toEqual([6, 5]);
    expect(ids.addedS(5)).toBe(0);
  });

  test('with the store down they are made of the names, and claimed once it is back', async () => {
    const inner = new MemorySharedStore();
    const clock = new FakeClock();
    const { store, state } = failing(inner);
    const ids = opened(store, clock);
    await ids.number('live', ['news', 'sport']);
    const [news, sport] = numbersOf(ids, ['news', 'sport']) as [number, number];
    expect(news).toBeGreaterThanOrEqual(2 ** 30);
    expect(sport).toBeLessThan(2 ** 31);
    expect(ids.at(news)).toEqual({ kind: 'live', id: 'news' });
    const other = opened(failing(inner).store, clock);
    await other.number('live', ['sport', 'news']);
    expect(numbersOf(other, ['news', 'sport'])).toEqual([news, sport]);
    state.isDown = false;
    await clock.advance(10_000);
    expect(await inner.get('stream-id', String(news))).toMatchObject({ is: 'live news' });
    const later = opened(inner.beside(), clock);
    await later.number('live', ['news', 'sport', 'new']);
    expect(numbersOf(later, ['news', 'sport', 'new'])).toEqual([news, sport, 1]);
  });

  test('what had a number before the store was down has it again, and both lead to it', async () => {
    const inner = new MemorySharedStore();
    await opened(inner).number('live', ['news']);
    const clock = new FakeClock();
    const { store, state } = failing(inner);
    const ids = opened(store, clock);
    await ids.number('live', ['news']);
    const made = ids.numberOf('live', 'news') as number;
    expect(made).toBeGreaterThanOrEqual(2 ** 30);
    state.isDown = false;
    await clock.advance(10_000);
    expect(ids.numberOf('live', 'news')).toBe(1);
    expect(ids.at(made)).toEqual({ kind: 'live', id: 'news' });
    expect((await inner.load('stream-id')).size).toBe(1);
  });

  test('while nodes do not hear of each other they make the same of the names', async () => {
    const clock = new FakeClock();
    const state = { isUp: false };
    const isStoreUp = () => state.isUp;
    const store = new MemorySharedStore();
    await opened(store, clock).number('live', ['old']);
    const deps = { isStoreUp, clock, log: silentLog };
    const nodes = [store, store.beside()].map((each) => new StreamIds({ ...deps, store: each }));
    const [here, there] = nodes as [StreamIds, StreamIds];
    await here.number('live', ['old', 'news', 'sport']);
    await there.number('live', ['sport', 'old', 'news']);
    const names = ['old', 'news', 'sport'];
    expect(numbersOf(here, names)).toEqual(numbersOf(there, names));
    expect(here.numberOf('live', 'old')).toBe(1);
    expect((await store.load('stream-id')).size).toBe(1);
    state.isUp = true;
    await clock.advance(10_000);
    expect((await store.load('stream-id')).size).toBe(3);
  });

  test('what lost its number to another has another after that', async () => {
    const store = new MemorySharedStore();
    const ids = opened(store);
    await ids.number('live', ['news', 'sport']);
    await store.beside().save('stream-id', new Map([['1', { is: 'live other', at: 1 }]]));
    await settle();
    expect([ids.losses, ids.numberOf('live', 'news')]).toEqual([1, undefined]);
    await ids.number('live', ['news', 'sport']);
    expect(numbersOf(ids, ['news', 'sport'])).toEqual([3, 2]);
  });

  test('a store that never answers keeps nobody waiting', async () => {
    const clock = new FakeClock();
    const never = new Promise<never>(() => {});
    const ids = opened(
      { load: () => never, claim: () => never, watch: () => ({ [Symbol.dispose]() {} }) },
      clock,
    );
    const numbered = ids.number('live', ['news']);
    await clock.advance(8000);
    await numbered;
    expect(ids.numberOf('live', 'news')).toBeGreaterThanOrEqual(2 ** 30);
  });
});
