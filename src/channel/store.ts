// This file keeps what belongs to this machine and must survive a restart in one SQLite file.
import { Database } from 'bun:sqlite';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Log, silentLog } from '../base/log.ts';
import { ARCHIVE_TABLES, ArchiveRows } from './archive-rows.ts';
import { FolderLock } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import { openWal } from './open-wal.ts';

export interface Store extends Disposable {
  /** What is held of the channels that are archived; absent where nothing outlives the process. */
  readonly archive?: ArchiveRows;
  load(kind: string): ReadonlyMap<string, unknown>;
  /** All or none of them; what another process may not have overwritten is kept until it ends. */
  save(kind: string, documents: ReadonlyMap<string, unknown>): void;
  /** Random bytes made once under this name, for this machine alone. */
  secret(name: string, sizeBytes: number): Uint8Array;
}

/** Forward only; a file written by a later version is not touched. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE document (
     kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
     PRIMARY KEY (kind, id)
   ) WITHOUT ROWID;
   CREATE TABLE secret (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;`,
  ARCHIVE_TABLES,
];

/** Another that writes holds it for milliseconds; the serving thread waits no longer. */
const BUSY_MS = 2000;
/** Of 4 KiB: where the thread of `Checkpoints` does not come to it, or there is none. */
const WAL_MAX_PAGES = 8192;

export function storePath(dataDir: string): string {
  return join(dataDir, 'weir.sqlite');
}

/**
 * Throws where the folder cannot be written or the file is of a later version. Two processes that
 * wrote their numbering over each other's would both go back in time at their next start, so only
 * one writes. The other plays on all the same, since the picture does not need the folder, and
 * writes once the first has ended: so one may also take over from another without a pause.
 */
export function openStore(dataDir: string, log: Log = silentLog): Store {
  mkdirSync(dataDir, { recursive: true });
  const database = openWal(storePath(dataDir), BUSY_MS);
  database.run(`PRAGMA wal_autocheckpoint = ${WAL_MAX_PAGES}`);
  // A power cut may cost the last second of numbering, for which the timeline keeps a margin
  database.run('PRAGMA synchronous = NORMAL');
  migrate(database, MIGRATIONS, 'weir.sqlite');
  const lock = new FolderLock(dataDir);
  if (!lock.isOurs()) {
    const message = 'data folder in use by another weir: numbering is not kept until that one ends';
    log.warn(message, { dataDir });
  }
  return new SqliteStore(database, lock, () => log.info('data folder taken over', { dataDir }));
}

/** To look at, and at nothing that is written: undefined where there is none of this version. */
export function lookIntoStore(
  dataDir: string,
): (Pick<Store, 'load' | 'archive'> & Disposable) | undefined {
  let database: Database | undefined;
  try {
    const opened = new Database(storePath(dataDir), { readonly: true, strict: true });
    database = opened;
    opened.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    const version = opened.query<{ user_version: number }, []>('PRAGMA user_version').get();
    if (version?.user_version !== MIGRATIONS.length) throw new Error('of another version');
    return {
      load: (kind) => loadDocuments(opened, kind),
      archive: new ArchiveRows(opened, () => false),
      [Symbol.dispose]: () => opened.close(),
    };
  } catch {
    database?.close();
    return undefined;
  }
}

function loadDocuments(database: Database, kind: string): ReadonlyMap<string, unknown> {
  const rows = database
    .query<{ id: string; body: string }, [string]>('SELECT id, body FROM document WHERE kind = ?')
    .all(kind);
  const documents = new Map<string, unknown>();
  for (const { id, body } of rows) {
    try {
      documents.set(id, JSON.parse(body));
    } catch {
      // A row that cannot be read is one that was never written: its owner starts anew
    }
  }
  return documents;
}

class SqliteStore implements Store {
  readonly archive: ArchiveRows;
  readonly #database: Database;
  readonly #lock: FolderLock;
  readonly #takenOver: () => void;
  /** By kind, of the time when the folder was another's; undefined once it is ours. */
  #unsaved: Map<string, Map<string, unknown>> | undefined;

  constructor(database: Database, lock: FolderLock, takenOver: () => void) {
    this.#database = database;
    this.#lock = lock;
    this.#takenOver = takenOver;
    this.archive = new ArchiveRows(database, () => lock.isOurs());
    this.#unsaved = lock.isOurs() ? undefined : new Map();
  }

  load(kind: string): ReadonlyMap<string, unknown> {
    return loadDocuments(this.#database, kind);
  }

  save(kind: string, documents: ReadonlyMap<string, unknown>): void {
    if (this.#unsaved === undefined) {
      this.#write(kind, documents);
      return;
    }
    const unsaved = this.#unsaved.get(kind) ?? new Map<string, unknown>();
    for (const [id, document] of documents) unsaved.set(id, document);
    this.#unsaved.set(kind, unsaved);
    if (!this.#lock.isOurs()) return;
    for (const [each, waiting] of this.#unsaved) this.#write(each, waiting);
    this.#unsaved = undefined;
    this.#takenOver();
  }

  #write(kind: string, documents: ReadonlyMap<string, unknown>): void {
    const insert = this.#database.query(
      'INSERT INTO document (kind, id, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
    );
    this.#database.transaction(() => {
      for (const [id, body] of documents) insert.run(kind, id, JSON.stringify(body));
    })();
  }

  secret(name: string, sizeBytes: number): Uint8Array {
    this.#database.run('INSERT OR IGNORE INTO secret (name, bytes) VALUES (?, ?)', [
      name,
      randomBytes(sizeBytes),
    ]);
    const row = this.#database
      .query<{ bytes: Uint8Array }, [string]>('SELECT bytes FROM secret WHERE name = ?')
      .get(name);
    return (row as { bytes: Uint8Array }).bytes;
  }

  [Symbol.dispose](): void {
    this.#database.close();
    this.#lock[Symbol.dispose]();
  }
}

/** For where nothing can be written: numbering then starts anew with every start. */
export function openMemoryStore(): Store {
  const secrets = new Map<string, Uint8Array>();
  return {
    load: () => new Map(),
    save() {},
    secret(name, sizeBytes) {
      const known = secrets.get(name) ?? new Uint8Array(randomBytes(sizeBytes));
      secrets.set(name, known);
      return known;
    },
    [Symbol.dispose]() {},
  };
}
