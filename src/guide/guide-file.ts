// This file opens the file in which guides are kept.
import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '../channel/migrate.ts';
import { openWal } from '../channel/open-wal.ts';

/** Forward only; a file written by a later version is not touched. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE guide (
     id TEXT PRIMARY KEY,
     -- What is served; what is being written has a number of its own until it is whole
     edition INTEGER NOT NULL,
     fetched_ms INTEGER NOT NULL, etag TEXT, last_modified TEXT,
     channels INTEGER NOT NULL, programmes INTEGER NOT NULL, problems TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE channel (
     guide TEXT NOT NULL, edition INTEGER NOT NULL, id TEXT NOT NULL,
     name TEXT NOT NULL, xml TEXT NOT NULL,
     PRIMARY KEY (guide, edition, id)
   ) WITHOUT ROWID;
   -- The programmes of a channel that begin on one day (UTC), as a part of a gzip file
   CREATE TABLE day (
     guide TEXT NOT NULL, edition INTEGER NOT NULL, channel TEXT NOT NULL, day INTEGER NOT NULL,
     crc INTEGER NOT NULL, advance INTEGER NOT NULL, size INTEGER NOT NULL, programmes INTEGER NOT NULL,
     -- Begin, end and title of each, for those who ask what is on
     brief TEXT NOT NULL, deflated BLOB NOT NULL,
     PRIMARY KEY (guide, edition, channel, day)
   );`,
  `-- What day holds of another channel, or at another time, made into parts of this one
   CREATE TABLE fed_day (
     guide TEXT NOT NULL, edition INTEGER NOT NULL, channel TEXT NOT NULL,
     source TEXT NOT NULL, shift_ms INTEGER NOT NULL, day INTEGER NOT NULL,
     crc INTEGER NOT NULL, advance INTEGER NOT NULL, size INTEGER NOT NULL, programmes INTEGER NOT NULL,
     deflated BLOB NOT NULL,
     PRIMARY KEY (guide, channel, edition, source, shift_ms, day)
   );`,
];

/** Another process may be importing, or looking. */
const BUSY_MS = 5000;

/**
 * A file of its own: an import writes a hundred megabytes, for which what the numbering has to save
 * must not wait. Throws where the folder cannot be written or the file is of a later version.
 */
export function openGuideFile(dataDir: string): Database {
  mkdirSync(dataDir, { recursive: true });
  const database = openWal(join(dataDir, 'guide.sqlite'), BUSY_MS);
  // What a power cut takes is fetched again
  database.run('PRAGMA synchronous = NORMAL');
  migrate(database, MIGRATIONS, 'guide.sqlite');
  return database;
}

/** To look only, at the file as it is when a statement begins. Throws where there is none. */
export function readGuideFile(dataDir: string): Database {
  const database = new Database(join(dataDir, 'guide.sqlite'), { readonly: true, strict: true });
  database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
  return database;
}
