// This file tests that another thread puts weir.sqlite in order, and that nothing is lost by it.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { silentLog } from '../../src/base/log.ts';
import { Checkpoints } from '../../src/channel/checkpoints.ts';
import { openStore, type Store, storePath } from '../../src/channel/store.ts';
import { CHECKPOINT_WORKER } from '../../src/threads.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
const WITHIN_MS = 20_000;

function write(store: Store, sizeBytes: number, name: string): void {
  const body = 'x'.repeat(64 * 1024);
  const documents = Array.from({ length: sizeBytes / body.length }, (_, index) => [
    `${name}-${index}`,
    { body },
  ]);
  store.save('kind', new Map(documents as [string, unknown][]));
}

function walBytes(dataDir: string): number {
  return statSync(`${storePath(dataDir)}-wal`).size;
}

/** https://sqlite.org/walformat.html: another each time the log begins anew. */
function salt(dataDir: string): string {
  return readFileSync(`${storePath(dataDir)}-wal`).toString('hex', 16, 24);
}

test('what was written is taken over by another thread, and its log does not grow', async () => {
  await using folder = await createTempFolder();
  const dataDir = folder.path;
  using store = openStore(dataDir);
  const clock = new FakeClock();
  const open = { dataDir, entry: CHECKPOINT_WORKER, clock, log: silentLog };
  await using _checkpoints = new Checkpoints(open);
  for (let round = 0; round < 6; round++) {
    write(store, 10 * MIB, `${round}`);
    const before = salt(dataDir);
    const isTaken = async () => {
      await clock.advance(5000);
      return salt(dataDir) !== before;
    };
    expect(await until(isTaken, WITHIN_MS)).toBe(true);
  }
  expect(walBytes(dataDir)).toBeLessThan(24 * MIB);
  expect(store.load('kind').size).toBe(6 * 160);
}, 60_000);

test('a little is left alone, and so is a folder that has no such file', async () => {
  await using folder = await createTempFolder();
  const dataDir = folder.path;
  const clock = new FakeClock();
  const said: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void said.push(message) };
  const open = { dataDir, entry: new URL('file:///none.ts'), clock, log };
  await using _checkpoints = new Checkpoints(open);
  await clock.advance(20_000);
  using store = openStore(dataDir);
  write(store, MIB, 'a');
  await clock.advance(20_000);
  expect(said).toEqual([]);
});

/** POSIX advisory locks on the index of the log, which other processes tell by whether it is in use. */
function locksOnIndex(dataDir: string): number {
  const { ino } = statSync(`${storePath(dataDir)}-shm`);
  const held = readFileSync('/proc/locks', 'utf8').split('\n');
  return held.filter((line) => line.includes(`:${ino} `)).length;
}

test.skipIf(process.platform !== 'linux')('a look costs SQLite none of its locks', async () => {
  await using folder = await createTempFolder();
  const dataDir = folder.path;
  using store = openStore(dataDir);
  const clock = new FakeClock();
  const open = { dataDir, entry: new URL('file:///none.ts'), clock, log: silentLog };
  await using _checkpoints = new Checkpoints(open);
  write(store, MIB, 'a');
  const before = locksOnIndex(dataDir);
  await clock.advance(20_000);
  expect({ before, after: locksOnIndex(dataDir) }).toEqual({ before: 1, after: 1 });
});

test('where no thread comes to it, whoever writes does, and the log has an end', async () => {
  await using folder = await createTempFolder();
  using store = openStore(folder.path);
  for (let round = 0; round < 12; round++) write(store, 8 * MIB, 'same');
  expect(walBytes(folder.path)).toBeLessThan(48 * MIB);
});

test('the file is in order once it is closed, and says the version it said before', async () => {
  await using folder = await createTempFolder();
  const dataDir = folder.path;
  const clock = new FakeClock();
  const version = () => {
    using database = new Database(storePath(dataDir), { readonly: true });
    return database.query('PRAGMA user_version').get();
  };
  {
    using store = openStore(dataDir);
    const before = version();
    const open = { dataDir, entry: CHECKPOINT_WORKER, clock, log: silentLog };
    await using _checkpoints = new Checkpoints(open);
    write(store, 10 * MIB, 'a');
    const isTaken = async () => {
      await clock.advance(5000);
      return statSync(storePath(dataDir)).size >= 10 * MIB;
    };
    expect(await until(isTaken, WITHIN_MS)).toBe(true);
    expect(version()).toEqual(before);
  }
  expect(existsSync(`${storePath(dataDir)}-wal`)).toBe(false);
  using again = openStore(dataDir);
  expect(again.load('kind').size).toBe(160);
}, 60_000);
