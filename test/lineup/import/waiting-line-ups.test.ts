// This file tests that line-ups are served while the shared store takes nothing, and kept once it does.
import { describe, expect, test } from 'bun:test';
import { loadEdition } from '../../../src/lineup/import/editions.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  LineUpWorld,
  lineUpSetting,
  m3uOf,
  type WorldOptions,
} from '../../support/line-up-world.ts';
import { MemorySharedStore } from '../../support/memory-shared-store.ts';

const URL_A = 'https://a.example/list.m3u';
const URL_B = 'https://b.example/list.m3u';
const A = lineUpSetting(URL_A);
const B = lineUpSetting(URL_B);
const AWAY = 'CHANNEL_STORE_UNREACHABLE';

const named = (...entries: [name: string, url: string][]) =>
  `#EXTM3U\n${entries.map(([name, url]) => `#EXTINF:-1,${name}\n${url}\n`).join('')}`;

/** A node with a copy of its own. */
const node = (options: Omit<WorldOptions, 'copy'> & { copy?: MemorySharedStore }) =>
  new LineUpWorld({ copy: new MemorySharedStore(), ...options });

const shown = ({ lineUps }: LineUpWorld) =>
  lineUps.channels.map(({ id, number, name }) => `${id} ${number} ${name}`);
const waiting = ({ lineUps }: LineUpWorld) =>
  lineUps.status().map(({ kept }) => kept?.isWaiting ?? false);

/** As long as it takes until the store is asked again. */
async function pass(world: LineUpWorld, seconds = 4): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await world.clock.advance(1000);
    await world.settle();
  }
}

describe('while the shared store is away', () => {
  test('a first start has all channels at once, and what they are called is kept afterwards', async () => {
    const store = new MemorySharedStore();
    store.refusal = AWAY;
    const script = { [URL_A]: { body: m3uOf('one', 'two') }, [URL_B]: { body: m3uOf('two') } };
    await using world = node({ script, store });
    await world.start([A, B]);
    const first = shown(world);
    expect(first).toEqual(['one 1 one', 'two 2 two', expect.stringMatching(/^two-\w+ 3 two$/)]);
    expect(waiting(world)).toEqual([true, true]);
    expect(world.lineUps.status().map(({ error }) => error)).toEqual([undefined, undefined]);
    await pass(world);
    expect(await store.load('line-up')).toEqual(new Map());

    store.refusal = undefined;
    await pass(world);
    expect(waiting(world)).toEqual([false, false]);
    expect(shown(world)).toEqual(first);
    expect(world.outbound.requests.length).toBe(2);
    await using other = node({ script: {}, store: store.beside() });
    await other.start([A, B]);
    expect(shown(other)).toEqual(first);
  });

  test('it is all there after another start, the provider down as well', async () => {
    const [store, copy, clock] = [
      new MemorySharedStore(),
      new MemorySharedStore(),
      new FakeClock(),
    ];
    store.refusal = AWAY;
    let first: string[];
    {
      const script = { [URL_A]: { body: m3uOf('one', 'two') } };
      await using world = node({ script, store, copy, clock });
      await world.start([A]);
      first = shown(world);
    }
    await clock.advance(3_600_000);
    await using world = node({ script: {}, store, copy, clock });
    await world.start([A]);
    expect(shown(world)).toEqual(first);
    store.refusal = undefined;
    await pass(world);
    expect(waiting(world)).toEqual([false]);
    await using other = node({ script: {}, store: store.beside(), clock });
    await other.start([A]);
    expect(shown(other)).toEqual(first);
  });

  test('what another node gave first stands; what it has not is called as it was', async () => {
    const [store, clock] = [new MemorySharedStore(), new FakeClock()];
    store.refusal = AWAY;
    let third = 'Sport';
    const script = {
      [URL_A]: () => ({
        body: named(
          ['News', 'http://h.example/1'],
          ['New', 'http://h.example/2'],
          [third, 'http://h.example/3'],
        ),
      }),
    };
    await using late = node({ script, store, clock });
    await late.start([A]);
    expect(shown(late)).toEqual(['news 1 News', 'new 2 New', 'sport 3 Sport']);
    third = 'Games';
    await late.lineUps.refresh();
    expect(shown(late)[2]).toBe('sport 3 Games');
    // The other read it when it was called otherwise, and another list besides
    store.refusal = undefined;
    clock.stepWall(-1000);
    const before = {
      [URL_B]: { body: m3uOf('new') },
      [URL_A]: { body: named(['Nachrichten', 'http://h.example/1']) },
    };
    await using other = node({ script: before, store: store.beside(), clock });
    await other.start([B, A]);
    expect(shown(other)).toEqual(['new 1 new', 'nachrichten 2 Nachrichten']);
    clock.stepWall(1000);
    await pass(late);
    const [own, sports] = [expect.stringMatching(/^new-\w+ 4 New$/), 'sport 3 Games'];
    const both = ['nachrichten 2 News', own, sports];
    expect(shown(late)).toEqual(both);
    expect(late.changes).toBeGreaterThan(0);
    await other.settle();
    expect(shown(other)).toEqual(['new 1 new', ...both]);
  });

  test('a list that another node has read later is the one that counts', async () => {
    const [store, clock] = [new MemorySharedStore(), new FakeClock()];
    store.refusal = AWAY;
    await using late = node({ script: { [URL_A]: { body: m3uOf('one') } }, store, clock });
    await late.start([A]);
    store.refusal = undefined;
    await clock.advance(100);
    const script = { [URL_A]: { body: m3uOf('one', 'two') } };
    await using other = node({ script, store: store.beside(), clock });
    await other.start([A]);
    await pass(late);
    expect(shown(late)).toEqual(['one 1 one', 'two 2 two']);
    expect(waiting(late)).toEqual([false]);
  });

  test('of two lists with the same names the first has them, though it answers later', async () => {
    const store = new MemorySharedStore();
    store.refusal = AWAY;
    const answered = Promise.withResolvers<void>();
    const script = {
      [URL_A]: async () => {
        await answered.promise;
        return { body: m3uOf('one') };
      },
      [URL_B]: { body: m3uOf('one') },
    };
    await using world = node({ script, store });
    const start = world.start([A, B]);
    await world.settle();
    expect(world.ids).toEqual([]);
    answered.resolve();
    await start;
    expect(shown(world)[0]).toBe('one 1 one');
    const [first] = world.lineUps.channels;
    expect(first?.sources[0]).toMatchObject({ url: 'https://a.example/one.m3u8' });
  });

  test('a refresh in mid-run is served, and its channels stay the same', async () => {
    const store = new MemorySharedStore();
    let token = 1;
    const script = {
      [URL_A]: () => ({ body: named(['One', `http://h.example/one?token=${token}`]) }),
    };
    await using world = node({ script, store });
    await world.start([A]);
    const url = () => world.lineUps.channels.map(({ id, sources }) => [id, sources[0]]);
    store.refusal = AWAY;
    token = 2;
    await world.lineUps.refresh();
    expect(url()).toMatchObject([['one', { url: 'http://h.example/one?token=2' }]]);
    expect(waiting(world)).toEqual([true]);
    store.refusal = undefined;
    await pass(world);
    expect(url()).toMatchObject([['one', { url: 'http://h.example/one?token=2' }]]);
    expect(waiting(world)).toEqual([false]);
    await using other = node({ script: {}, store: store.beside() });
    await other.start([A]);
    expect(other.lineUps.channels[0]?.sources[0]).toMatchObject({
      url: 'http://h.example/one?token=2',
    });
  });

  test('a line-up that is given another name, or takes the place of another, is the one it was', async () => {
    const store = new MemorySharedStore();
    const script = {
      [URL_A]: { body: m3uOf('one', 'two') },
      [URL_B]: { body: m3uOf('one', 'two') },
    };
    await using world = node({ script, store });
    await world.start([A]);
    store.refusal = AWAY;
    await world.lineUps.apply([{ ...A, key: 'named', refreshMs: 1 }], []);
    await world.lineUps.refresh();
    expect([shown(world), waiting(world)]).toEqual([['one 1 one', 'two 2 two'], [true]]);
    // Another provider with the same channels
    await world.lineUps.apply([B], []);
    await world.settle();
    expect([shown(world), waiting(world)]).toEqual([['one 1 one', 'two 2 two'], [true]]);
    store.refusal = undefined;
    await pass(world);
    expect([shown(world), waiting(world)]).toEqual([['one 1 one', 'two 2 two'], [false]]);
    await using other = node({ script: {}, store: store.beside() });
    await other.start([B]);
    expect(shown(other)).toEqual(['one 1 one', 'two 2 two']);
    const ids = [...(await loadEdition(store)).lineUps.values()].flatMap(({ rows }) => [...rows]);
    expect(ids.map(({ id }) => id)).toEqual(['one', 'two']);
  });

  test('one that answers and takes no writes is asked again, ever more seldom', async () => {
    const store = new MemorySharedStore();
    store.refusal = 'CHANNEL_STORE_READ_ONLY';
    await using world = node({ script: { [URL_A]: { body: m3uOf('one') } }, store });
    const asked: string[] = [];
    world.before = async ({ what }) => void asked.push(what);
    await world.start([A]);
    expect(shown(world)).toEqual(['one 1 one']);
    await pass(world, 120);
    const times = asked.filter((what) => what === 'keep').length;
    expect(times).toBeGreaterThan(3);
    expect(times).toBeLessThan(12);
    store.refusal = undefined;
    await pass(world, 61);
    expect(waiting(world)).toEqual([false]);
    expect(shown(world)).toEqual(['one 1 one']);
    await pass(world, 300);
    expect(asked.filter((what) => what === 'keep').length).toBeLessThan(14);
  });

  test('a copy that cannot be written either is said as before', async () => {
    const [store, copy] = [new MemorySharedStore(), new MemorySharedStore()];
    store.refusal = AWAY;
    copy.refusal = 'CHANNEL_STORE_FULL';
    await using world = node({ script: { [URL_A]: { body: m3uOf('one') } }, store, copy });
    await world.start([A]);
    expect(world.lineUps.status()[0]?.error).toMatchObject({
      code: 'LINEUP_STORE',
      message: expect.stringContaining('CHANNEL_STORE_FULL'),
    });
  });
});
