// This file opens a SQLite file that is written by way of a log, while others may be opening it too.
import { Database } from 'bun:sqlite';
import { isBusy } from './sqlite-failure.ts';

/** Another is done with making it within some milliseconds. */
const LOOK_MS = 10;

/** It waits so long for other processes, now and later. `made`: before anything is written into it. */
export function openWal(
  path: string,
  busyMs: number,
  made?: (database: Database) => void,
): Database {
  const database = new Database(path, { create: true, strict: true });
  try {
    // First of all: to read its version may have to wait as well
    database.run(`PRAGMA busy_timeout = ${busyMs}`);
    made?.(database);
    beginWal(database, busyMs);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite itself does not always wait where several do this at once to a file that is new: so we do. */
function beginWal(database: Database, busyMs: number): void {
  database.run('PRAGMA busy_timeout = 0');
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    try {
      database.run('PRAGMA journal_mode = WAL');
      break;
    } catch (error) {
      if (!isBusy(error) || waitedMs >= busyMs) throw error;
    }
    Bun.sleepSync(LOOK_MS);
  }
  database.run(`PRAGMA busy_timeout = ${busyMs}`);
}
