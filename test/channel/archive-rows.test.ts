// This file tests the rows of archives in the store.
import { Database } from 'bun:sqlite';
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ArchiveRows, SegmentRow } from '../../src/channel/archive-rows.ts';
import { openMemoryStore, openStore } from '../../src/channel/store.ts';
import { createTempFolder } from '../support/temp-folder.ts';

/** As the first version of the program made it. */
const VERSION_1 = `CREATE TABLE document (
     kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
     PRIMARY KEY (kind, id)
   ) WITHOUT ROWID;
   CREATE TABLE secret (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
   INSERT INTO document VALUES ('timeline', 'news', '{"n":1}');
   INSERT INTO secret VALUES ('proxy-url', x'0102');
   PRAGMA user_version = 1`;

function row(number: number, more: Partial<SegmentRow> = {}): SegmentRow {
  return {
    number,
    name: `${number}-x.ts`,
    startMs: number * 4000,
    endMs: number * 4000 + 4000,
    durationS: 4,
    discontinuitySequence: 0,
    discontinuity: false,
    gap: '',
    sizeBytes: 1000,
    untilMs: number * 4000 + 100_000,
    needs: '{}',
    ...more,
  };
}

const asset = (name: string) => ({ name, contentType: 'video/mp4', body: new Uint8Array([1, 2]) });

async function withRows(run: (rows: ArchiveRows, id: number) => void): Promise<void> {
  await using folder = await createTempFolder();
  using store = openStore(folder.path);
  const rows = store.archive as ArchiveRows;
  run(rows, rows.saveRendition('x', 'main', 'about').id);
}

describe('ArchiveRows', () => {
  test('a store of the first version gets the tables, and keeps what it has', async () => {
    await using folder = await createTempFolder();
    {
      using database = new Database(join(folder.path, 'weir.sqlite'), { create: true });
      database.run(VERSION_1);
    }
    using store = openStore(folder.path);
    expect(store.archive?.isOurs()).toBe(true);
    expect(store.archive?.renditions()).toEqual([]);
    expect([...store.load('timeline')]).toEqual([['news', { n: 1 }]]);
    expect(store.secret('proxy-url', 2)).toEqual(new Uint8Array([1, 2]));
  });

  test('a memory store has none', () => {
    using store = openMemoryStore();
    expect(store.archive).toBeUndefined();
  });

  test('another process reads them, and they are ours once it has ended', async () => {
    await using folder = await createTempFolder();
    const one = openStore(folder.path);
    using two = openStore(folder.path);
    one.archive?.saveRendition('x', 'main', 'about');
    expect(two.archive?.renditions('x')).toMatchObject([{ rendition: 'main' }]);
    expect([one.archive?.isOurs(), two.archive?.isOurs()]).toEqual([true, false]);
    one[Symbol.dispose]();
    expect(two.archive?.isOurs()).toBe(true);
  });

  test('sums are kept with whatever is added, lost or dropped', async () => {
    await withRows((rows, id) => {
      const sums = () => {
        const { segments, bytes, nextNumber, discontinuitySequence } = rows.renditionById(id) ?? {};
        return [segments, bytes, nextNumber, discontinuitySequence];
      };
      expect(sums()).toEqual([0, 0, 0, 0]);
      rows.add(id, row(10), []);
      rows.add(id, row(11, { gap: 'source', sizeBytes: 0 }), []);
      rows.add(id, row(12, { discontinuity: true, discontinuitySequence: 1 }), []);
      expect(sums()).toEqual([2, 2000, 13, 1]);
      expect([rows.lose(id, [11, 12, 99], 'lost'), rows.lose(id, [12], 'lost')]).toEqual([1, 0]);
      expect(sums()).toEqual([1, 1000, 13, 1]);
      rows.dropTo(id, 12);
      expect(sums()).toEqual([0, 0, 13, 1]);
      expect(rows.last(id)).toBeUndefined();
    });
  });

  test('a name is given once, and what fails leaves nothing', async () => {
    await withRows((rows, id) => {
      rows.add(id, row(1), []);
      expect(() => rows.add(id, row(2, { name: '1-x.ts' }), [asset('init-2.mp4')])).toThrow();
      expect(rows.oldest(id, 9)).toEqual([row(1)]);
      expect(rows.asset(id, 'init-2.mp4')).toBeUndefined();
      expect(rows.renditionById(id)).toMatchObject({ segments: 1, bytes: 1000, nextNumber: 2 });
    });
  });

  test('what segments need stays as long as one of them does', async () => {
    await withRows((rows, id) => {
      rows.add(id, row(1), [asset('a'), asset('b')]);
      rows.add(id, row(2), [asset('b')]);
      rows.add(id, row(3), []);
      rows.dropTo(id, 1);
      expect([rows.asset(id, 'a'), rows.asset(id, 'b')]).toEqual([undefined, asset('b')]);
      rows.dropTo(id, 2);
      expect(rows.asset(id, 'b')).toBeUndefined();
    });
  });

  test.each<[string, number, number, number, number[]]>([
    ['what touches the span', 8000, 16_000, 9, [2, 3]],
    ['also with an edge inside it', 9000, 16_001, 9, [2, 3, 4]],
    ['at most so many', 0, 100_000, 2, [1, 2]],
    ['nothing between two', 12_000, 12_000, 9, []],
    ['nothing of what is past', 0, 4000, 9, []],
  ])('between() gives %s', async (_, fromMs, toMs, countMax, wanted) => {
    await withRows((rows, id) => {
      const other = rows.saveRendition('x', 'other', 'about').id;
      for (const number of [1, 2, 3, 4]) rows.add(id, row(number), []);
      rows.add(other, row(2), []);
      const found = rows.between(id, fromMs, toMs, countMax);
      expect(found.map(({ number }) => number)).toEqual(wanted);
    });
  });

  test('what is held is found from both ends, in steps', async () => {
    await withRows((rows, id) => {
      for (const number of [1, 2, 3, 4, 5]) rows.add(id, row(number), []);
      rows.lose(id, [3], 'lost');
      const numbers = (found: readonly SegmentRow[]) => found.map(({ number }) => number);
      expect(numbers(rows.heldAfter(id, 1, 2))).toEqual([2, 4]);
      expect(numbers(rows.heldBefore(id, 5, 2))).toEqual([4, 2]);
      expect(rows.named(id, '3-x.ts')).toMatchObject({ gap: 'lost', sizeBytes: 0 });
      expect(rows.named(id, '9-x.ts')).toBeUndefined();
    });
  });

  test('held() says of each rendition how much and from when to when', async () => {
    await withRows((rows, id) => {
      rows.saveRendition('y', 'main', 'about');
      for (const number of [3, 4, 5]) rows.add(id, row(number), []);
      rows.lose(id, [4], 'lost');
      expect(rows.held()).toEqual([
        { channel: 'x', segments: 2, bytes: 2000, fromMs: 12_000, toMs: 24_000 },
        { channel: 'y', segments: 0, bytes: 0, fromMs: null, toMs: null },
      ]);
    });
  });

  test('channels and renditions are saved anew as they change', async () => {
    await withRows((rows, id) => {
      rows.add(id, row(7), []);
      expect(rows.saveRendition('x', 'main', 'changed')).toMatchObject({
        ...{ id, about: 'changed', segments: 1, nextNumber: 8 },
      });
      rows.saveChannel('x', 'one');
      rows.saveChannel('x', 'two');
      expect([...rows.channels()]).toEqual([['x', 'two']]);
      expect([rows.channel('x'), rows.channel('y')]).toEqual(['two', undefined]);
    });
  });
});
