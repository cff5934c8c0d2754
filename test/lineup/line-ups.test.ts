// This file tests that line-ups are read, tried again, and kept where a new answer is no good.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import { LineUps } from '../../src/lineup/line-ups.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type Script, scriptedOutbound } from '../support/outbound-script.ts';
import { createTempFolder } from '../support/temp-folder.ts';

const URL_A = 'https://a.example/list.m3u';
const URL_B = 'https://b.example/list.m3u';

const m3u = (...names: string[]) =>
  `#EXTM3U\n${names.map((name) => `#EXTINF:-1,${name}\n${name}.m3u8\n`).join('')}`;

function lineUps(places: readonly string[], script: Script) {
  const clock = new FakeClock();
  const outbound = scriptedOutbound(script);
  const it = new LineUps(places, { clock, outbound, log: silentLog, random: seededRandom(1) });
  let changes = 0;
  const start = it.start(() => changes++);
  return { it, clock, outbound, start, changes: () => changes };
}

/** Reading leaves the thread to others between two pieces, which is no matter of the clock. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const ids = (channels: readonly ChannelConfig[]) => channels.map(({ id }) => id);
const own: ChannelConfig = {
  id: 'one',
  name: 'own',
  mode: 'buffered',
  sources: [],
  keepWarm: false,
};

describe('LineUps', () => {
  test('gives own channels first, then those of each list in order, ids never twice', async () => {
    const script = { [URL_A]: { body: m3u('one', 'two') }, [URL_B]: { body: m3u('two', 'three') } };
    const { it, start } = lineUps([URL_A, URL_B], script);
    await start;
    const channels = it.channels([own]);
    expect(ids(channels).slice(0, 1)).toEqual(['one']);
    expect(new Set(ids(channels)).size).toBe(5);
    expect(channels[0]).toBe(own);
    expect(channels.map(({ name }) => name)).toEqual(['own', 'one', 'two', 'two', 'three']);
    expect(channels[1]?.sources[0]).toMatchObject({ url: 'https://a.example/one.m3u8' });
    it[Symbol.dispose]();
  });

  test('own channels stand by their numbers, then as in the file; lists keep their order', async () => {
    const { it, start } = lineUps([URL_A], { [URL_A]: { body: m3u('zoo', 'ant') } });
    await start;
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
    expect(ids(it.channels(file))).toEqual(['b', 'c', 'a', 'y', 'x', 'zoo', 'ant']);
    expect(ids(file)).toEqual(['y', 'c', 'x', 'b', 'a']);
    it[Symbol.dispose]();
  });

  test('reads files', async () => {
    await using folder = await createTempFolder();
    const text = '#EXTM3U\n#EXTINF:-1,File\nhttp://h.example/f.m3u8\n';
    const { it, start } = lineUps([await folder.write('list.m3u', text)], {});
    await start;
    expect(ids(it.channels([]))).toEqual(['file']);
  });

  test('one that fails does not keep the others, and is tried again until it comes', async () => {
    let isUp = false;
    const script: Script = {
      [URL_A]: { body: m3u('one') },
      [URL_B]: () => (isUp ? { body: m3u('two') } : { status: 503 }),
    };
    const { it, clock, outbound, start, changes } = lineUps([URL_A, URL_B], script);
    await start;
    expect(ids(it.channels([]))).toEqual(['one']);
    await clock.advance(60_000);
    const tries = outbound.requests.length;
    expect(tries).toBeGreaterThan(3);
    expect(changes()).toBe(0);
    isUp = true;
    await clock.advance(300_000);
    await turns();
    expect(ids(it.channels([]))).toEqual(['one', 'two']);
    expect(changes()).toBe(1);
    await clock.advance(3_600_000);
    expect(outbound.requests.length).toBe(tries + 1);
  });

  test('waits longer and longer, and never beyond five minutes', async () => {
    const { clock, outbound, start } = lineUps([URL_A], {});
    await start;
    await clock.advance(24 * 3_600_000);
    expect(outbound.requests.length).toBeGreaterThan(280);
    expect(outbound.requests.length).toBeLessThan(600);
  });

  test('the start does not wait for one that takes for ever, which still comes', async () => {
    const late = Promise.withResolvers<void>();
    const clock = new FakeClock();
    const scripted = scriptedOutbound({ [URL_A]: { body: m3u('one') } });
    let changes = 0;
    const it = new LineUps([URL_A], {
      clock,
      log: silentLog,
      random: seededRandom(1),
      outbound: async (request) => {
        await late.promise;
        return await scripted(request);
      },
    });
    let isStarted = false;
    const start = it
      .start(() => changes++)
      .then(() => {
        isStarted = true;
      });
    await clock.advance(9_999);
    expect(isStarted).toBe(false);
    await clock.advance(1);
    await start;
    expect(it.channels([])).toEqual([]);
    late.resolve();
    await turns();
    expect(ids(it.channels([]))).toEqual(['one']);
    expect(changes).toBe(1);
  });

  const bad: readonly [string, Script[string]][] = [
    ['fails', { status: 500 }],
    ['is a page', { body: '<html>' }],
    ['is empty', { body: '' }],
    ['has no entries', { body: '#EXTM3U\n' }],
    ['has shrunk by more than half', { body: m3u('one') }],
  ];
  test.each(bad)('a new answer that %s leaves what was there', async (_, answer) => {
    let current: Script[string] = { body: m3u('one', 'two', 'three') };
    const script: Script = { [URL_A]: () => (typeof current === 'function' ? current() : current) };
    const { it, start } = lineUps([URL_A], script);
    await start;
    current = answer;
    await it.refresh();
    expect(ids(it.channels([]))).toEqual(['one', 'two', 'three']);
    current = { body: m3u('four', 'five') };
    await it.refresh();
    expect(ids(it.channels([]))).toEqual(['four', 'five']);
  });

  test('channels are made anew only where lists or the ids of others have changed', async () => {
    let text = m3u('one', 'two');
    const { it, start } = lineUps([URL_A], { [URL_A]: () => ({ body: text }) });
    await start;
    const first = it.channels([own]);
    expect(it.channels([{ ...own, name: 'other' }])[1]).toBe(first[1] as ChannelConfig);
    expect(ids(it.channels([]))).toEqual(['one', 'two']);
    text = m3u('one', 'three');
    await it.refresh();
    expect(ids(it.channels([]))).toEqual(['one', 'three']);
  });

  test('nothing is tried after the end', async () => {
    const { it, clock, outbound, start } = lineUps([URL_A, join('/nowhere', 'list.m3u')], {});
    await start;
    it[Symbol.dispose]();
    await clock.advance(3_600_000);
    expect(outbound.requests.length).toBe(1);
    expect(clock.pendingCount).toBe(0);
  });
});
