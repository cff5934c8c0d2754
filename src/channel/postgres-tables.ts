// This file brings the tables of the shared store in Postgres to the version of this program.
import { isTableMissing, type PostgresClient } from '../net/postgres-client.ts';
import { SharedStoreError } from './errors.ts';

/** Forward only; tables of a later version are not touched. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE weir_documents (
     kind text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, body text NOT NULL,
     PRIMARY KEY (kind, id)
   );
   CREATE TABLE weir_secrets (name text COLLATE "C" PRIMARY KEY, bytes bytea NOT NULL);
   CREATE TABLE weir_document_writes (kind text COLLATE "C" PRIMARY KEY, writes bigint NOT NULL);`,
];

const READ_VERSION = 'SELECT version FROM weir_store_schema';

/** Each step is sent as one simple query, which is one transaction; the lock lets one weir at a time do it. */
function stepOf(migration: string, from: number): string {
  return `
SELECT pg_advisory_xact_lock(1466262867);
CREATE TABLE IF NOT EXISTS weir_store_schema
  (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), version integer NOT NULL);
INSERT INTO weir_store_schema (version) VALUES (0) ON CONFLICT DO NOTHING;
DO $weir$ BEGIN
  IF (SELECT version FROM weir_store_schema) = ${from} THEN
    ${migration}
    UPDATE weir_store_schema SET version = ${from + 1};
  END IF;
END $weir$`;
}

/** Where the tables are there, it takes no more rights than to read and write them. */
export async function migratePostgres(
  client: PostgresClient,
  place: string,
  migrations: readonly string[] = MIGRATIONS,
): Promise<void> {
  const version = await versionIn(client);
  if (version > migrations.length) {
    const wanted = `wanted at most ${migrations.length}`;
    throw new SharedStoreError(
      'CHANNEL_STORE_REFUSED',
      `Cannot use ${place}: its tables are of version ${version}, ${wanted}`,
      { place, version },
    );
  }
  for (let from = version; from < migrations.length; from++) {
    await client.ask((sql) => sql.unsafe(stepOf(migrations[from] as string, from)));
  }
}

/** 0 where there is no table yet. */
async function versionIn(client: PostgresClient): Promise<number> {
  try {
    const [row] = await client.ask((sql) => sql.unsafe(READ_VERSION));
    return Number(row?.['version'] ?? 0);
  } catch (error) {
    if (isTableMissing(error)) return 0;
    throw error;
  }
}
