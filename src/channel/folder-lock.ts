// This file keeps two processes from writing into one folder.
import { Database } from 'bun:sqlite';
import { join } from 'node:path';

/**
 * A lock of the operating system on an empty file, held for as long as the process lives: one that
 * is killed lets go of it, whatever process or container comes after, and no number of a process
 * has to be believed. SQLite takes it, since it knows how on every system.
 */
export class FolderLock implements Disposable {
  readonly #database: Database;
  #isOurs = false;

  constructor(folder: string) {
    this.#database = new Database(join(folder, 'weir.lock'), { create: true, strict: true });
  }

  /** Tries to take it where it is not ours yet. */
  isOurs(): boolean {
    this.#isOurs ||= this.#take();
    return this.#isOurs;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #take(): boolean {
    try {
      // Nothing is ever written, so there is nothing to roll back: no second file
      this.#database.run('PRAGMA journal_mode = MEMORY');
      this.#database.run('BEGIN EXCLUSIVE');
      return true;
    } catch (error) {
      // Some network folders know no locks; there it is as if nobody else were there
      return (error as { code?: string }).code !== 'SQLITE_BUSY';
    }
  }
}
