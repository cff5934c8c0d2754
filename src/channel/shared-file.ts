// This file opens the SQLite file of what all nodes agree by.
import { Database } from 'bun:sqlite';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../base/log.ts';
import { SharedStoreError } from './errors.ts';
import { migrate, versionOf } from './migrate.ts';
import { openWal } from './open-wal.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/*
 * A file of its own, beside that of the machine's own store: whoever imports a line-up of 50,000
 * channels holds the lock of this one for as long, and a server that saves its numbering on the
 * serving thread must never wait for that.
 */
export const SHARED_FILE = {
  name: 'shared.sqlite',
  /** Where these stood before they had a file of their own. */
  earlier: 'weir.sqlite',
  takes: "kind = 'channel-number'",
} as const;

/** What is known of a server that nodes share; it begins as what this machine knew without one. */
export const COPY_FILE = {
  name: 'shared-copy.sqlite',
  earlier: SHARED_FILE.name,
  takes: 'true',
} as const;

export type SharedFile = typeof SHARED_FILE | typeof COPY_FILE;

const TABLES = `
CREATE TABLE document (
  kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE secret (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE document_writes (kind TEXT PRIMARY KEY, writes INTEGER NOT NULL) WITHOUT ROWID;`;

/** What players and clients know is taken along: device ids, sealed addresses, numbers. */
const takeAlong = ({ takes }: SharedFile) => `
INSERT INTO secret SELECT name, bytes FROM earlier.secret WHERE name <> 'archive';
INSERT INTO document SELECT kind, id, body FROM earlier.document WHERE ${takes};`;

/** How long a start waits for another process that is just making or migrating the same file. */
const OPEN_BUSY_MS = 5000;

/** Throws where the folder cannot be written or the file is of a later version. */
export function openSharedFile(
  dataDir: string,
  log: Log,
  file: SharedFile = SHARED_FILE,
): Database {
  const path = join(dataDir, file.name);
  try {
    mkdirSync(dataDir, { recursive: true });
    const database = openWal(path, OPEN_BUSY_MS, (made) => {
      // Keys and what passwords were made into; its log gets the same rights by SQLite
      if (versionOf(made) === 0) protect(path, dataDir);
    });
    try {
      make(database, file, join(dataDir, file.earlier), log);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw sqliteFailure(error, path) ?? refused(path, error);
  }
}

/** For where nothing can be written: what is agreed then lasts as long as the process. */
export function openSharedMemory(): Database {
  const database = new Database(':memory:', { strict: true });
  migrate(database, [TABLES], 'memory');
  return database;
}

/** A command that root runs makes it for whoever the folder belongs to, as whom the server runs. */
function protect(path: string, dataDir: string): void {
  chmodSync(path, 0o600);
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dataDir);
  if (uid !== 0) chownSync(path, uid, gid);
}

function make(database: Database, file: SharedFile, earlier: string, log: Log): void {
  const isTaking = versionOf(database) === 0 && existsSync(earlier) && hasTables(earlier, log);
  if (!isTaking) {
    migrate(database, [TABLES], file.name);
    return;
  }
  database.run('ATTACH DATABASE ? AS earlier', [earlier]);
  migrate(database, [TABLES + takeAlong(file)], file.name);
  database.run('DETACH DATABASE earlier');
}

function hasTables(path: string, log: Log): boolean {
  try {
    using database = new Database(path, { readonly: true, strict: true });
    database.run(`PRAGMA busy_timeout = ${OPEN_BUSY_MS}`);
    const names = "SELECT name FROM sqlite_master WHERE name IN ('document', 'secret')";
    return database.query(names).all().length === 2;
  } catch (error) {
    log.warn('earlier secrets and numbers not taken along', { path, error });
    return false;
  }
}

function refused(path: string, error: unknown): SharedStoreError {
  const message = error instanceof Error ? error.message : String(error);
  return new SharedStoreError('CHANNEL_STORE_REFUSED', message, { path }, error);
}
