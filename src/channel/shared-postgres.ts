// This file keeps what all nodes agree by in Postgres.
import { type Clock, within } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { PostgresClient, Sql, TransactionSql } from '../net/postgres-client.ts';
import { readSqlAddress } from '../net/sql-address.ts';
import { ChangeWatch, type WriteCounts } from './change-watch.ts';
import { SharedStoreError } from './errors.ts';
import { CONNECT_TIMEOUT_S, type Heard, PostgresCalls } from './postgres-calls.ts';
import {
  ANY_WRITE,
  BATCH_DOCUMENTS,
  batchesOf,
  COUNT,
  COUNTED,
  DROP,
  type Entry,
  KEEP,
  ONE_AT_A_TIME,
  OVERWRITE,
  PAGE,
  parseRows,
  putInBatches,
  type Row,
  SNAPSHOT,
  STANDING,
  toEntries,
} from './postgres-documents.ts';
import { migratePostgres } from './postgres-tables.ts';
import type { CommonStore } from './shared-copy.ts';

export type PostgresSharedOptions = {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of every failure. */
  readonly onFailure?: (error: SharedStoreError) => void;
};

/** 50,000 documents are as slow as the line: it is given up where nothing has come for so long. */
const QUIET_MS = 15_000;
/** Of a few rows: after so long the copy is the better answer. */
const READ_MS = 4000;

type Documents = ReadonlyMap<string, unknown>;

/** Throws SharedStoreError, and never waits for a server that has said nothing for `QUIET_MS`. */
export class PostgresSharedStore implements CommonStore {
  readonly place: string;
  readonly #options: PostgresSharedOptions;
  readonly #calls: PostgresCalls;
  readonly #watch: ChangeWatch;
  /** Writes, and loads of whole kinds, come one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #lastLoad: Promise<unknown> = Promise.resolve();

  constructor(options: PostgresSharedOptions) {
    const address = readSqlAddress('postgres', options.url);
    if (typeof address === 'string') {
      throw new SharedStoreError(
        'CHANNEL_STORE_REFUSED',
        `Cannot use the URL of store: ${address}`,
      );
    }
    this.#options = options;
    this.place = address.place;
    const { clock, onFailure = () => {} } = options;
    this.#calls = new PostgresCalls({ address, clock, onFailure });
    const look = () => this.#calls.call(READ_MS, (client) => counts(client));
    this.#watch = new ChangeWatch(options.clock, options.log, look);
  }

  /** Makes or migrates the tables. */
  prepare(withinMs: number): Promise<void> {
    return this.#calls.call(withinMs, (client) => migratePostgres(client, this.place));
  }

  /** All of it or nothing, by kind, and only where nobody has ever written anything. */
  async bring(held: () => Promise<ReadonlyMap<string, Documents>>): Promise<void> {
    if (!(await this.#isUnused())) return;
    const brought = new Map<string, readonly Entry[]>();
    for (const [kind, documents] of await held()) {
      if (documents.size > 0) brought.set(kind, await toEntries([...documents]));
    }
    const bring = async (sql: TransactionSql, heard: Heard) => {
      await sql.unsafe(ONE_AT_A_TIME);
      if ((await sql.unsafe(ANY_WRITE)).length > 0) return;
      for (const [kind, entries] of brought) {
        await sql.unsafe(COUNT, [kind]);
        await putInBatches(sql, KEEP, kind, entries, heard);
      }
    };
    await this.#calls.call(QUIET_MS, (client, heard) =>
      client.ask((sql) => sql.begin((inside) => bring(inside, heard))),
    );
  }

  async load(kind: string): Promise<Documents> {
    const documents = new Map<string, unknown>();
    const read = async (sql: TransactionSql, heard: Heard) => {
      const [counted] = await sql.unsafe(COUNTED, [kind]);
      for (let after = ''; ; ) {
        const rows = await sql.unsafe(PAGE, [kind, after, BATCH_DOCUMENTS]);
        heard();
        for (const [id, document] of await parseRows(rows)) documents.set(id, document);
        const last: Row | undefined = rows.at(-1);
        if (last === undefined) break;
        after = String(last['id']);
      }
      return Number(counted?.['writes'] ?? 0);
    };
    const loadAll = () =>
      this.#calls.call(QUIET_MS, (client, heard) => {
        documents.clear();
        return client.ask((sql) => sql.begin(SNAPSHOT, (inside) => read(inside, heard)));
      });
    const done = this.#lastLoad.then(loadAll);
    this.#lastLoad = done.catch(() => {});
    this.#watch.loaded(kind, (await done) as number);
    return documents;
  }

  async get(kind: string, id: string): Promise<unknown> {
    const found = await this.#standing(kind, [id]);
    return found.get(id);
  }

  async save(kind: string, documents: Documents): Promise<void> {
    if (documents.size === 0) return;
    await this.#write(kind, toEntries([...documents]), async (sql, entries, heard) => {
      const put = entries.filter(({ body }) => body !== null);
      const gone = entries.filter(({ body }) => body === null).map(({ id }) => id);
      await putInBatches(sql, OVERWRITE, kind, put, heard);
      for (const batch of batchesOf(gone)) {
        await sql.unsafe(DROP, [kind, JSON.stringify(batch)]);
        heard();
      }
    });
  }

  async claim(kind: string, documents: Documents): Promise<Documents> {
    const ids = [...documents.keys()];
    const entries = await toEntries([...documents]);
    const before = await this.#standing(kind, ids);
    const isMissing = entries.filter(({ id }) => !before.has(id));
    if (isMissing.length === 0) return before;
    await this.#write(kind, Promise.resolve(isMissing), (sql, missing, heard) =>
      putInBatches(sql, KEEP, kind, missing, heard),
    );
    return await this.#standing(kind, ids);
  }

  secret(name: string, sizeBytes: number): Promise<Uint8Array> {
    return this.claimSecret(name, crypto.getRandomValues(new Uint8Array(sizeBytes)));
  }

  /** `bytes` where there is none under this name yet; resolves to what stands there now. */
  async claimSecret(name: string, bytes: Uint8Array): Promise<Uint8Array> {
    const read = () =>
      this.#calls.call(READ_MS, (client) =>
        client.ask((sql) => sql.unsafe('SELECT bytes FROM weir_secrets WHERE name = $1', [name])),
      );
    const known = (await read())[0];
    if (known !== undefined) return new Uint8Array(known['bytes'] as Uint8Array);
    const put =
      'INSERT INTO weir_secrets (name, bytes) VALUES ($1, $2::bytea) ON CONFLICT DO NOTHING';
    await this.#calls.call(READ_MS, (client) =>
      client.ask((sql) => sql.unsafe(put, [name, Buffer.from(bytes)])),
    );
    return new Uint8Array((await read())[0]?.['bytes'] as Uint8Array);
  }

  async #isUnused(): Promise<boolean> {
    return (await this.#calls.call(READ_MS, (client) => counts(client))).size === 0;
  }

  watch(kind: string, changed: () => void): Disposable {
    return this.#watch.watch(kind, changed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await within(
      this.#options.clock,
      this.#last.then(
        () => {},
        () => {},
      ),
      CONNECT_TIMEOUT_S * 1000,
    );
    await this.#calls.destroy();
  }

  async #standing(kind: string, ids: readonly string[]): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    for (const batch of batchesOf(ids)) {
      const rows = await this.#calls.call(READ_MS, (client) =>
        client.ask((sql) => sql.unsafe(STANDING, [kind, JSON.stringify(batch)])),
      );
      for (const [id, document] of await parseRows(rows)) found.set(id, document);
    }
    return found;
  }

  /**
   * One transaction, begun by the count of the kind: whoever writes that too waits there. Whoever
   * called first writes first.
   */
  async #write(
    kind: string,
    given: Promise<readonly Entry[]>,
    work: (sql: TransactionSql, entries: readonly Entry[], heard: Heard) => Promise<void>,
  ): Promise<void> {
    given.catch(() => {});
    const write = async () => {
      const entries = await given;
      const inTransaction = async (transaction: TransactionSql, heard: Heard) => {
        const [row] = await transaction.unsafe(COUNT, [kind]);
        await work(transaction, entries, heard);
        return Number((row as Row)['writes']);
      };
      return await this.#calls.call(QUIET_MS, (client, heard) =>
        client.ask((sql) => sql.begin((inside) => inTransaction(inside, heard))),
      );
    };
    const done = this.#last.then(write);
    this.#last = done.catch(() => {});
    const count = (await done) as number;
    this.#watch.wrote(kind, count - 1, count);
  }
}

async function counts(client: PostgresClient): Promise<WriteCounts> {
  const read = (sql: Sql) => sql.unsafe('SELECT kind, writes FROM weir_document_writes');
  const rows: readonly Row[] = await client.ask(read);
  return new Map(rows.map((row) => [String(row['kind']), Number(row['writes'])]));
}
