// This file keeps segments in Postgres.

import type { Clock } from '../../base/clock.ts';
import {
  isTableMissing,
  PostgresClient,
  type PostgresManners,
  type Sql,
} from '../../net/postgres-client.ts';
import type { SqlAddress } from '../../net/sql-address.ts';
import { TierError } from './errors.ts';
import { joinPieces, MAX_BODY_BYTES, pieceAt, pieceCount } from './pieces.ts';
import { postgresFailure } from './postgres-failure.ts';
import {
  CREATE_TABLES,
  DELETE,
  EVICT,
  EXPIRE,
  EXTEND,
  GET,
  HELD,
  putStatement,
  READ_VERSION,
  USE,
} from './postgres-statements.ts';
import { SqlTier, type SqlTierOptions } from './sql.ts';
import { parseSqlAddress } from './sql-address.ts';
import {
  CONNECT_TIMEOUT_S,
  READERS,
  type SqlConnections,
  storedOf,
  useOf,
  versionOf,
  WRITERS,
} from './sql-engine.ts';
import { checkVersion } from './sql-version.ts';
import type { Tier } from './tier.ts';

/** Kept outside the row and uncompressed, as segments are already. */
const PIECE_BYTES = 1024 * 1024;
/** Longer than we wait: only what we have forgotten is ended by the server. */
const STATEMENT_TIMEOUT_MS = 8000 + Math.ceil(MAX_BODY_BYTES / 1000);
/** No statement of ours keeps a lock for as long. */
const LOCK_TIMEOUT_MS = 4000;

export function postgresTier(options: SqlTierOptions): Tier {
  const address = parseSqlAddress('postgres', options.url);
  const { place } = address;
  // What was learned of it outlives the connections
  const manners: PostgresManners = { takesSettings: true };
  const engine = {
    kind: 'postgres',
    place,
    connect: () => connect(address, manners, options.clock),
    failureOf: postgresFailure,
  } as const;
  return new SqlTier(engine, options);
}

function connect(address: SqlAddress, manners: PostgresManners, clock: Clock): SqlConnections {
  const client = new PostgresClient({
    address,
    clock,
    connections: READERS + WRITERS,
    connectTimeoutS: CONNECT_TIMEOUT_S,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    manners,
    refused: (message) => new TierError('TIER_REFUSED', message, { place: address.place }),
  });
  const run = (statement: string, ...values: (string | number)[]) =>
    client.ask((sql) => sql.unsafe(statement, values));
  const goneOf = async (statement: string, ...values: number[]) =>
    Number((await run(statement, ...values))[0]?.['gone'] ?? 0);
  return {
    prepare: () => client.ask((sql) => prepare(sql, address.place)),
    get: async (id, nowMs) => storedOf(await run(GET, id, Math.floor(nowMs)), joinPieces),
    held: async (ids, nowMs) =>
      (await run(HELD, ids.join(','), nowMs)).map((row) => String(row['id'])),
    extend: async (id, expiresAtMs) => (await run(EXTEND, id, expiresAtMs)).length > 0,
    put: async ({ id, body, contentType, expiresAtMs }) => {
      const count = pieceCount(body.length, PIECE_BYTES);
      const pieces = Array.from({ length: count }, (_, at) => pieceAt(body, at, PIECE_BYTES));
      const head = [id, count, body.length, contentType, expiresAtMs];
      const put = putStatement(count);
      await client.ask((sql) => sql.unsafe(put, [...head, ...pieces]));
    },
    delete: async (ids) => {
      await run(DELETE, ids.join(','));
    },
    expire: (nowMs, limit) => goneOf(EXPIRE, nowMs, limit),
    evict: (sizeBytes, limit) => goneOf(EVICT, sizeBytes, limit),
    use: async () => useOf((await run(USE))[0]),
    destroy: () => client.destroy(),
  };
}

async function prepare(sql: Sql, place: string): Promise<void> {
  let version = await versionIn(sql);
  if (version === 0) {
    await sql.unsafe(CREATE_TABLES);
    version = await versionIn(sql);
  }
  checkVersion(version, place);
}

/** 0 where there is no table yet. */
async function versionIn(sql: Sql): Promise<number> {
  try {
    return versionOf((await sql.unsafe(READ_VERSION))[0]);
  } catch (error) {
    if (isTableMissing(error)) return 0;
    throw error;
  }
}
