// This file asks a Postgres, tries again what may well pass, and gives up one that says nothing.
import { type Clock, within } from '../base/clock.ts';
import { PostgresClient } from '../net/postgres-client.ts';
import { type PostgresFailure, postgresFailure } from '../net/postgres-failure.ts';
import type { SqlAddress } from '../net/sql-address.ts';
import { type SharedStoreCode, SharedStoreError } from './errors.ts';

/** Told that the server has answered, and work goes on. */
export type Heard = () => void;
type Work<T> = (client: PostgresClient, heard: Heard) => Promise<T>;

export type PostgresCallsOptions = {
  readonly address: SqlAddress;
  readonly clock: Clock;
  /** Hears of every failure. */
  readonly onFailure: (error: SharedStoreError) => void;
};

/** One for what is written, one for whole kinds, and one for a few rows, which never wait for those. */
const CONNECTIONS = 3;
export const CONNECT_TIMEOUT_S = 3;
/** One statement has as long; 1,000 documents take a fraction of a second. */
const STATEMENT_TIMEOUT_MS = 20_000;
const LOCK_TIMEOUT_MS = 10_000;
/** Two who write the same may meet; the second try finds the first done. */
const MAX_TRIES = 3;

const CODES = {
  unreachable: 'CHANNEL_STORE_UNREACHABLE',
  refused: 'CHANNEL_STORE_REFUSED',
  broken: 'CHANNEL_STORE_BROKEN',
  full: 'CHANNEL_STORE_FULL',
  'read-only': 'CHANNEL_STORE_READ_ONLY',
} as const satisfies Record<PostgresFailure['kind'], SharedStoreCode>;

/** Throws SharedStoreError. */
export class PostgresCalls {
  readonly #options: PostgresCallsOptions;
  readonly #manners = { takesSettings: true };
  #client: PostgresClient;

  constructor(options: PostgresCallsOptions) {
    this.#options = options;
    this.#client = this.#connect();
  }

  /** For as long as it says something: after `quietMs` of nothing it is given up, and all else with it. */
  async call<T>(quietMs: number, work: Work<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = this.#client;
      try {
        return await this.#unlessQuiet(client, quietMs, work);
      } catch (error) {
        const isPassing = !(error instanceof SharedStoreError) && postgresFailure(error).isPassing;
        if (isPassing && tries < MAX_TRIES) continue;
        const failure = this.#errorOf(error);
        this.#options.onFailure(failure);
        throw failure;
      }
    }
  }

  /** Breaks off whatever is under way; never throws. */
  destroy(): Promise<void> {
    return this.#client.destroy();
  }

  /** `heard` begins the time anew. */
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
    const { place } = this.#options.address;
    const message = `Cannot use ${place}: it takes too long`;
    throw new SharedStoreError('CHANNEL_STORE_UNREACHABLE', message, { place });
  }

  #errorOf(error: unknown): SharedStoreError {
    if (error instanceof SharedStoreError) return error;
    const { kind, state } = postgresFailure(error);
    const { place } = this.#options.address;
    return new SharedStoreError(CODES[kind], `Cannot use ${place}: ${state}`, { place }, error);
  }

  #connect(): PostgresClient {
    const { address, clock } = this.#options;
    const { place } = address;
    return new PostgresClient({
      address,
      clock,
      connections: CONNECTIONS,
      connectTimeoutS: CONNECT_TIMEOUT_S,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      manners: this.#manners,
      refused: (message) => new SharedStoreError('CHANNEL_STORE_REFUSED', message, { place }),
    });
  }
}
