// This file is the entry of the thread that brings what was written into weir.sqlite to its place there.
import { Database } from 'bun:sqlite';
import { answerCalls } from '../base/answer-calls.ts';
import { giveWay } from '../base/give-way.ts';
import { versionOf } from './migrate.ts';

export type CheckpointSettings = { readonly path: string };
export type CheckpointCall = { readonly what: 'checkpoint' };

/** https://sqlite.org/pragma.html#pragma_wal_checkpoint: pages in the log, and those taken over. */
type Taken = { readonly busy: number; readonly log: number; readonly checkpointed: number };

/** Each has only to do what was written during the one before. */
const ROUNDS_MAX = 10;

// Viewers come before it, also where there is one core for both
giveWay();

answerCalls<CheckpointSettings, CheckpointCall>(({ path }) => {
  const database = new Database(path, { readwrite: true, create: false, strict: true });
  database.run('PRAGMA synchronous = NORMAL');
  database.run('PRAGMA busy_timeout = 100');
  return {
    async call() {
      // It holds up no reader and no writer; what is written meanwhile is left, so once more
      for (let round = 0; round < ROUNDS_MAX; round++) {
        if (takeOver(database, 'PASSIVE')) return beginLog(database);
      }
      // Whoever writes waits for the little that is left: else the log would have no end
      if (takeOver(database, 'RESTART')) beginLog(database);
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
});

/** Whether all of it was. */
function takeOver(database: Database, how: 'PASSIVE' | 'RESTART'): boolean {
  const taken = database.query<Taken, []>(`PRAGMA wal_checkpoint(${how})`).get();
  return taken !== null && taken.busy === 0 && taken.log === taken.checkpointed;
}

/**
 * Whoever writes first after all was taken over begins the log anew, and flushes its head to the disk:
 * tens of milliseconds that the serving thread has not. So it is written here, the same as it was.
 */
function beginLog(database: Database): void {
  try {
    const write = database.transaction(() => {
      database.run(`PRAGMA user_version = ${versionOf(database)}`);
    });
    write.immediate();
  } catch (error) {
    // Another writes just now, and begins it
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
  }
}
