// This file keeps the programmes of a guide that is still coming, in whatever order they come.
import { Database, type Statement } from 'bun:sqlite';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownText } from '../base/own-text.ts';
import type { ProgrammeRow } from './read-elements.ts';

/** `number` stands for it in the file: its id would be written with every programme. */
export type IncomingChannel = { readonly id: string; readonly number: number };

export type IncomingProgramme = Omit<ProgrammeRow, 'at' | 'channel'>;

/** Rows written at once. */
const BATCH_ROWS = 4000;
/** Programmes of one channel in one guide: three months of news every five minutes. */
const MAX_PROGRAMMES_PER_CHANNEL = 30_000;

type Insert = Statement<
  never,
  [number, number, number, number | null, string | null, string, string]
>;

/**
 * A guide has some hundreds of megabytes of text, in no order that could be relied on, so it goes to a
 * file; one that is worth nothing once it is closed, so that it needs neither journal nor sync.
 */
export class Incoming implements Disposable {
  /** Of the file: another connection may read it once it is sealed. */
  readonly path: string;
  readonly #database: Database;
  readonly #insert: Insert;
  readonly #channels = new Map<string, number>();
  readonly #maxChannels: number;
  #rows = 0;

  constructor(dataDir: string, maxChannels: number) {
    this.#maxChannels = maxChannels;
    this.path = join(dataDir, 'guide-incoming.sqlite');
    rmSync(this.path, { force: true });
    this.#database = new Database(this.path, { create: true, strict: true });
    this.#database.run('PRAGMA journal_mode = OFF');
    this.#database.run('PRAGMA synchronous = OFF');
    this.#database.run(
      `CREATE TABLE programme (
         at INTEGER PRIMARY KEY, channel INTEGER NOT NULL, start_ms INTEGER NOT NULL,
         stop_ms INTEGER, catchup_id TEXT, title TEXT NOT NULL, body TEXT NOT NULL
       )`,
    );
    this.#insert = this.#database.prepare('INSERT INTO programme VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#database.run('BEGIN');
  }

  /** False where it is of one channel too many. */
  add({ at, channel, startMs, stopMs, catchupId, title, body }: ProgrammeRow): boolean {
    const number = this.#numberOf(channel);
    if (number === undefined) return false;
    this.#insert.run(at, number, startMs, stopMs, catchupId, title, body);
    this.#rows++;
    if (this.#rows % BATCH_ROWS === 0) this.#database.run('COMMIT; BEGIN');
    return true;
  }

  get count(): number {
    return this.#rows;
  }

  /** Of those, how many begin then or later. */
  countFrom(timeMs: number): number {
    const row = this.#database
      .query<{ count: number }, [number]>(
        'SELECT COUNT(*) AS count FROM programme WHERE start_ms >= ?',
      )
      .get(timeMs);
    return row?.count ?? 0;
  }

  /** Nothing is added any more. Returns the channels that have programmes, in order of their ids. */
  seal(): readonly IncomingChannel[] {
    this.#database.run('COMMIT');
    this.#database.run('CREATE INDEX by_channel ON programme (channel, start_ms)');
    const channels = [...this.#channels].map(([id, number]) => ({ id, number }));
    return channels.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  [Symbol.dispose](): void {
    this.#insert.finalize();
    this.#database.close();
    rmSync(this.path, { force: true });
  }

  #numberOf(channel: string): number | undefined {
    const known = this.#channels.get(channel);
    if (known !== undefined) return known;
    const { size } = this.#channels;
    if (size >= this.#maxChannels) return undefined;
    this.#channels.set(ownText(channel), size);
    return size;
  }
}

/** In order of time; of two that begin at once the one that stands first is first. */
export function programmesOfIncoming(
  database: Database,
  { number }: IncomingChannel,
): readonly IncomingProgramme[] {
  return database
    .query<IncomingProgramme, [number, number]>(
      `SELECT start_ms AS startMs, stop_ms AS stopMs, catchup_id AS catchupId, title, body
       FROM programme WHERE channel = ? ORDER BY start_ms, at LIMIT ?`,
    )
    .all(number, MAX_PROGRAMMES_PER_CHANNEL);
}
