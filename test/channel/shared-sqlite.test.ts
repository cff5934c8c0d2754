// This file tests what nodes agree by in SQLite: its file, and two processes over it.
import { Database } from 'bun:sqlite';
import { describe, expect, test } from 'bun:test';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { openSharedForCommand, openSharedStore } from '../../src/channel/open-shared.ts';
import { openSharedFile } from '../../src/channel/shared-file.ts';
import { SqliteSharedStore } from '../../src/channel/shared-sqlite.ts';
import { openStore } from '../../src/channel/store.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { describeSharedStore } from './shared-contract.ts';

const deps = { clock: systemClock, random: systemRandom, log: silentLog };
const codeOf = async (work: Promise<unknown>) =>
  await work.then(
    () => 'fine',
    (error: { code?: string }) => error.code ?? String(error),
  );

describeSharedStore('SqliteSharedStore', async () => {
  const folder = await createTempFolder();
  return {
    open: () => openSharedForCommand({ dataDir: folder.path }, deps),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

describe('openSharedStore() with a file', () => {
  test('keeps what it was given over a restart', async () => {
    await using folder = await createTempFolder();
    const dataDir = join(folder.path, 'deeper');
    let secret: Uint8Array;
    {
      await using store = await openSharedStore({ dataDir }, deps);
      await store.save('user', new Map([['a', { n: 1 }]]));
      secret = await store.secret('key', 32);
    }
    await using again = await openSharedStore({ dataDir }, deps);
    expect(await again.get('user', 'a')).toEqual({ n: 1 });
    expect(await again.secret('key', 32)).toEqual(secret);
  });

  test('takes along what an earlier version kept in the file of the machine', async () => {
    await using folder = await createTempFolder();
    let device: Uint8Array;
    let own: Uint8Array;
    {
      using store = openStore(folder.path);
      device = store.secret('hdhomerun', 32);
      own = store.secret('archive', 8);
      store.save('channel-number', new Map([['news', 7]]));
      store.save('timeline', new Map([['news', { n: 1 }]]));
    }
    await using shared = await openSharedStore({ dataDir: folder.path }, deps);
    expect(await shared.secret('hdhomerun', 32)).toEqual(device);
    expect(await shared.secret('archive', 8)).not.toEqual(own);
    expect([...(await shared.load('channel-number'))]).toEqual([['news', 7]]);
    expect((await shared.load('timeline')).size).toBe(0);
  });

  test('opened by many at once, it is made once', async () => {
    await using folder = await createTempFolder();
    const open = () => openSharedForCommand({ dataDir: folder.path }, deps);
    const stores = await Promise.all(Array.from({ length: 5 }, open));
    const secrets = await Promise.all(stores.map((store) => store.secret('key', 16)));
    for (const secret of secrets) expect(secret).toEqual(secrets[0] as Uint8Array);
    for (const store of stores) await store[Symbol.asyncDispose]();
  });

  test('of a later version it is not touched: a command says so, a server plays without', async () => {
    await using folder = await createTempFolder();
    const open = () => openSharedForCommand({ dataDir: folder.path }, deps);
    await (await open())[Symbol.asyncDispose]();
    {
      using database = new Database(join(folder.path, 'shared.sqlite'));
      database.run('PRAGMA user_version = 99');
    }
    expect(open()).rejects.toThrow(
      'Cannot open shared.sqlite: it is of version 99, wanted at most 1',
    );
    const said: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void said.push(message) };
    await using store = await openSharedStore({ dataDir: folder.path }, { ...deps, log });
    expect(said).toEqual(['shared store not usable: users, numbers and keys last until the stop']);
    await store.save('user', new Map([['a', 1]]));
    expect(await store.get('user', 'a')).toBe(1);
    using database = new Database(join(folder.path, 'shared.sqlite'));
    expect(database.query('SELECT count(*) AS n FROM document').get()).toEqual({ n: 0 });
  });

  test('that is no database, or a folder that is a file, is refused with a code', async () => {
    await using folder = await createTempFolder();
    await folder.write('shared.sqlite', 'not a database, and long enough to be one'.repeat(60));
    const open = (dataDir: string) => openSharedForCommand({ dataDir }, deps);
    expect(await codeOf(open(folder.path))).toBe('CHANNEL_STORE_BROKEN');
    const file = await folder.write('plain', '');
    expect(await codeOf(open(file))).toBe('CHANNEL_STORE_REFUSED');
  });

  test.skipIf(process.getuid?.() === 0)(
    'in a folder that cannot be written is refused',
    async () => {
      await using folder = await createTempFolder();
      chmodSync(folder.path, 0o500);
      expect(await codeOf(openSharedForCommand({ dataDir: folder.path }, deps))).toStartWith(
        'CHANNEL_STORE_',
      );
      chmodSync(folder.path, 0o700);
    },
  );

  test('a full disk and a file that takes no writes are said, and what was there stays', async () => {
    await using folder = await createTempFolder();
    const database = openSharedFile(folder.path, silentLog);
    await using store = new SqliteSharedStore(database, { ...deps, path: 'shared.sqlite' });
    await store.save('user', new Map([['a', 1]]));
    database.run('PRAGMA max_page_count = 20');
    const big = new Map(Array.from({ length: 100 }, (_, at) => [`${at}`, 'x'.repeat(4000)]));
    expect(await codeOf(store.save('user', big))).toBe('CHANNEL_STORE_FULL');
    expect([...(await store.load('user'))]).toEqual([['a', 1]]);
    database.run('PRAGMA max_page_count = 100000');
    await store.save('user', new Map([['b', 2]]));
    database.run('PRAGMA query_only = 1');
    expect(await codeOf(store.save('user', new Map([['b', 3]])))).toBe('CHANNEL_STORE_READ_ONLY');
    database.run('PRAGMA query_only = 0');
    expect([...(await store.load('user'))]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  test('a row that cannot be read is one that was never written', async () => {
    await using folder = await createTempFolder();
    await using store = await openSharedStore({ dataDir: folder.path }, deps);
    await store.save(
      'user',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    );
    using database = new Database(join(folder.path, 'shared.sqlite'));
    database.run(`UPDATE document SET body = '{"n":' WHERE id = 'a'`);
    expect([...(await store.load('user'))]).toEqual([['b', 2]]);
    expect(await store.get('user', 'a')).toBeUndefined();
    expect([...(await store.claim('user', new Map([['a', 3]])))]).toEqual([['a', 3]]);
    expect(await store.get('user', 'a')).toBe(3);
  });

  test('others have their turn while thousands are written', async () => {
    await using folder = await createTempFolder();
    await using store = await openSharedStore({ dataDir: folder.path }, deps);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const many = Array.from({ length: 20_000 }, (_, at) => [`n-${at}`, 'x'.repeat(200)] as const);
    await store.save('many', new Map(many));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  test('waits for another process that writes, and goes on with its own thread meanwhile', async () => {
    await using folder = await createTempFolder();
    await using store = await openSharedStore({ dataDir: folder.path }, deps);
    using other = new Database(join(folder.path, 'shared.sqlite'));
    other.run('BEGIN IMMEDIATE');
    let isSaved = false;
    const saved = store.save('user', new Map([['a', 1]])).then(() => {
      isSaved = true;
    });
    await Bun.sleep(60);
    expect(isSaved).toBe(false);
    other.run('COMMIT');
    await saved;
    expect(await store.get('user', 'a')).toBe(1);
  });

  test('killed in the middle of writing, it holds the whole of the last round', async () => {
    await using folder = await createTempFolder();
    const writer = join(import.meta.dir, 'shared-writer.ts');
    const child = Bun.spawn([process.execPath, writer, folder.path], { stdout: 'pipe' });
    let said = '';
    const reading = (async () => {
      for await (const piece of child.stdout) said += new TextDecoder().decode(piece);
    })();
    await using beside = await openSharedForCommand({ dataDir: folder.path }, deps);
    expect(await until(() => said.includes('3\n'), 30_000)).toBe(true);
    // What stands there while it writes is one round too
    expect(new Set((await beside.load('round')).values()).size).toBe(1);
    child.kill('SIGKILL');
    await child.exited;
    await reading;
    const rounds = await beside.load('round');
    expect(rounds.size).toBe(3000);
    expect(new Set(rounds.values()).size).toBe(1);
    expect(rounds.get('n-0')).toBeGreaterThanOrEqual(Number(said.trim().split('\n').at(-1)));
  }, 60_000);
});
