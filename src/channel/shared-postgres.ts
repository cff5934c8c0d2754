// This file keeps what all nodes agree by in Postgres.
import { type Clock, within } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { othersTurn } from '../base/turn.ts';
import { PostgresClient, type Sql, type TransactionSql } from '../net/postgres-client.ts';
import { type PostgresFailure, postgresFailure } from '../net/postgres-failure.ts';
import { readSqlAddress, type SqlAddress } from '../net/sql-address.ts';
import { ChangeWatch, type WriteCounts } from './change-watch.ts';
import { type SharedStoreCode, SharedStoreError } from './errors.ts';
import { migratePostgres } from './postgres-tables.ts';
import type { CommonStore } from './shared-copy.ts';

export type PostgresSharedOptions = {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of every failure. */
  readonly onFailure?: (error: SharedStoreError) => void;
};

/** One for what is written, one for whole kinds, and one for a few rows, which never wait for those. */
const CONNECTIONS = 3;
const CONNECT_TIMEOUT_S = 3;
/** One statement has as long; 1,000 documents take a fraction of a second. */
const STATEMENT_TIMEOUT_MS = 20_000;
const LOCK_TIMEOUT_MS = 10_000;
/** 50,000 documents are as slow as the line: it is given up where nothing has come for so long. */
const QUIET_MS = 15_000;
/** Of a few rows: after so long the copy is the better answer. */
const READ_MS = 4000;
/** A statement carries so many at most, either way: some hundred kilobytes. */
const BATCH_DOCUMENTS = 1000;
/** So many are turned from or into text at once, in a few milliseconds. */
const TURN_DOCUMENTS = 500;
/** Two who write the same may meet; the second try finds the first done. */
const MAX_TRIES = 3;

const CODES = {
  unreachable: 'CHANNEL_STORE_UNREACHABLE',
  refused: 'CHANNEL_STORE_REFUSED',
  broken: 'CHANNEL_STORE_BROKEN',
  full: 'CHANNEL_STORE_FULL',
  'read-only': 'CHANNEL_STORE_READ_ONLY',
} as const satisfies Record<PostgresFailure['kind'], SharedStoreCode>;

const COUNT = `INSERT INTO weir_document_writes AS counted (kind, writes) VALUES ($1, 1)
ON CONFLICT (kind) DO UPDATE SET writes = counted.writes + 1 RETURNING writes`;
const PUT = `INSERT INTO weir_documents (kind, id, body)
SELECT $1, id, body FROM json_to_recordset($2::text::json) AS given (id text, body text)
ON CONFLICT (kind, id)`;
const OVERWRITE = `${PUT} DO UPDATE SET body = excluded.body`;
const SNAPSHOT = 'isolation level repeatable read read only';
const KEEP = `${PUT} DO NOTHING`;
const LISTED = 'kind = $1 AND id IN (SELECT json_array_elements_text($2::text::json))';
const COUNTED = 'SELECT writes FROM weir_document_writes WHERE kind = $1';
const PAGE = 'SELECT id, body FROM weir_documents WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3';
const DROP = `DELETE FROM weir_documents WHERE ${LISTED}`;
const STANDING = `SELECT id, body FROM weir_documents WHERE ${LISTED}`;

/** Nodes that come at once to a store that is new; whoever writes otherwise has joined before. */
const ONE_AT_A_TIME = 'SELECT pg_advisory_xact_lock(1466262868)';
const ANY_WRITE = 'SELECT 1 FROM weir_document_writes LIMIT 1';

type Documents = ReadonlyMap<string, unknown>;
type Row = Readonly<Record<string, unknown>>;
/** Told that the server has answered, and work goes on. */
type Heard = () => void;
type Work<T> = (client: PostgresClient, heard: Heard) => Promise<T>;
type Entry = { readonly id: string; readonly body: string | null };

/** Throws SharedStoreError, and never waits for a server that has said nothing for `QUIET_MS`. */
export class PostgresSharedStore implements CommonStore {
  readonly place: string;
  readonly #options: PostgresSharedOptions;
  readonly #address: SqlAddress;
  readonly #watch: ChangeWatch;
  readonly #manners = { takesSettings: true };
  #client: PostgresClient;
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
    this.#address = address;
    this.place = address.place;
    this.#client = this.#connect();
    const look = () => this.#call(READ_MS, (client) => counts(client));
    this.#watch = new ChangeWatch(options.clock, options.log, look);
  }

  /** Makes or migrates the tables. */
  prepare(withinMs: number): Promise<void> {
    return this.#call(withinMs, (client) => migratePostgres(client, this.place));
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
    await this.#call(QUIET_MS, (client, heard) =>
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
      this.#call(QUIET_MS, (client, heard) => {
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
      this.#call(READ_MS, (client) =>
        client.ask((sql) => sql.unsafe('SELECT bytes FROM weir_secrets WHERE name = $1', [name])),
      );
    const known = (await read())[0];
    if (known !== undefined) return new Uint8Array(known['bytes'] as Uint8Array);
    const put =
      'INSERT INTO weir_secrets (name, bytes) VALUES ($1, $2::bytea) ON CONFLICT DO NOTHING';
    await this.#call(READ_MS, (client) =>
      client.ask((sql) => sql.unsafe(put, [name, Buffer.from(bytes)])),
    );
    return new Uint8Array((await read())[0]?.['bytes'] as Uint8Array);
  }

  async #isUnused(): Promise<boolean> {
    return (await this.#call(READ_MS, (client) => counts(client))).size === 0;
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
    await this.#client.destroy();
  }

  #connect(): PostgresClient {
    return new PostgresClient({
      address: this.#address,
      clock: this.#options.clock,
      connections: CONNECTIONS,
      connectTimeoutS: CONNECT_TIMEOUT_S,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      manners: this.#manners,
      refused: (message) =>
        new SharedStoreError('CHANNEL_STORE_REFUSED', message, { place: this.place }),
    });
  }

  async #standing(kind: string, ids: readonly string[]): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    for (const batch of batchesOf(ids)) {
      const rows = await this.#call(READ_MS, (client) =>
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
      return await this.#call(QUIET_MS, (client, heard) =>
        client.ask((sql) => sql.begin((inside) => inTransaction(inside, heard))),
      );
    };
    const done = this.#last.then(write);
    this.#last = done.catch(() => {});
    const count = (await done) as number;
    this.#watch.wrote(kind, count - 1, count);
  }

  /** Tries again what may well go the next time; a connection that says nothing is given up. */
  async #call<T>(quietMs: number, work: Work<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = this.#client;
      try {
        return await this.#unlessQuiet(client, quietMs, work);
      } catch (error) {
        const isPassing = !(error instanceof SharedStoreError) && postgresFailure(error).isPassing;
        if (isPassing && tries < MAX_TRIES) continue;
        const failure = this.#errorOf(error);
        this.#options.onFailure?.(failure);
        throw failure;
      }
    }
  }

  async #unlessQuiet<T>(client: PostgresClient, quietMs: number, work: Work<T>): Promise<T> {
    const { clock } = this.#options;
    let heardMs = clock.monotonicMs();
    const heard = () => {
      heardMs = clock.monotonicMs();
    };
    const done = work(client, heard).then((value) => ({ value }));
    done.catch(() => {});
    for (let leftMs = quietMs; leftMs > 0; leftMs = heardMs + quietMs - clock.monotonicMs()) {
      const answered = await within(clock, done, leftMs);
      if (answered !== undefined) return answered.value;
    }
    if (client === this.#client) this.#client = this.#connect();
    void client.destroy();
    const message = `Cannot use ${this.place}: it takes too long`;
    throw new SharedStoreError('CHANNEL_STORE_UNREACHABLE', message, { place: this.place });
  }

  #errorOf(error: unknown): SharedStoreError {
    if (error instanceof SharedStoreError) return error;
    const { kind, state } = postgresFailure(error);
    const { place } = this;
    return new SharedStoreError(CODES[kind], `Cannot use ${place}: ${state}`, { place }, error);
  }
}

async function putInBatches(
  sql: TransactionSql,
  statement: typeof KEEP | typeof OVERWRITE,
  kind: string,
  entries: readonly Entry[],
  heard: Heard,
): Promise<void> {
  for (const batch of batchesOf(entries)) {
    await sql.unsafe(statement, [kind, JSON.stringify(batch)]);
    heard();
    await othersTurn();
  }
}

async function counts(client: PostgresClient): Promise<WriteCounts> {
  const read = (sql: Sql) => sql.unsafe('SELECT kind, writes FROM weir_document_writes');
  const rows: readonly Row[] = await client.ask(read);
  return new Map(rows.map((row) => [String(row['kind']), Number(row['writes'])]));
}

/** As text, some at a time. */
async function toEntries(documents: readonly (readonly [string, unknown])[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [id, document] of documents) {
    const body = document === null ? null : JSON.stringify(document);
    if (body === undefined) throw new TypeError(`Cannot save ${id}: it is no JSON value`);
    entries.push({ id, body });
    if (entries.length % TURN_DOCUMENTS === 0) await othersTurn();
  }
  return entries;
}

function* batchesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += BATCH_DOCUMENTS) {
    yield items.slice(at, at + BATCH_DOCUMENTS);
  }
}

/** A row that cannot be read is one that was never written. */
async function parseRows(rows: readonly Row[]): Promise<Map<string, unknown>> {
  const documents = new Map<string, unknown>();
  for (const [at, row] of rows.entries()) {
    try {
      documents.set(String(row['id']), JSON.parse(String(row['body'])));
    } catch {
      // Somebody wrote it by hand
    }
    if (at % TURN_DOCUMENTS === TURN_DOCUMENTS - 1) await othersTurn();
  }
  return documents;
}
