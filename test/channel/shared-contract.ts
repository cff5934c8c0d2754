// This file is what every store that all nodes agree by must do.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { SharedStore } from '../../src/channel/shared-store.ts';
import { until } from '../support/until.ts';

/** Where stores meet that see the same documents, as processes of their own would. */
export type SharedPlace = AsyncDisposable & { open(): Promise<SharedStore> };

const WATCH_MS = 20_000;
const TEST_MS = 60_000;

export function describeSharedStore(name: string, makePlace: () => Promise<SharedPlace>): void {
  describe(`${name} as a store that nodes agree by`, () => {
    let place: SharedPlace;
    let one: SharedStore;
    let two: SharedStore;
    beforeAll(async () => {
      place = await makePlace();
      [one, two] = await Promise.all([place.open(), place.open()]);
    }, TEST_MS);
    afterAll(async () => {
      await one[Symbol.asyncDispose]();
      await two[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    }, TEST_MS);
    const check = (title: string, run: () => Promise<void>) => test(title, run, TEST_MS);

    check('keeps documents by kind and id, and gives them to every node', async () => {
      expect((await one.load('kept')).size).toBe(0);
      expect(await one.get('kept', 'a')).toBeUndefined();
      await one.save(
        'kept',
        new Map<string, unknown>([
          ['a', { n: 1 }],
          ['b', [1, 'x', null]],
        ]),
      );
      await one.save('else', new Map([['a', 'other']]));
      await two.save('kept', new Map([['a', { n: 2 }]]));
      expect([...(await one.load('kept'))].sort()).toEqual([
        ['a', { n: 2 }],
        ['b', [1, 'x', null]],
      ]);
      expect(await one.get('kept', 'a')).toEqual({ n: 2 });
      expect(await two.get('else', 'a')).toBe('other');
    });

    check('takes a document away by null, and one that is not there too', async () => {
      await one.save(
        'gone',
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
      );
      await two.save(
        'gone',
        new Map<string, unknown>([
          ['a', null],
          ['never', null],
        ]),
      );
      expect([...(await one.load('gone'))]).toEqual([['b', 2]]);
      expect(await one.get('gone', 'a')).toBeUndefined();
    });

    check('keeps ids and texts as they are', async () => {
      const ids = [
        "x'; DROP TABLE document; --",
        '名前 \u{1f4fa}',
        ' a ',
        'A',
        'a',
        '%',
        '{',
        '"',
        '\\',
      ];
      const documents = new Map(ids.map((id) => [id, { id, also: `${id}\n\t"\u2028` }]));
      await one.save('odd', documents);
      const found = await two.load('odd');
      expect([...found.keys()].sort()).toEqual([...ids].sort());
      for (const id of ids) expect(found.get(id)).toEqual(documents.get(id) as object);
    });

    check('saves all documents or none', async () => {
      const circular: { self?: unknown } = {};
      circular.self = circular;
      const documents = new Map<string, unknown>([
        ['a', 1],
        ['b', circular],
      ]);
      expect(await one.save('whole', documents).then(String, () => 'refused')).toBe('refused');
      expect((await two.load('whole')).size).toBe(0);
      await one.save('whole', new Map([['c', 3]]));
      expect([...(await two.load('whole'))]).toEqual([['c', 3]]);
    });

    check('saves what the map held when it was called, in the order of the calls', async () => {
      const documents = new Map([['a', 1]]);
      const saved = one.save('order', documents);
      documents.set('b', 2);
      await Promise.all([saved, one.save('order', new Map([['a', 9]]))]);
      expect([...(await one.load('order'))]).toEqual([['a', 9]]);
      await one.save('order', new Map());
    });

    check('of two who claim the same the first is who both are told', async () => {
      const ids = Array.from({ length: 200 }, (_, at) => `id-${at}`);
      const claimOf = (who: string) => new Map(ids.map((id) => [id, who]));
      const [mine, theirs] = await Promise.all([
        one.claim('claim', claimOf('one')),
        two.claim('claim', claimOf('two')),
      ]);
      expect(mine.size).toBe(ids.length);
      expect(mine).toEqual(theirs);
      expect(new Set(mine.values()).size).toBe(1);
      const third = await one.claim(
        'claim',
        new Map([
          ['id-0', 'third'],
          ['new', 'third'],
        ]),
      );
      expect(third.get('id-0')).toBe(mine.get('id-0') as string);
      expect(third.get('new')).toBe('third');
      expect([...third.keys()].sort()).toEqual(['id-0', 'new']);
    });

    check('makes a secret once, the same for all', async () => {
      const [mine, theirs] = await Promise.all([one.secret('key', 32), two.secret('key', 32)]);
      expect(mine.byteLength).toBe(32);
      expect(new Set(mine).size).toBeGreaterThan(8);
      expect(theirs).toEqual(mine);
      expect(await one.secret('key', 32)).toEqual(mine);
      expect(await one.secret('other', 32)).not.toEqual(mine);
    });

    check('tells who watches of what others wrote, and of nothing else', async () => {
      await one.save('watched', new Map([['a', 1]]));
      await one.load('watched');
      const told: string[] = [];
      using _mine = one.watch('watched', () => void told.push('watched'));
      using _else = one.watch('quiet', () => void told.push('quiet'));
      await one.load('quiet');
      await one.save('watched', new Map([['a', 2]]));
      await two.save('unrelated', new Map([['a', 1]]));
      await two.save('watched', new Map([['a', 3]]));
      expect(await until(() => told.includes('watched'), WATCH_MS)).toBe(true);
      expect(await one.get('watched', 'a')).toBe(3);
      await two.claim('watched', new Map([['b', 1]]));
      expect(
        await until(() => told.filter((each) => each === 'watched').length > 1, WATCH_MS),
      ).toBe(true);
    });

    check('holds thousands', async () => {
      const many = new Map(
        Array.from({ length: 5000 }, (_, at) => [`n-${at}`, { at, pad: 'x'.repeat(100) }]),
      );
      await one.save('many', many);
      const found = await two.load('many');
      expect(found.size).toBe(5000);
      expect(found.get('n-4999')).toEqual({ at: 4999, pad: 'x'.repeat(100) });
      await two.save('many', new Map([...many.keys()].map((id) => [id, null])));
      expect((await one.load('many')).size).toBe(0);
    });
  });
}
