// This file keeps one pool of idle connections per upstream origin and way to reach it.
import type { Call } from './call.ts';
import type { ConnectionScope } from './connection-scope.ts';
import { NetError } from './errors.ts';

/**
 * The runtime never shares a connection between two sessions, so neither two names on one address
 * nor a verified and an unverified upstream can end up on the same connection.
 */
export type Session = {
  readonly fetch: Bun.FetchSession['fetch'];
  /** None of its connections is used again; the request that found it out may finish. */
  retire(): void;
  /** A connection of it is in use until this is disposed. */
  hold(): Disposable;
};

export type SessionInit = {
  readonly tls: { serverName?: string; rejectUnauthorized: boolean; ca?: string };
  readonly proxy: Bun.FetchProxyOption;
  /** Connect to this Unix socket instead, whatever the URL says. */
  readonly unix?: string;
};

/** Live playlists are asked for every few seconds; most servers hang up after 60 s or less. */
const IDLE_SECONDS = 30;
/** A rendition loop uses two or three connections at once. */
const MAX_IDLE_SOCKETS = 8;
/** Origins in use at a time; one more closes the idle connections of the one unused for longest. */
const MAX_SESSIONS = 512;

type Pooled = {
  readonly key: string;
  readonly session: Bun.FetchSession;
  readonly scopes: Set<ConnectionScope>;
  inUse: number;
  isRetired: boolean;
};

export class Sessions implements Disposable {
  readonly #pools = new Map<string, Pooled>();

  /**
   * The session for `call`, which uses it until it ends. Where calls of a scope used it, it is
   * retired with the last such scope; else its connections stay until they were idle for long.
   */
  open(key: string, call: Call, init: () => SessionInit): Session {
    const { scope } = call;
    if (scope?.isClosed) {
      throw new NetError('NET_ABORTED', `Cannot fetch from ${call.origin}: who asked has gone`);
    }
    const pool = this.#pools.get(key) ?? create(key, init());
    this.#pools.delete(key);
    this.#pools.set(key, pool);
    if (this.#pools.size > MAX_SESSIONS) {
      const [eldest] = this.#pools.values();
      this.#retire(eldest!);
    }
    if (scope !== undefined) this.#join(pool, scope);
    call.use(hold(pool));
    return {
      fetch: pool.session.fetch,
      retire: () => this.#retire(pool),
      hold: () => hold(pool),
    };
  }

  #join(pool: Pooled, scope: ConnectionScope): void {
    if (pool.scopes.has(scope)) return;
    pool.scopes.add(scope);
    scope.join(() => {
      pool.scopes.delete(scope);
      if (pool.scopes.size === 0) this.#retire(pool);
    });
  }

  /** The next request opens a session of its own; idle connections close, those in use finish. */
  #retire(pool: Pooled): void {
    if (this.#pools.get(pool.key) === pool) this.#pools.delete(pool.key);
    pool.isRetired = true;
    pool.session.close();
  }

  [Symbol.dispose](): void {
    for (const pool of [...this.#pools.values()]) this.#retire(pool);
  }
}

function create(key: string, init: SessionInit): Pooled {
  const keepAlive = { idleTimeout: IDLE_SECONDS, maxIdleSockets: MAX_IDLE_SOCKETS };
  const session = new Bun.FetchSession({ ...init, keepAlive });
  return { key, session, scopes: new Set(), inUse: 0, isRetired: false };
}

function hold(pool: Pooled): Disposable {
  let isHeld = true;
  pool.inUse++;
  return {
    [Symbol.dispose]() {
      if (!isHeld) return;
      isHeld = false;
      pool.inUse--;
      // What was in use when it was closed became idle since (Bun 1.4.5 keeps it)
      if (pool.isRetired && pool.inUse === 0) pool.session.close();
    },
  };
}
