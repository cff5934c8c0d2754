// This file is the one client of Postgres: it knocks first, and learns what a pooler refuses.
import postgres, { type Sql } from 'postgres';
import type { Clock } from '../base/clock.ts';
import { postgresFailure } from './postgres-failure.ts';
import { knock } from './postgres-knock.ts';
import type { SqlAddress } from './sql-address.ts';

export type { Sql, TransactionSql } from 'postgres';

export type PostgresClientOptions = {
  readonly address: SqlAddress;
  readonly clock: Clock;
  readonly connections: number;
  readonly connectTimeoutS: number;
  /** Longer than anybody waits: only what was forgotten is ended by the server. */
  readonly statementTimeoutMs: number;
  /** No statement keeps a lock for as long. */
  readonly lockTimeoutMs: number;
  /** What was learned of the server, which outlives the connections. */
  readonly manners: PostgresManners;
  /** The error of the caller's own for a server that is there, and not as it is wanted. */
  readonly refused: (message: string) => Error;
};

/** `takesSettings`: false where a pooler stands before it that refuses those it does not know. */
export type PostgresManners = { takesSettings: boolean };

const IDLE_CLOSE_S = 60;
const RECONNECT_DELAY_S = 0.2;

export class PostgresClient {
  readonly #options: PostgresClientOptions;
  #isThere: Promise<void> | undefined;
  #sql: Sql;

  constructor(options: PostgresClientOptions) {
    this.#options = options;
    this.#sql = this.#open();
  }

  /** Knocks before the first query, and the next after a connection was lost. */
  async ask<T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> {
    const { manners } = this.#options;
    const asked = this.#sql;
    let hasKnocked = false;
    try {
      this.#isThere ??= reach(this.#options);
      await this.#isThere;
      hasKnocked = true;
      return await query(asked);
    } catch (error) {
      if (isSettingRefused(error) && (manners.takesSettings || asked !== this.#sql)) {
        manners.takesSettings = false;
        if (asked === this.#sql) this.#sql = this.#open();
        void asked.end({ timeout: 0 }).catch(() => {});
        return await this.ask(query);
      }
      if (!hasKnocked || postgresFailure(error).kind === 'unreachable') this.#isThere = undefined;
      throw error;
    }
  }

  /** Breaks off whatever is under way; never throws. */
  destroy(): Promise<void> {
    return this.#sql.end({ timeout: 0 }).catch(() => {});
  }

  #open(): Sql {
    return createClient(this.#options, () => {
      this.#isThere = undefined;
    });
  }
}

/** Its client would go on without a word and be hung up on where the server does not encrypt. */
async function reach({ address, clock, connectTimeoutS, refused }: PostgresClientOptions) {
  const { host, port, sslMode, place } = address;
  const { isEncrypting } = await knock(host, port, clock, connectTimeoutS * 1000);
  if (isEncrypting || sslMode === 'disable') return;
  throw refused(`Cannot use ${place}: it offers no TLS, wanted it for sslmode=${sslMode}`);
}

function createClient(options: PostgresClientOptions, onclose: () => void): Sql {
  const { host, port, username, password, database, sslMode } = options.address;
  const ssl = { disable: false, require: 'require', 'verify-full': 'verify-full' } as const;
  return postgres({
    host,
    port,
    username,
    password,
    database,
    ssl: ssl[sslMode],
    max: options.connections,
    connect_timeout: options.connectTimeoutS,
    idle_timeout: IDLE_CLOSE_S,
    backoff: () => RECONNECT_DELAY_S,
    fetch_types: false,
    // Where a pooler gives each transaction another connection, a name may mean the statement of another
    prepare: false,
    onnotice: () => {},
    onclose,
    connection: {
      application_name: 'weir',
      ...(options.manners.takesSettings && {
        statement_timeout: options.statementTimeoutMs,
        lock_timeout: options.lockTimeoutMs,
      }),
    },
  });
}

// PostgreSQL manual, appendix A: protocol_violation, which poolers say of a setting they do not know
function isSettingRefused(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code === '08P01';
}

// PostgreSQL manual, appendix A: undefined_table
export function isTableMissing(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code === '42P01';
}
