// This file tests that line-ups are read, tried again, and kept where a new answer is no good.
import { describe, expect, test } from 'bun:test';
import type { ChannelConfig } from '../../../src/config/config.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  createDesk,
  inputOf,
  LineUpWorld,
  lineUpSetting,
  m3uOf,
} from '../../support/line-up-world.ts';
import { MemorySharedStore } from '../../support/memory-shared-store.ts';
import type { Script } from '../../support/outbound-script.ts';
import { createTempFolder } from '../../support/temp-folder.ts';

const URL_A = 'https://a.example/list.m3u';
const URL_B = 'https://b.example/list.m3u';
const A = lineUpSetting(URL_A);
const B = lineUpSetting(URL_B);

const own: ChannelConfig = {
  id: 'one',
  name: 'own',
  mode: 'buffered',
  sources: [],
  keepWarm: false,
};

describe('LineUps', () => {
  test('gives own channels first, then those of each list in order, ids never twice', async () => {
    const script = {
      [URL_A]: { body: m3uOf('one', 'two') },
      [URL_B]: { body: m3uOf('two', 'three') },
    };
    await using world = new LineUpWorld({ script });
    await world.start([A, B], [own]);
    const { channels } = world.lineUps;
    expect(new Set(world.ids).size).toBe(5);
    expect(channels[0]).toBe(own);
    expect(channels.map(({ name }) => name)).toEqual(['own', 'one', 'two', 'two', 'three']);
    expect(channels[1]?.sources[0]).toMatchObject({ url: 'https://a.example/one.m3u8' });
    expect(channels.slice(1).map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  test('own channels stand by their numbers, then as in the file; lists keep their order', async () => {
    await using world = new LineUpWorld({ script: { [URL_A]: { body: m3uOf('zoo', 'ant') } } });
    const numbered = (id: string, number?: number) => ({
      ...own,
      id,
      ...(number === undefined ? {} : { number }),
    });
    const file = [
      numbered('y'),
      numbered('c', 7),
      numbered('x'),
      numbered('b', 3),
      numbered('a', 7),
    ];
    await world.start([A], file);
    expect(world.ids).toEqual(['b', 'c', 'a', 'y', 'x', 'zoo', 'ant']);
    expect(world.lineUps.channels.slice(5).map(({ number }) => number)).toEqual([8, 9]);
  });

  test('reads files, gzip among them', async () => {
    await using folder = await createTempFolder();
    const packed = Bun.gzipSync(m3uOf('x').replace('x.m3u8', 'http://h.example/x.m3u8'));
    await using world = new LineUpWorld({ script: {} });
    const path = await folder.write('list.m3u', '');
    await Bun.write(path, packed);
    await world.start([lineUpSetting(path)]);
    expect(world.ids).toEqual(['x']);
  });

  test('one that fails does not keep the others, and is tried again until it comes', async () => {
    let isUp = false;
    const script: Script = {
      [URL_A]: { body: m3uOf('one') },
      [URL_B]: () => (isUp ? { body: m3uOf('two') } : { status: 503 }),
    };
    await using world = new LineUpWorld({ script });
    await world.start([A, B]);
    expect(world.ids).toEqual(['one']);
    expect(world.lineUps.status()[1]?.error?.code).toBe('LINEUP_STATUS');
    for (let step = 0; step < 12; step++) {
      await world.clock.advance(5_000);
      await world.settle();
    }
    const tries = world.outbound.requests.length;
    expect(tries).toBeGreaterThan(4);
    const before = world.changes;
    isUp = true;
    await world.clock.advance(300_000);
    await world.settle();
    expect(world.ids).toEqual(['one', 'two']);
    expect(world.changes).toBe(before + 1);
    expect(world.lineUps.status()[1]?.error).toBeUndefined();
    await world.clock.advance(3_600_000);
    expect(world.outbound.requests.length).toBe(tries + 1);
  });

  test('the start does not wait for one that takes for ever, which still comes', async () => {
    const late = Promise.withResolvers<void>();
    await using world = new LineUpWorld({ script: { [URL_A]: { body: m3uOf('one') } } });
    world.before = async ({ what }) => {
      if (what === 'import') await late.promise;
    };
    let isStarted = false;
    const start = world.start([A]).then(() => {
      isStarted = true;
    });
    await world.settle();
    await world.clock.advance(9_999);
    expect(isStarted).toBe(false);
    await world.clock.advance(1);
    await start;
    expect(world.ids).toEqual([]);
    late.resolve();
    await world.settle();
    expect(world.ids).toEqual(['one']);
    expect(world.changes).toBe(1);
  });

  test('a start while the provider is down has all channels, and waits for nothing', async () => {
    const [store, clock] = [new MemorySharedStore(), new FakeClock()];
    const body = '#EXTM3U\n#EXTINF:-1 tvg-chno="9" group-title="G",One\nhttp://h.example/1?t=1\n';
    {
      await using world = new LineUpWorld({ script: { [URL_A]: { body } }, store, clock });
      await world.start([A]);
    }
    await clock.advance(3_600_000);
    await using world = new LineUpWorld({ script: {}, store, clock });
    await world.start([A]);
    const [channel] = world.lineUps.channels;
    expect(channel).toMatchObject({ id: 'one', number: 9, group: 'G' });
    expect(channel?.sources[0]).toMatchObject({ url: 'http://h.example/1?t=1' });
    await world.settle();
    expect(world.lineUps.status()[0]?.error?.code).toBe('NET_CONNECT');
    expect(world.ids).toEqual(['one']);
  });

  test('who starts again and again does not ask the provider each time', async () => {
    const [store, clock] = [new MemorySharedStore(), new FakeClock()];
    const script = { [URL_A]: { body: m3uOf('one') } };
    let asked = 0;
    for (let start = 0; start < 5; start++) {
      await using world = new LineUpWorld({ script, store, clock });
      await world.start([A]);
      await world.settle();
      asked += world.outbound.requests.length;
      await clock.advance(30_000);
    }
    expect(asked).toBe(1);
  });

  const bad: readonly [string, Script[string]][] = [
    ['fails', { status: 500 }],
    ['is a page', { body: '<html>' }],
    ['is empty', { body: '' }],
    ['has no entries', { body: '#EXTM3U\n' }],
    ['has shrunk by more than half', { body: m3uOf('one') }],
    ['is gzip that is cut off', { body: Bun.gzipSync(m3uOf('one', 'two', 'three')).slice(0, -9) }],
  ];
  test.each(bad)('a new answer that %s leaves what was there', async (_, answer) => {
    let current: Script[string] = { body: m3uOf('one', 'two', 'three') };
    const script: Script = { [URL_A]: () => (typeof current === 'function' ? current() : current) };
    await using world = new LineUpWorld({ script });
    await world.start([A]);
    current = answer;
    await world.lineUps.refresh();
    expect(world.ids).toEqual(['one', 'two', 'three']);
    expect(world.lineUps.status()[0]?.error).toBeDefined();
    current = { body: m3uOf('four', 'five') };
    await world.lineUps.refresh();
    expect(world.ids).toEqual(['four', 'five']);
    expect(world.lineUps.status()[0]?.kept).toMatchObject({ channels: 2, gone: 3 });
  });

  test('each is read again at its time, once, and not before', async () => {
    await using world = new LineUpWorld({ script: { [URL_A]: { body: m3uOf('one') } } });
    await world.start([lineUpSetting(URL_A, { refreshMs: 3_600_000 })]);
    await world.pass(56);
    expect(world.outbound.requests.length).toBe(1);
    await world.pass(8);
    expect(world.outbound.requests.length).toBe(2);
    await world.pass(55);
    expect(world.outbound.requests.length).toBe(2);
  });

  test('what the server says is the same is not read', async () => {
    const tags: (string | undefined)[] = [];
    let status = 200;
    const script: Script = {
      [URL_A]: () => ({ status, headers: { etag: '"1"' }, body: m3uOf('one') }),
    };
    await using world = new LineUpWorld({ script });
    await world.start([A]);
    status = 304;
    await world.lineUps.refresh();
    for (const { policy } of world.outbound.requests) tags.push(policy.headers['if-none-match']);
    expect(tags).toEqual([undefined, '"1"']);
    expect(world.ids).toEqual(['one']);
    expect(world.lineUps.status()[0]?.error).toBeUndefined();
  });

  test('other rules are taken up by reading again; what they leave out comes back with its id', async () => {
    await using world = new LineUpWorld({ script: { [URL_A]: { body: m3uOf('one', 'two') } } });
    await world.start([A]);
    const name = [{ kind: 'text', text: 'two' }] as const;
    const rules = { ...A.rules, exclude: { group: [], name, guide: [] } };
    await world.lineUps.apply([{ ...A, rules }], []);
    await world.settle();
    expect(world.ids).toEqual(['one']);
    await world.lineUps.apply([A], [own]);
    await world.settle();
    expect(world.ids).toEqual(['one', expect.stringMatching(/^one-/), 'two']);
    await world.lineUps.apply([], [own]);
    expect(world.ids).toEqual(['one']);
  });

  test('other rules that come while it is read are not forgotten over that', async () => {
    await using world = new LineUpWorld({ script: { [URL_A]: { body: m3uOf('one', 'two') } } });
    await world.start([A]);
    const held = Promise.withResolvers<void>();
    world.before = async ({ what }) => {
      if (what === 'import') await held.promise;
    };
    const refreshed = world.lineUps.refresh();
    const name = [{ kind: 'text', text: 'two' }] as const;
    const rules = { ...A.rules, exclude: { group: [], name, guide: [] } };
    await world.lineUps.apply([{ ...A, rules }], []);
    held.resolve();
    await refreshed;
    expect(world.ids).toEqual(['one']);
    const asked = world.outbound.requests.length;
    // The same settings anew are no others
    await world.lineUps.apply([{ ...A, rules: { ...rules } }], []);
    await world.settle();
    expect(world.outbound.requests.length).toBe(asked);
  });

  test('takes up what another process has written', async () => {
    const store = new MemorySharedStore();
    const script = { [URL_A]: { body: m3uOf('one') } };
    await using world = new LineUpWorld({ script, store });
    await world.start([A]);
    await using other = new LineUpWorld({
      script: { [URL_A]: { body: m3uOf('one', 'two') } },
      store: store.beside(),
    });
    await other.start([A]);
    await other.lineUps.refresh();
    await world.settle();
    expect(world.ids).toEqual(['one', 'two']);
    expect(world.outbound.requests.length).toBe(1);
  });

  test('what was wrong with a line-up is over once another process has read it', async () => {
    const store = new MemorySharedStore();
    const script = { [URL_A]: { body: m3uOf('one', 'two', 'three') } };
    await using world = new LineUpWorld({ script, store });
    await world.start([A]);
    script[URL_A] = { body: m3uOf('one') };
    await world.lineUps.refresh();
    expect(world.lineUps.status()[0]?.error?.code).toBe('LINEUP_SHRUNK');
    const clock = new FakeClock();
    await clock.advance(60_000);
    const { desk } = createDesk({ script, clock, store: store.beside() });
    await desk.call({ what: 'import', key: A.key, input: inputOf([A]), mayShrink: true });
    await world.settle();
    expect(world.ids).toEqual(['one']);
    expect(world.lineUps.status()[0]?.error).toBeUndefined();
  });

  test('a pattern that hung is named, and not tried again', async () => {
    await using world = new LineUpWorld({ script: { [URL_A]: { body: m3uOf('one') } } });
    const name = [{ kind: 'pattern', source: '(a+)+$', flags: '' }] as const;
    const rules = { ...A.rules, exclude: { group: [], name, guide: [] } };
    let asked = 0;
    world.before = async ({ what }) => {
      if (what !== 'import') return;
      asked++;
      world.stuck({ lineUp: 0, index: 0 });
      throw new Error('the thread was replaced');
    };
    await world.start([{ ...A, rules }]);
    expect(world.lineUps.status()[0]?.error).toMatchObject({
      code: 'LINEUP_PATTERN',
      message: expect.stringContaining('/(a+)+$/'),
    });
    await world.clock.advance(3_600_000);
    await world.lineUps.refresh();
    expect(asked).toBe(1);
  });

  test('nothing is tried after the end', async () => {
    const world = new LineUpWorld({ script: {} });
    await world.start([A, lineUpSetting('/nowhere/list.m3u')]);
    await world[Symbol.asyncDispose]();
    await world.clock.advance(3_600_000);
    expect(world.outbound.requests.length).toBe(1);
    expect(world.clock.pendingCount).toBe(0);
  });
});
