// This file tests that what line-ups were known by is read in whatever form it was written.
import { expect, test } from 'bun:test';
import { LINE_UP_KIND, loadEdition } from '../../../src/lineup/import/editions.ts';
import { LineUpWorld, lineUpSetting, m3uOf } from '../../support/line-up-world.ts';
import { MemorySharedStore } from '../../support/memory-shared-store.ts';

const URL_A = 'https://a.example/list.m3u';
const record = {
  fetchedMs: 5,
  listedCount: 4,
  problems: { first: [], counts: {} },
  unusedRules: [],
  validators: {},
  readAs: 'of other settings',
};
const row = (id: string, name: string, number: number, more = {}) => {
  return { name, url: `https://a.example/${name}.m3u8`, id, number, born: 1, ...more };
};

/** As it was written before entries were packed: chunks are arrays of them, and nothing is counted. */
async function earlierStore(): Promise<MemorySharedStore> {
  const store = new MemorySharedStore();
  const documents = new Map<string, unknown>([
    ['head', { edition: 3, lineUps: { [URL_A]: { ...record, tag: '3.0', chunks: 2 } } }],
    ['3.0/0', [row('first', 'one', 7), { id: 'no entry' }, row('second', 'two', 5)]],
    ['3.0/1', [row('film', 'three', 9, { kind: 'film' }), row('old', 'four', 3, { goneMs: 4 })]],
  ]);
  await store.save(LINE_UP_KIND, documents);
  return store;
}

test('an edition of an earlier version is read whole, and counted', async () => {
  const { number, lineUps } = await loadEdition(await earlierStore());
  expect(number).toBe(3);
  const { record: known, rows } = lineUps.get(URL_A) as NonNullable<ReturnType<typeof lineUps.get>>;
  expect([...rows].map(({ id }) => id)).toEqual(['first', 'second', 'film', 'old']);
  expect(known.counts).toEqual({ channels: 2, films: 1, gone: 1 });
});

test('channels of an earlier version keep their ids and numbers, and are then written anew', async () => {
  const store = await earlierStore();
  await using world = new LineUpWorld({
    script: { [URL_A]: { body: m3uOf('two', 'one', 'new') } },
    store,
  });
  await world.start([lineUpSetting(URL_A)]);
  expect(world.ids).toEqual(['first', 'second']);
  await world.lineUps.refresh();
  expect(world.lineUps.channels.map(({ id, number }) => [id, number])).toEqual([
    ['second', 5],
    ['first', 7],
    ['new', 10],
  ]);
  expect(await store.get(LINE_UP_KIND, '3.0/0')).toBeUndefined();
});
