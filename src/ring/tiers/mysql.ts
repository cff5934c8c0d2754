// This file keeps segments in MySQL or MariaDB.
import { SQL } from 'bun';
import type { SqlAddress } from '../../net/sql-address.ts';
import { mysqlFailure } from './mysql-failure.ts';
import {
  CREATE_TABLES,
  deleteSegments,
  EXTEND,
  FIND_OVER,
  GET,
  heldOf,
  LOCK_EXPIRED,
  LOCK_HEAD,
  lockHeads,
  PUT_HEAD,
  PUT_PIECE,
  READ_PACKET,
  READ_VERSION,
  USE,
} from './mysql-statements.ts';
import { runnerOf, type SqlRow, transact } from './mysql-transaction.ts';
import { joinPieces, pieceAt, pieceCount } from './pieces.ts';
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

const MAX_PIECE_BYTES = 1024 * 1024;
/** Of a packet, for all that is not the piece. */
const PACKET_MARGIN_BYTES = 8 * 1024;
/** The least that a server can be set to is 1 KiB; of such nothing can be made. */
const MIN_PACKET_BYTES = 2 * PACKET_MARGIN_BYTES;
const IDLE_CLOSE_S = 60;

const NO_SUCH_TABLE = 1146;

export function mysqlTier(options: SqlTierOptions): Tier {
  const address = parseSqlAddress('mysql', options.url);
  const { place } = address;
  // What open() has learned of the server outlives the connections
  const server: Server = { pieceBytes: MAX_PIECE_BYTES };
  const connect = () => connectTo(address, server);
  return new SqlTier({ kind: 'mysql', place, connect, failureOf: mysqlFailure }, options);
}

type Server = { pieceBytes: number };

function connectTo(address: SqlAddress, server: Server): SqlConnections {
  const sql = createClient(address);
  const run = runnerOf(sql);
  return {
    prepare: () => prepare(sql, server, address.place),
    get: async (id, nowMs) => storedOf(await run(GET, id, id, Math.floor(nowMs)), joinPieces),
    held: async (ids, nowMs) =>
      ids.length === 0 ? [] : idsOf(await run(heldOf(ids.length), nowMs, ...ids)),
    extend: (id, expiresAtMs) =>
      transact(sql, async (inside) => {
        if ((await inside(LOCK_HEAD, id)).length === 0) return false;
        await inside(EXTEND, expiresAtMs, id);
        return true;
      }),
    put: ({ id, body, contentType, expiresAtMs }, check) =>
      transact(sql, async (inside) => {
        const { pieceBytes } = server;
        const count = pieceCount(body.length, pieceBytes);
        const first = pieceAt(body, 0, pieceBytes);
        await inside(PUT_HEAD, id, count, body.length, contentType, expiresAtMs, first);
        for (let piece = 1; piece < count; piece++) {
          check();
          await inside(PUT_PIECE, id, piece, pieceAt(body, piece, pieceBytes));
        }
      }),
    delete: (ids) =>
      transact(sql, async (inside) => {
        await inside(deleteSegments(ids.length), ...ids);
      }),
    expire: (nowMs, limit) =>
      transact(sql, async (inside) => {
        const due = idsOf(await inside(LOCK_EXPIRED, nowMs, limit));
        if (due.length > 0) await inside(deleteSegments(due.length), ...due);
        return due.length;
      }),
    evict: (sizeBytes, limit) =>
      transact(sql, async (inside) => {
        const over = idsOf(await inside(FIND_OVER, sizeBytes, limit));
        if (over.length === 0) return 0;
        const held = idsOf(await inside(lockHeads(over.length), ...over));
        if (held.length > 0) await inside(deleteSegments(held.length), ...held);
        return held.length;
      }),
    use: async () => useOf((await run(USE))[0]),
    destroy: () => sql.close({ timeout: 0 }).catch(() => {}),
  };
}

function createClient({ host, port, username, password, database, sslMode }: SqlAddress): SQL {
  return new SQL({
    adapter: 'mysql',
    hostname: host,
    port,
    username,
    password,
    database,
    max: READERS + WRITERS,
    connectionTimeout: CONNECT_TIMEOUT_S,
    idleTimeout: IDLE_CLOSE_S,
    ...(sslMode !== 'disable' && { tls: { rejectUnauthorized: sslMode === 'verify-full' } }),
  });
}

async function prepare(sql: SQL, server: Server, place: string): Promise<void> {
  const run = runnerOf(sql);
  const packetBytes = Number((await run(READ_PACKET))[0]?.['bytes']);
  const fitting = Math.max(packetBytes, MIN_PACKET_BYTES) - PACKET_MARGIN_BYTES;
  server.pieceBytes = Math.min(MAX_PIECE_BYTES, fitting);
  let version = await versionIn(sql);
  if (version === 0) {
    for (const statement of CREATE_TABLES) await run(statement);
    version = await versionIn(sql);
  }
  checkVersion(version, place);
}

/** 0 where there is no table yet, or nothing in it. */
async function versionIn(sql: SQL): Promise<number> {
  try {
    return versionOf((await runnerOf(sql)(READ_VERSION))[0]);
  } catch (error) {
    if (error instanceof SQL.MySQLError && error.errno === NO_SUCH_TABLE) return 0;
    throw error;
  }
}

function idsOf(rows: readonly SqlRow[]): string[] {
  return rows.map((row) => String(row['id']));
}
