// This file keeps segments in Postgres.

import postgres, { type Sql } from 'postgres';
import type { Clock } from '../../base/clock.ts';
import { TierError } from './errors.ts';
import { joinPieces, MAX_BODY_BYTES, pieceAt, pieceCount } from './pieces.ts';
import { postgresFailure } from './postgres-failure.ts';
import { knock } from './postgres-knock.ts';
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
import { parseSqlAddress, type SqlAddress } from './sql-address.ts';
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
const IDLE_CLOSE_S = 60;
const RECONNECT_DELAY_S = 0.2;
/** Longer than we wait: only what we have forgotten is ended by the server. */
const STATEMENT_TIMEOUT_MS = 8000 + Math.ceil(MAX_BODY_BYTES / 1000);
/** No statement of ours keeps a lock for as long. */
const LOCK_TIMEOUT_MS = 4000;

export function postgresTier(options: SqlTierOptions): Tier {
  const address = parseSqlAddress('postgres', options.url);
  const { place } = address;
  // What was learned of it outlives the connections
  const server: Server = { takesSettings: true };
  const engine = {
    kind: 'postgres',
    place,
    connect: () => connect(address, server, options.clock),
    failureOf: postgresFailure,
  } as const;
  return new SqlTier(engine, options);
}

/** `takesSettings`: false where a pooler stands before it that refuses those it does not know. */
type Server = { takesSettings: boolean };

function connect(address: SqlAddress, server: Server, clock: Clock): SqlConnections {
  let isThere: Promise<void> | undefined;
  const open = () =>
    createClient(address, server, () => {
      isThere = undefined;
    });
  let sql = open();
  /** Knocks before the first query, and the next after a connection was lost. */
  const ask = async <T>(query: () => PromiseLike<T>): Promise<T> => {
    const asked = sql;
    try {
      isThere ??= reach(address, clock);
      await isThere;
      return await query();
    } catch (error) {
      if (isSettingRefused(error) && (server.takesSettings || asked !== sql)) {
        server.takesSettings = false;
        if (asked === sql) sql = open();
        void asked.end({ timeout: 0 }).catch(() => {});
        return await ask(query);
      }
      const isOurs = error instanceof TierError;
      if (isOurs || postgresFailure(error).code === 'TIER_UNREACHABLE') isThere = undefined;
      throw error;
    }
  };
  const run = (statement: string, ...values: (string | number)[]) =>
    ask(() => sql.unsafe(statement, values));
  const goneOf = async (statement: string, ...values: number[]) =>
    Number((await run(statement, ...values))[0]?.['gone'] ?? 0);
  return {
    prepare: () => ask(() => prepare(sql, address.place)),
    get: async (id, nowMs) => storedOf(await run(GET, id, Math.floor(nowMs)), joinPieces),
    held: async (ids, nowMs) =>
      (await run(HELD, ids.join(','), nowMs)).map((row) => String(row['id'])),
    extend: async (id, expiresAtMs) => (await run(EXTEND, id, expiresAtMs)).length > 0,
    put: async ({ id, body, contentType, expiresAtMs }) => {
      const count = pieceCount(body.length, PIECE_BYTES);
      const pieces = Array.from({ length: count }, (_, at) => pieceAt(body, at, PIECE_BYTES));
      const head = [id, count, body.length, contentType, expiresAtMs];
      const put = putStatement(count);
      await ask(() => sql.unsafe(put, [...head, ...pieces]));
    },
    delete: async (ids) => {
      await run(DELETE, ids.join(','));
    },
    expire: (nowMs, limit) => goneOf(EXPIRE, nowMs, limit),
    evict: (sizeBytes, limit) => goneOf(EVICT, sizeBytes, limit),
    use: async () => useOf((await run(USE))[0]),
    destroy: () => sql.end({ timeout: 0 }).catch(() => {}),
  };
}

/** Its client would go on without a word and be hung up on where the server does not encrypt. */
async function reach({ host, port, sslMode, place }: SqlAddress, clock: Clock): Promise<void> {
  const { isEncrypting } = await knock(host, port, clock, CONNECT_TIMEOUT_S * 1000);
  if (isEncrypting || sslMode === 'disable') return;
  const message = `Cannot use ${place}: it offers no TLS, wanted it for sslmode=${sslMode}`;
  throw new TierError('TIER_REFUSED', message, { place });
}

function createClient(address: SqlAddress, server: Server, onclose: () => void): Sql {
  const { host, port, username, password, database, sslMode } = address;
  const ssl = { disable: false, require: 'require', 'verify-full': 'verify-full' } as const;
  return postgres({
    host,
    port,
    username,
    password,
    database,
    ssl: ssl[sslMode],
    max: READERS + WRITERS,
    connect_timeout: CONNECT_TIMEOUT_S,
    idle_timeout: IDLE_CLOSE_S,
    backoff: () => RECONNECT_DELAY_S,
    fetch_types: false,
    // Where a pooler gives each transaction another connection, a name may mean the statement of another
    prepare: false,
    onnotice: () => {},
    onclose,
    connection: {
      application_name: 'weir',
      ...(server.takesSettings && {
        statement_timeout: STATEMENT_TIMEOUT_MS,
        lock_timeout: LOCK_TIMEOUT_MS,
      }),
    },
  });
}

// PostgreSQL manual, appendix A: protocol_violation, which poolers say of a setting they do not know
function isSettingRefused(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code === '08P01';
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
    if (error instanceof postgres.PostgresError && error.code === '42P01') return 0;
    throw error;
  }
}
