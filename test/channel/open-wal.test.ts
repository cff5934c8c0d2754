// This file tests that a SQLite file is opened while another process holds it.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { openWal } from '../../src/channel/open-wal.ts';
import { openSharedFile } from '../../src/channel/shared-file.ts';
import { openStore } from '../../src/channel/store.ts';
import { createTempFolder } from '../support/temp-folder.ts';

/** Lets go of it by itself: we wait for it where nothing else can run. */
const HOLD = `
import { Database } from 'bun:sqlite';
const [path, begin] = process.argv.slice(1);
const database = new Database(path, { create: true });
database.run(begin);
await Bun.write(Bun.stdout, 'held');
await Bun.sleep(300);
database.run('ROLLBACK');
`;

async function hold(path: string, begin: string): Promise<Bun.Subprocess> {
  const holder = Bun.spawn([process.execPath, '-e', HOLD, path, begin], { stdout: 'pipe' });
  for await (const _said of holder.stdout) break;
  return holder;
}

const MODES = ['BEGIN EXCLUSIVE', 'BEGIN IMMEDIATE; CREATE TABLE a (b)'];
const OPENERS: readonly { name: string; file: string; open: (folder: string) => Disposable }[] = [
  {
    name: 'openWal()',
    file: 'a.sqlite',
    open: (folder) => openWal(join(folder, 'a.sqlite'), 9000),
  },
  { name: 'openStore()', file: 'weir.sqlite', open: (folder) => openStore(folder) },
  {
    name: 'openSharedFile()',
    file: 'shared.sqlite',
    open: (folder) => openSharedFile(folder, silentLog),
  },
];

for (const begin of MODES) {
  for (const { name, file, open } of OPENERS) {
    test(`${name} waits for a process that makes the same file (${begin})`, async () => {
      await using folder = await createTempFolder();
      const holder = await hold(join(folder.path, file), begin);
      {
        using _opened = open(folder.path);
        using looking = new Database(join(folder.path, file), { readonly: true });
        expect(looking.query('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
      }
      expect(await holder.exited).toBe(0);
    });
  }
}

test('openWal() gives up where it is held for too long, and holds nothing', async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, 'a.sqlite');
  using holder = new Database(path, { create: true });
  holder.run('BEGIN EXCLUSIVE');
  // Were each of its tries to wait as long, this would take minutes
  expect(() => openWal(path, 1000)).toThrow('database is locked');
  holder.run('ROLLBACK');
  using opened = openWal(path, 1000);
  expect(opened.query('PRAGMA busy_timeout').get()).toEqual({ timeout: 1000 });
});
