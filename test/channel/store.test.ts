// This file tests what survives a restart.
import { Database } from 'bun:sqlite';
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { openMemoryStore, openStore } from '../../src/channel/store.ts';
import { createTempFolder } from '../support/temp-folder.ts';

describe('openStore()', () => {
  test('keeps documents over a restart, each kind by itself', async () => {
    await using folder = await createTempFolder();
    const dataDir = join(folder.path, 'deeper', 'still');
    {
      using store = openStore(dataDir);
      expect(store.load('timeline').size).toBe(0);
      store.save(
        'timeline',
        new Map<string, unknown>([
          ['a', { n: 1 }],
          ['b', [1, 'x', null]],
        ]),
      );
      store.save('timeline', new Map([['a', { n: 2 }]]));
      store.save('other', new Map([['a', 'else']]));
    }
    using again = openStore(dataDir);
    expect([...again.load('timeline')]).toEqual([
      ['a', { n: 2 }],
      ['b', [1, 'x', null]],
    ]);
    expect([...again.load('other')]).toEqual([['a', 'else']]);
    expect(again.load('none').size).toBe(0);
  });

  test('open twice, only the first saves, and says so; the second once that one has ended', async () => {
    await using folder = await createTempFolder();
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    const log = { ...silentLog, warn: say, info: say };
    const one = openStore(folder.path, log);
    one.save('timeline', new Map([['a', 1]]));
    expect(said).toEqual([]);

    using two = openStore(folder.path, log);
    expect(said).toEqual([
      'data folder in use by another weir: numbering is not kept until that one ends',
    ]);
    expect([...two.load('timeline')]).toEqual([['a', 1]]);
    expect(two.secret('key', 32)).toEqual(one.secret('key', 32));
    two.save('timeline', new Map([['a', 20]]));
    two.save('timeline', new Map([['b', 2]]));
    two.save('other', new Map([['a', 'x']]));
    expect([...one.load('timeline')]).toEqual([['a', 1]]);

    one[Symbol.dispose]();
    two.save('timeline', new Map([['b', 3]]));
    expect(said.slice(1)).toEqual(['data folder taken over']);
    two.save('timeline', new Map([['c', 4]]));
    expect([...two.load('timeline')]).toEqual([
      ['a', 20],
      ['b', 3],
      ['c', 4],
    ]);
    expect([...two.load('other')]).toEqual([['a', 'x']]);
    expect(said.length).toBe(2);
  });

  test('saves all documents or none', async () => {
    await using folder = await createTempFolder();
    using store = openStore(folder.path);
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const documents = new Map<string, unknown>([
      ['a', 1],
      ['b', circular],
    ]);
    expect(() => store.save('timeline', documents)).toThrow();
    expect(store.load('timeline').size).toBe(0);
  });

  test('leaves out a row that cannot be read', async () => {
    await using folder = await createTempFolder();
    {
      using store = openStore(folder.path);
      store.save(
        'timeline',
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
      );
    }
    using database = new Database(join(folder.path, 'weir.sqlite'));
    database.run(`UPDATE document SET body = '{"n":' WHERE id = 'a'`);
    using store = openStore(folder.path);
    expect([...store.load('timeline')]).toEqual([['b', 2]]);
    store.save('timeline', new Map([['a', 3]]));
    expect(store.load('timeline').get('a')).toBe(3);
  });

  test('makes a secret once, of the size asked for', async () => {
    await using folder = await createTempFolder();
    let first: Uint8Array;
    {
      using store = openStore(folder.path);
      first = store.secret('proxy-url', 32);
      expect(first.byteLength).toBe(32);
      expect(new Set(first).size).toBeGreaterThan(8);
      expect(store.secret('proxy-url', 32)).toEqual(first);
      expect(store.secret('other', 32)).not.toEqual(first);
    }
    using again = openStore(folder.path);
    expect(again.secret('proxy-url', 32)).toEqual(first);
  });

  test('does not touch a file of a later version', async () => {
    await using folder = await createTempFolder();
    openStore(folder.path)[Symbol.dispose]();
    const file = join(folder.path, 'weir.sqlite');
    {
      using database = new Database(file);
      database.run('PRAGMA user_version = 99');
    }
    expect(() => openStore(folder.path)).toThrow(
      'Cannot open weir.sqlite: it is of version 99, wanted at most 2',
    );
    using database = new Database(file);
    expect(database.query('PRAGMA user_version').get()).toEqual({ user_version: 99 });
  });

  test('refuses a file that is no database, and a folder that is a file', async () => {
    await using folder = await createTempFolder();
    await folder.write(
      'weir.sqlite',
      'not a database, and long enough to be taken for one'.repeat(40),
    );
    expect(() => openStore(folder.path)).toThrow();
    const file = await folder.write('plain', '');
    expect(() => openStore(file)).toThrow();
  });
});

describe('openMemoryStore()', () => {
  test('keeps secrets while it lives and no documents', () => {
    using store = openMemoryStore();
    store.save('timeline', new Map([['a', 1]]));
    expect(store.load('timeline').size).toBe(0);
    const secret = store.secret('key', 16);
    expect(secret.byteLength).toBe(16);
    expect(store.secret('key', 16)).toBe(secret);
    expect(store.secret('other', 16)).not.toEqual(secret);
  });
});
