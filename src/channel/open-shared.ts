// This file opens the store that all nodes agree by, wherever the configuration puts it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, within } from '../base/clock.ts';
import { errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { SharedStoreError } from './errors.ts';
import type { SharedCopy } from './shared-copy.ts';
import {
  COPY_FILE,
  openSharedFile,
  openSharedMemory,
  SHARED_FILE,
  type SharedFile,
} from './shared-file.ts';
import { SqliteSharedStore } from './shared-sqlite.ts';
import type { SharedStats, SharedStore } from './shared-store.ts';

export type SharedSettings = {
  readonly dataDir: string;
  /** Of the Postgres that nodes share; absent: a file of this machine. */
  readonly storeUrl?: string;
};

export type SharedDeps = { readonly clock: Clock; readonly random: Random; readonly log: Log };

export type OpenSharedStore = SharedStore & {
  stats(): SharedStats;
  /** What this machine keeps of a store that lies elsewhere. */
  readonly copy?: SharedStore;
};

/** A server waits so long for the database to be there, and then plays with what it knows. */
const JOIN_WAIT_MS = 2000;
const COMMAND_WAIT_MS = 10_000;

/** For a server, which plays whatever becomes of the folder and of the database. */
export async function openSharedStore(
  settings: SharedSettings,
  deps: SharedDeps,
): Promise<OpenSharedStore> {
  const { storeUrl } = settings;
  if (storeUrl === undefined) return openFileOrMemory(settings, deps, SHARED_FILE);
  const store = await openCopy(storeUrl, openFileOrMemory(settings, deps, COPY_FILE), deps);
  await within(deps.clock, store.tried, JOIN_WAIT_MS);
  return store;
}

/** For a command, which ends where it cannot do its work: what it says is done is on the disk. */
export async function openSharedForCommand(
  settings: SharedSettings,
  deps: SharedDeps,
): Promise<OpenSharedStore> {
  const { storeUrl } = settings;
  if (storeUrl === undefined) return openFile(settings, deps, SHARED_FILE);
  const store = await openCopy(storeUrl, openFile(settings, deps, COPY_FILE), deps);
  await within(deps.clock, store.tried, COMMAND_WAIT_MS);
  if (store.stats().isUp) return store;
  const { place } = store.stats();
  const { trouble } = store;
  await store[Symbol.asyncDispose]();
  const message = `Cannot use ${place}: it takes too long`;
  throw trouble ?? new SharedStoreError('CHANNEL_STORE_UNREACHABLE', message, { place });
}

/** The client of Postgres is only loaded where there is one: other starts do not wait for it. */
async function openCopy(
  url: string,
  copy: SqliteSharedStore,
  { clock, random, log }: SharedDeps,
): Promise<SharedCopy> {
  const { PostgresSharedStore } = await import('./shared-postgres.ts');
  const { SharedCopy } = await import('./shared-copy.ts');
  return new SharedCopy({
    connect: (onFailure) => new PostgresSharedStore({ url, clock, log, onFailure }),
    copy,
    kinds: () => copy.kinds,
    clock,
    random,
    log,
  });
}

function openFile(
  { dataDir }: SharedSettings,
  { clock, log }: SharedDeps,
  file: SharedFile,
): SqliteSharedStore {
  const database = openSharedFile(dataDir, log, file);
  return new SqliteSharedStore(database, {
    clock,
    log,
    path: join(dataDir, file.name),
    isDurable: true,
  });
}

function openFileOrMemory(
  { dataDir }: SharedSettings,
  { clock, log }: SharedDeps,
  file: SharedFile,
): SqliteSharedStore {
  try {
    const path = join(dataDir, file.name);
    return new SqliteSharedStore(openSharedFile(dataDir, log, file), { clock, log, path });
  } catch (error) {
    const message = 'shared store not usable: users, numbers and keys last until the stop';
    log.warn(message, errorFields(errorRecord(error)));
    return openMemory({ clock, log });
  }
}

/** For a command that only says what would be: it leaves no file where there was none. */
export async function openSharedForTrial(
  settings: SharedSettings,
  deps: SharedDeps,
): Promise<OpenSharedStore> {
  const { storeUrl } = settings;
  if (storeUrl === undefined) return await openSharedOffline(settings, deps);
  const store = await openCopy(storeUrl, openMemory(deps), deps);
  await within(deps.clock, store.tried, COMMAND_WAIT_MS);
  return store;
}

/** What this machine has, a copy where the store lies elsewhere: no server is asked, and no file made. */
export async function openSharedOffline(
  settings: SharedSettings,
  deps: SharedDeps,
): Promise<OpenSharedStore> {
  const file = settings.storeUrl === undefined ? SHARED_FILE : COPY_FILE;
  const isThere = existsSync(join(settings.dataDir, file.name));
  return isThere ? openFileOrMemory(settings, deps, file) : openMemory(deps);
}

function openMemory(deps: Pick<SharedDeps, 'clock' | 'log'>): SqliteSharedStore {
  return new SqliteSharedStore(openSharedMemory(), { ...deps, path: 'memory', isLasting: false });
}
