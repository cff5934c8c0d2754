// This file tests the count of the pages in a log against what SQLite itself says of it.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { pagesInLog } from '../../src/channel/log-pages.ts';
import { createTempFolder } from '../support/temp-folder.ts';

type Taken = { readonly log: number };

function pagesBySqlite(database: Database): number {
  return (database.query('PRAGMA wal_checkpoint(PASSIVE)').get() as Taken).log;
}

const ROWS: readonly { name: string; writes: readonly (readonly number[])[] }[] = [
  { name: 'one write', writes: [[1]] },
  { name: 'a long log', writes: [[...Array(700).keys()]] },
  { name: 'one that began anew over a longer one', writes: [[...Array(300).keys()], [1, 2, 3]] },
  { name: 'one that grew beyond the one before', writes: [[1, 2], [...Array(100).keys()]] },
];

for (const { name, writes } of ROWS) {
  test(`pagesInLog(): ${name}`, async () => {
    await using folder = await createTempFolder();
    const path = join(folder.path, 'a.sqlite');
    using database = new Database(path, { create: true });
    database.run('PRAGMA journal_mode = WAL');
    database.run('PRAGMA wal_autocheckpoint = 0');
    database.run('PRAGMA synchronous = OFF');
    database.run('CREATE TABLE t (body TEXT)');
    for (const round of writes) {
      for (const value of round) database.run('INSERT INTO t VALUES (?)', [`${value}`.repeat(999)]);
      const counted = pagesInLog(`${path}-wal`);
      // All of it is taken over by that, so the next round begins the log anew
      expect(counted).toBe(pagesBySqlite(database));
      expect(counted).toBeGreaterThanOrEqual(round.length);
    }
  });
}

test('pagesInLog() is 0 where there is no log, or none that is whole', async () => {
  await using folder = await createTempFolder();
  expect(pagesInLog(join(folder.path, 'none-wal'))).toBe(0);
  await folder.write('empty-wal', '');
  await folder.write('short-wal', 'x'.repeat(31));
  await folder.write('head-wal', 'x'.repeat(32));
  for (const name of ['empty', 'short', 'head'])
    expect(pagesInLog(join(folder.path, `${name}-wal`))).toBe(0);
});
