// This file opens the store that all nodes agree by, wherever the configuration puts it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { openSharedFile, openSharedMemory, SHARED_FILE } from './shared-file.ts';
import { SqliteSharedStore } from './shared-sqlite.ts';
import type { SharedStore } from './shared-store.ts';

export type SharedSettings = { readonly dataDir: string };

export type SharedDeps = { readonly clock: Clock; readonly log: Log };

/** For a server, which plays whatever becomes of the folder. */
export async function openSharedStore(
  { dataDir }: SharedSettings,
  { clock, log }: SharedDeps,
): Promise<SharedStore> {
  const path = join(dataDir, SHARED_FILE);
  try {
    return new SqliteSharedStore(openSharedFile(dataDir, log), { clock, log, path });
  } catch (error) {
    const message = 'shared store not usable: users, numbers and keys last until the stop';
    log.warn(message, errorFields(errorRecord(error)));
    return new SqliteSharedStore(openSharedMemory(), { clock, log, path: 'memory' });
  }
}

/** For a command, which ends where it cannot do its work. */
export async function openSharedForCommand(
  { dataDir }: SharedSettings,
  { clock, log }: SharedDeps,
): Promise<SharedStore> {
  const path = join(dataDir, SHARED_FILE);
  const database = openSharedFile(dataDir, log);
  return new SqliteSharedStore(database, { clock, log, path, isDurable: true });
}

/** For a command that only says what would be: it leaves no file where there was none. */
export async function openSharedForTrial(
  settings: SharedSettings,
  deps: SharedDeps,
): Promise<SharedStore> {
  if (existsSync(join(settings.dataDir, SHARED_FILE))) return await openSharedStore(settings, deps);
  return new SqliteSharedStore(openSharedMemory(), { ...deps, path: 'memory' });
}
