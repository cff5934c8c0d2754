// This file is how documents of the shared store lie in Postgres: its statements, rows and batches.
import { othersTurn } from '../base/turn.ts';
import type { TransactionSql } from '../net/postgres-client.ts';
import type { Heard } from './postgres-calls.ts';

/** A statement carries so many at most, either way: some hundred kilobytes. */
export const BATCH_DOCUMENTS = 1000;
/** So many are turned from or into text at once, in a few milliseconds. */
const TURN_DOCUMENTS = 500;

export const COUNT = `INSERT INTO weir_document_writes AS counted (kind, writes) VALUES ($1, 1)
ON CONFLICT (kind) DO UPDATE SET writes = counted.writes + 1 RETURNING writes`;
const PUT = `INSERT INTO weir_documents (kind, id, body)
SELECT $1, id, body FROM json_to_recordset($2::text::json) AS given (id text, body text)
ON CONFLICT (kind, id)`;
export const OVERWRITE = `${PUT} DO UPDATE SET body = excluded.body`;
export const SNAPSHOT = 'isolation level repeatable read read only';
export const KEEP = `${PUT} DO NOTHING`;
const LISTED = 'kind = $1 AND id IN (SELECT json_array_elements_text($2::text::json))';
export const COUNTED = 'SELECT writes FROM weir_document_writes WHERE kind = $1';
export const PAGE =
  'SELECT id, body FROM weir_documents WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3';
export const DROP = `DELETE FROM weir_documents WHERE ${LISTED}`;
export const STANDING = `SELECT id, body FROM weir_documents WHERE ${LISTED}`;
/** Nodes that come at once to a store that is new; whoever writes otherwise has joined before. */
export const ONE_AT_A_TIME = 'SELECT pg_advisory_xact_lock(1466262868)';
export const ANY_WRITE = 'SELECT 1 FROM weir_document_writes LIMIT 1';

export type Row = Readonly<Record<string, unknown>>;
export type Entry = { readonly id: string; readonly body: string | null };

export async function putInBatches(
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

/** As text, some at a time. */
export async function toEntries(
  documents: readonly (readonly [string, unknown])[],
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [id, document] of documents) {
    const body = document === null ? null : JSON.stringify(document);
    if (body === undefined) throw new TypeError(`Cannot save ${id}: it is no JSON value`);
    entries.push({ id, body });
    if (entries.length % TURN_DOCUMENTS === 0) await othersTurn();
  }
  return entries;
}

export function* batchesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += BATCH_DOCUMENTS) {
    yield items.slice(at, at + BATCH_DOCUMENTS);
  }
}

/** A row that cannot be read is one that was never written. */
export async function parseRows(rows: readonly Row[]): Promise<Map<string, unknown>> {
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
