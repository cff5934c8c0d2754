// This file keeps what all nodes agree by in SQLite, where there is one node.
import type { Database } from 'bun:sqlite';
import { randomBytes } from 'node:crypto';
import { type Clock, sleep } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { othersTurn } from '../base/turn.ts';
import { ChangeWatch, type WriteCounts } from './change-watch.ts';
import type { SharedStats, SharedStore } from './shared-store.ts';
import { isBusy, sqliteFailure } from './sqlite-failure.ts';

export type SqliteSharedOptions = {
  readonly clock: Clock;
  readonly log: Log;
  /** For messages. */
  readonly path: string;
  /** What is acknowledged is on the disk: for a command that ends behind it. */
  readonly isDurable?: boolean;
  /** False where it ends with the process. */
  readonly isLasting?: boolean;
};

/** Work goes on for so long before others have their turn: nobody notices that. */
const TURN_MS = 4;
/** Rows are read in pieces of so many, a millisecond or two. */
const PAGE_ROWS = 500;
/** Another process that writes 50,000 documents is done within a second or two. */
const BUSY_WAIT_MS = 10_000;
const BUSY_LOOK_MS = 15;

const PUT = `INSERT INTO document (kind, id, body) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET body = excluded.body`;

type Row = { readonly id: string; readonly body: string };
type Step = () => Promise<void>;

/**
 * One piece of work at a time; each lets others have their turn in its midst, whole as it is: a
 * transaction stays open meanwhile, which only other processes wait for.
 */
export class SqliteSharedStore implements SharedStore {
  readonly #database: Database;
  readonly #options: SqliteSharedOptions;
  readonly #watch: ChangeWatch;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #errors = 0;

  constructor(database: Database, options: SqliteSharedOptions) {
    this.#database = database;
    this.#options = options;
    // A wait inside SQLite would hold up the whole thread: we wait ourselves
    database.run('PRAGMA busy_timeout = 0');
    database.run(`PRAGMA synchronous = ${options.isDurable === true ? 'FULL' : 'NORMAL'}`);
    this.#watch = new ChangeWatch(options.clock, options.log, async () => this.#counts());
  }

  load(kind: string): Promise<ReadonlyMap<string, unknown>> {
    return this.#inTurn(async () => {
      const documents = new Map<string, unknown>();
      await this.#transaction('BEGIN', async (pause) => {
        this.#watch.loaded(kind, this.#countOf(kind));
        for (let after = ''; ; ) {
          const rows = this.#page(kind, after);
          for (const { id, body } of rows) documents.set(id, parseBody(body));
          const last = rows.at(-1);
          if (last === undefined) break;
          after = last.id;
          await pause();
        }
      });
      for (const [id, document] of documents) if (document === undefined) documents.delete(id);
      return documents;
    });
  }

  get(kind: string, id: string): Promise<unknown> {
    return this.#inTurn(async () => this.#read(kind, id));
  }

  async save(kind: string, documents: ReadonlyMap<string, unknown>): Promise<void> {
    const entries = [...documents];
    if (entries.length === 0) return;
    await this.#inTurn(() =>
      this.#write(kind, async (pause) => {
        const put = this.#database.query(PUT);
        const drop = this.#database.query('DELETE FROM document WHERE kind = ? AND id = ?');
        for (const [id, document] of entries) {
          if (document === null) drop.run(kind, id);
          else put.run(kind, id, JSON.stringify(document));
          await pause();
        }
        return true;
      }),
    );
  }

  async claim(
    kind: string,
    documents: ReadonlyMap<string, unknown>,
  ): Promise<ReadonlyMap<string, unknown>> {
    const entries = [...documents];
    const standing = new Map<string, unknown>();
    await this.#inTurn(() =>
      this.#write(kind, async (pause) => {
        const put = this.#database.query(
          'INSERT INTO document (kind, id, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        );
        // What stands there and cannot be read is as good as nothing
        const over = this.#database.query(PUT);
        let written = 0;
        for (const [id, document] of entries) {
          written += put.run(kind, id, JSON.stringify(document)).changes;
          if (this.#read(kind, id) === undefined)
            written += over.run(kind, id, JSON.stringify(document)).changes;
          standing.set(id, this.#read(kind, id));
          await pause();
        }
        return written > 0;
      }),
    );
    return standing;
  }

  secret(name: string, sizeBytes: number): Promise<Uint8Array> {
    return this.claimSecret(name, new Uint8Array(randomBytes(sizeBytes)));
  }

  /** `bytes` where there is none under this name yet; resolves to what stands there now. */
  claimSecret(name: string, bytes: Uint8Array): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const known = this.#secret(name);
      if (known !== undefined) return known;
      await this.#transaction('BEGIN IMMEDIATE', async () => {
        const put = 'INSERT OR IGNORE INTO secret (name, bytes) VALUES (?, ?)';
        this.#database.run(put, [name, bytes]);
      });
      return this.#secret(name) as Uint8Array;
    });
  }

  /** In place of what stands there. */
  putSecret(name: string, bytes: Uint8Array): Promise<void> {
    return this.#inTurn(() =>
      this.#transaction('BEGIN IMMEDIATE', async () => {
        this.#database.run('INSERT OR REPLACE INTO secret (name, bytes) VALUES (?, ?)', [
          name,
          bytes,
        ]);
      }),
    );
  }

  get kinds(): readonly string[] {
    const rows = this.#database.query<{ kind: string }, []>('SELECT DISTINCT kind FROM document');
    return rows.all().map(({ kind }) => kind);
  }

  stats(): SharedStats {
    const { path: place, isLasting = true } = this.#options;
    return { place, isUp: isLasting, errors: this.#errors, queued: 0 };
  }

  watch(kind: string, changed: () => void): Disposable {
    return this.#watch.watch(kind, changed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await this.#last;
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.close();
  }

  #page(kind: string, after: string): readonly Row[] {
    return this.#database
      .query<Row, [string, string, number]>(
        'SELECT id, body FROM document WHERE kind = ? AND id > ? ORDER BY id LIMIT ?',
      )
      .all(kind, after, PAGE_ROWS);
  }

  #read(kind: string, id: string): unknown {
    const row = this.#database
      .query<Row, [string, string]>('SELECT id, body FROM document WHERE kind = ? AND id = ?')
      .get(kind, id);
    return row === null ? undefined : parseBody(row.body);
  }

  #secret(name: string): Uint8Array | undefined {
    return this.#database
      .query<{ bytes: Uint8Array }, [string]>('SELECT bytes FROM secret WHERE name = ?')
      .get(name)?.bytes;
  }

  #counts(): WriteCounts {
    const rows = this.#database
      .query<{ kind: string; writes: number }, []>('SELECT kind, writes FROM document_writes')
      .all();
    return new Map(rows.map(({ kind, writes }) => [kind, writes]));
  }

  #countOf(kind: string): number {
    return this.#counts().get(kind) ?? 0;
  }

  /** `work` says whether it changed anything. */
  async #write(kind: string, work: (pause: Step) => Promise<boolean>): Promise<void> {
    const counted = await this.#transaction('BEGIN IMMEDIATE', async (pause) => {
      const before = this.#countOf(kind);
      if (!(await work(pause))) return undefined;
      const count =
        'INSERT INTO document_writes VALUES (?, 1) ON CONFLICT DO UPDATE SET writes = writes + 1';
      this.#database.query(count).run(kind);
      return before;
    });
    if (counted !== undefined) this.#watch.wrote(kind, counted, counted + 1);
  }

  async #transaction<T>(begin: string, work: (pause: Step) => Promise<T>): Promise<T> {
    await this.#patiently(() => this.#database.run(begin));
    try {
      const result = await work(createPause(this.#options.clock));
      await this.#patiently(() => this.#database.run('COMMIT'));
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    try {
      this.#database.run('ROLLBACK');
    } catch {
      // Where the disk is full SQLite has rolled back by itself
    }
  }

  async #patiently(run: () => void): Promise<void> {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    for (;;) {
      try {
        run();
        return;
      } catch (error) {
        if (!isBusy(error) || clock.monotonicMs() - startedMs > BUSY_WAIT_MS) throw error;
      }
      await sleep(clock, BUSY_LOOK_MS);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work).catch((error) => {
      this.#errors++;
      throw sqliteFailure(error, this.#options.path) ?? error;
    });
    this.#last = done.catch(() => {});
    return done;
  }
}

/** Lets others have their turn where the last one is some time ago. */
function createPause(clock: Clock): Step {
  let sinceMs = clock.monotonicMs();
  return async () => {
    if (clock.monotonicMs() - sinceMs < TURN_MS) return;
    await othersTurn();
    sinceMs = clock.monotonicMs();
  };
}

/** A row that cannot be read is one that was never written. */
function parseBody(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
