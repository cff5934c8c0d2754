// This file tests that what line-ups were known by is read in whatever form it was written.
import { describe, expect, test } from 'bun:test';
import { LINE_UP_KIND, loadEdition } from '../../../src/lineup/import/editions.ts';
import { pack } from '../../../src/lineup/import/packed-rows.ts';
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

const rows = [
  [row('first', 'one', 7), { id: 'no entry' }, row('second', 'two', 5)],
  [row('film', 'three', 9, { kind: 'film' }), row('old', 'four', 3, { goneMs: 4 })],
];
const counts = { channels: 2, films: 1, gone: 1 };

/** What earlier versions wrote: arrays of entries, of which nothing was counted; then each packed whole. */
const FORMS: readonly [string, object, readonly unknown[]][] = [
  ['arrays', {}, rows],
  ['packed whole', { counts }, rows.map((some) => ({ rows: some.length, zstd: pack(some) }))],
];

async function earlierStore(more: object, chunks: readonly unknown[]): Promise<MemorySharedStore> {
  const store = new MemorySharedStore();
  const lineUp = { ...record, ...more, tag: '3.0', chunks: 2 };
  const documents = new Map<string, unknown>([
    ['head', { edition: 3, lineUps: { [URL_A]: lineUp } }],
    ...chunks.map((chunk, n) => [`3.0/${n}`, chunk] as const),
  ]);
  await store.save(LINE_UP_KIND, documents);
  return store;
}

describe.each(FORMS)('an edition of an earlier version, %s', (_, more, chunks) => {
  test('is read whole, and counted', async () => {
    const { number, lineUps } = await loadEdition(await earlierStore(more, chunks));
    expect(number).toBe(3);
    const { record: known, rows } = lineUps.get(URL_A) as NonNullable<
      ReturnType<typeof lineUps.get>
    >;
    expect([...rows].map(({ id }) => id)).toEqual(['first', 'second', 'film', 'old']);
    expect(known.counts).toEqual(counts);
  });

  test('has channels that keep their ids and numbers, and is then written anew', async () => {
    const store = await earlierStore(more, chunks);
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
});
