// This file keeps one pool of idle connections per upstream origin and way to reach it.

/**
 * The runtime never shares a connection between two sessions, so neither two names on one address
 * nor a verified and an unverified upstream can end up on the same connection.
 */
export type Session = {
  readonly fetch: Bun.FetchSession['fetch'];
  /** None of its connections is used again; the request that found it out may finish. */
  retire(): void;
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

export class Sessions implements Disposable {
  readonly #sessions = new Map<string, Bun.FetchSession>();

  open(key: string, init: () => SessionInit): Session {
    const known = this.#sessions.get(key);
    const session = known ?? this.#create(init());
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size > MAX_SESSIONS) {
      const [eldest] = this.#sessions;
      this.#retire(...eldest!);
    }
    return { fetch: session.fetch, retire: () => this.#retire(key, session) };
  }

  /** The next request opens a session of its own; idle connections close, those in use finish. */
  #retire(key: string, session: Bun.FetchSession): void {
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    session.close();
  }

  #create(init: SessionInit): Bun.FetchSession {
    const keepAlive = { idleTimeout: IDLE_SECONDS, maxIdleSockets: MAX_IDLE_SOCKETS };
    return new Bun.FetchSession({ ...init, keepAlive });
  }

  [Symbol.dispose](): void {
    for (const [key, session] of [...this.#sessions]) this.#retire(key, session);
  }
}
