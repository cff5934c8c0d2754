// This file keeps the programmes of a guide that is still coming, in whatever order they come.
import { Database } from 'bun:sqlite';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Programme } from '../media/xmltv/programme.ts';
import { writeProgrammeBody } from '../media/xmltv/write-programme.ts';

/** One of them; `body` is what stands between its tags. */
export type IncomingProgramme = {
  readonly startMs: number;
  readonly stopMs: number | null;
  readonly catchupId: string | null;
  readonly title: string;
  readonly body: string;
};

/** Rows written at once. */
const BATCH_ROWS = 4000;
/** Programmes of one channel in one guide: three months of news every five minutes. */
const MAX_PROGRAMMES_PER_CHANNEL = 30_000;

/**
 * A guide has some hundreds of megabytes of text, in no order that could be relied on, so it goes to a
 * file; one that is worth nothing once it is closed, so that it needs neither journal nor sync.
 */
export class Incoming implements Disposable {
  readonly #path: string;
  readonly #database: Database;
  #rows = 0;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'guide-incoming.sqlite');
    rmSync(this.#path, { force: true });
    this.#database = new Database(this.#path, { create: true, strict: true });
    this.#database.run('PRAGMA journal_mode = OFF');
    this.#database.run('PRAGMA synchronous = OFF');
    this.#database.run(
      `CREATE TABLE programme (
         channel TEXT NOT NULL, start_ms INTEGER NOT NULL, stop_ms INTEGER, catchup_id TEXT,
         title TEXT NOT NULL, body TEXT NOT NULL
       )`,
    );
    this.#database.run('BEGIN');
  }

  add(programme: Programme): void {
    const { channel, startMs, stopMs, catchupId, titles } = programme;
    this.#database
      .query('INSERT INTO programme VALUES (?, ?, ?, ?, ?, ?)')
      .run(
        ...[channel, startMs, stopMs ?? null, catchupId ?? null],
        ...[titles[0]?.text ?? '', writeProgrammeBody(programme)],
      );
    this.#rows++;
    if (this.#rows % BATCH_ROWS === 0) this.#database.run('COMMIT; BEGIN');
  }

  get count(): number {
    return this.#rows;
  }

  /** Nothing is added any more. Returns the channels that have programmes. */
  seal(): readonly string[] {
    this.#database.run('COMMIT');
    this.#database.run('CREATE INDEX by_channel ON programme (channel, start_ms)');
    return this.#database
      .query<{ channel: string }, []>('SELECT DISTINCT channel FROM programme ORDER BY channel')
      .all()
      .map(({ channel }) => channel);
  }

  /** In order of time; of two that begin at once the one that came first is first. */
  of(channel: string): readonly IncomingProgramme[] {
    return this.#database
      .query<IncomingProgramme, [string, number]>(
        `SELECT start_ms AS startMs, stop_ms AS stopMs, catchup_id AS catchupId, title, body
         FROM programme WHERE channel = ? ORDER BY start_ms, rowid LIMIT ?`,
      )
      .all(channel, MAX_PROGRAMMES_PER_CHANNEL);
  }

  [Symbol.dispose](): void {
    this.#database.close();
    rmSync(this.#path, { force: true });
  }
}
