// This file goes on with a copy on this machine while the store that nodes share is away.
import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { errorFields } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { othersTurn } from '../base/turn.ts';
import { type SharedStoreCode, SharedStoreError } from './errors.ts';
import { PendingClaims } from './pending-claims.ts';
import type { PostgresSharedStore } from './shared-postgres.ts';
import type { SqliteSharedStore } from './shared-sqlite.ts';
import type { SharedStats, SharedStore } from './shared-store.ts';

export type SharedCopyOptions = {
  /** Opens nothing yet; `onFailure` hears of every failure. */
  readonly connect: (onFailure: (error: SharedStoreError) => void) => PostgresSharedStore;
  readonly copy: SqliteSharedStore;
  /** Kinds that may have been kept here before there was a store that nodes share. */
  readonly kinds: () => readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

/** Together with an attempt below 10 s: so soon it is in use again after it has come back. */
const HEAL: Backoff = { baseMs: 250, maxMs: 4000 };
const JOIN_MS = 5000;
/** Another password is as good as no server. */
const AWAY: readonly SharedStoreCode[] = ['CHANNEL_STORE_UNREACHABLE', 'CHANNEL_STORE_REFUSED'];
/** So many are compared at once, in a millisecond or two. */
const TURN_DOCUMENTS = 500;

/**
 *            joined: what waited is claimed
 *   away ──────────────────────────────────► joined
 *    ▲   reads: the copy                       │  reads: the server, and the copy follows
 *    │   claims: the copy, else as proposed    │  writes: the server
 *    │   saves: refused                        │
 *    └────── unreachable, or refused ──────────┘
 *
 * What is claimed while it is away may have been given otherwise elsewhere: whoever watches is told
 * then, and loads it again.
 */
export class SharedCopy implements SharedStore {
  readonly #options: SharedCopyOptions;
  readonly #server: PostgresSharedStore;
  readonly #pending = new PendingClaims();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #ending = new AbortController();
  readonly #firstTry = Promise.withResolvers<void>();
  #isJoined = false;
  #isJoining = false;
  #hasSaidAway = false;
  #attempt = 0;
  #errors = 0;
  #trouble: SharedStoreError | undefined;

  constructor(options: SharedCopyOptions) {
    this.#options = options;
    this.#server = options.connect((error) => this.#failed(error));
    void this.#join();
  }

  /** Resolves once it was tried for the first time, whatever came of that. */
  get tried(): Promise<void> {
    return this.#firstTry.promise;
  }

  /** Undefined while it is joined. */
  get trouble(): SharedStoreError | undefined {
    return this.#isJoined ? undefined : this.#trouble;
  }

  stats(): SharedStats {
    return {
      place: this.#server.place,
      isUp: this.#isJoined,
      errors: this.#errors,
      queued: this.#pending.size,
    };
  }

  async load(kind: string): Promise<ReadonlyMap<string, unknown>> {
    const documents = await this.#orCopy(
      async () => {
        const found = await this.#server.load(kind);
        await this.#follow(kind, found);
        return found;
      },
      () => this.#options.copy.load(kind),
    );
    return this.#pending.over(kind, documents);
  }

  async get(kind: string, id: string): Promise<unknown> {
    const found = await this.#orCopy(
      () => this.#server.get(kind, id),
      () => this.#options.copy.get(kind, id),
    );
    return found ?? this.#pending.get(kind, id);
  }

  async save(kind: string, documents: ReadonlyMap<string, unknown>): Promise<void> {
    const given = new Map(documents);
    if (!this.#isJoined) throw this.#trouble ?? this.#notYet();
    await this.#server.save(kind, given);
    await this.#keep(kind, given);
  }

  async claim(
    kind: string,
    documents: ReadonlyMap<string, unknown>,
  ): Promise<ReadonlyMap<string, unknown>> {
    const given = new Map(documents);
    return await this.#orCopy(
      async () => {
        const standing = await this.#server.claim(kind, given);
        await this.#keep(kind, standing);
        return standing;
      },
      async () => this.#pending.claim(kind, given, await this.#options.copy.load(kind)),
    );
  }

  async secret(name: string, sizeBytes: number): Promise<Uint8Array> {
    const own = await this.#options.copy.secret(name, sizeBytes);
    return await this.#orCopy(
      async () => {
        const standing = await this.#server.claimSecret(name, own);
        await this.#options.copy.putSecret(name, standing);
        return standing;
      },
      async () => own,
    );
  }

  watch(kind: string, changed: () => void): Disposable {
    const ofKind = this.#watchers.get(kind) ?? new Set();
    this.#watchers.set(kind, ofKind);
    const mine = () => changed();
    ofKind.add(mine);
    const watching = this.#server.watch(kind, mine);
    return {
      [Symbol.dispose]: () => {
        ofKind.delete(mine);
        watching[Symbol.dispose]();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#isJoined = false;
    await this.#server[Symbol.asyncDispose]();
    await this.#options.copy[Symbol.asyncDispose]();
  }

  /** Only of a server that is away: what it refuses for a reason of its own is said to the caller. */
  async #orCopy<T>(fromServer: () => Promise<T>, fromCopy: () => Promise<T>): Promise<T> {
    if (!this.#isJoined) return await fromCopy();
    try {
      return await fromServer();
    } catch (error) {
      if (this.#isJoined) throw error;
      return await fromCopy();
    }
  }

  /** The copy becomes what the server has. */
  async #follow(kind: string, found: ReadonlyMap<string, unknown>): Promise<void> {
    const held = await this.#options.copy.load(kind);
    const differing = new Map<string, unknown>();
    let at = 0;
    for (const [id, document] of found) {
      if (!Bun.deepEquals(held.get(id), document)) differing.set(id, document);
      if (++at % TURN_DOCUMENTS === 0) await othersTurn();
    }
    for (const id of held.keys()) if (!found.has(id)) differing.set(id, null);
    await this.#keep(kind, differing);
  }

  /** A copy that cannot be written costs no more than the copy. */
  async #keep(kind: string, documents: ReadonlyMap<string, unknown>): Promise<void> {
    try {
      await this.#options.copy.save(kind, documents);
    } catch (error) {
      this.#options.log.warn('copy of the shared store not written', { kind, error });
    }
  }

  /** One at a time. */
  async #join(): Promise<void> {
    if (this.#isJoining) return;
    this.#isJoining = true;
    const { clock, random, log } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const isIn = await this.#tryToJoin();
      this.#firstTry.resolve();
      if (isIn) break;
      await sleep(clock, backoffDelayMs(HEAL, this.#attempt++, random), signal);
    }
    this.#isJoining = false;
    if (signal.aborted) return;
    this.#attempt = 0;
    if (this.#hasSaidAway) log.info('shared store is back', { place: this.#server.place });
    this.#hasSaidAway = false;
  }

  async #tryToJoin(): Promise<boolean> {
    try {
      await this.#server.prepare(JOIN_MS);
      await this.#bring();
      this.#isJoined = true;
      const changed = await this.#pending.settle(this.#server, (kind, standing) =>
        this.#keep(kind, standing),
      );
      for (const kind of changed) for (const tell of this.#watchers.get(kind) ?? []) tell();
      return this.#isJoined;
    } catch {
      // Said by whoever heard of the failure
      this.#isJoined = false;
      return false;
    }
  }

  /** Whoever comes first to a store that nobody has used brings what was kept here until now. */
  async #bring(): Promise<void> {
    if (!(await this.#server.isUnused())) return;
    const { copy, kinds } = this.#options;
    for (const kind of kinds()) {
      const held = await copy.load(kind);
      if (held.size > 0) await this.#server.claim(kind, held);
    }
  }

  #failed(error: SharedStoreError): void {
    if (this.#ending.signal.aborted) return;
    this.#errors++;
    this.#trouble = error;
    const wasJoined = this.#isJoined;
    // What takes no writes, has no room or failed at one thing can still be read
    const isAway = AWAY.includes(error.code);
    if (isAway || !wasJoined) this.#sayAway(error);
    if (!isAway || !wasJoined) return;
    this.#isJoined = false;
    void this.#join();
  }

  #notYet(): SharedStoreError {
    const { place } = this.#server;
    const message = `Cannot use ${place}: it has not answered yet`;
    return new SharedStoreError('CHANNEL_STORE_UNREACHABLE', message, { place });
  }

  #sayAway(error: SharedStoreError): void {
    if (this.#hasSaidAway) return;
    this.#hasSaidAway = true;
    const { log } = this.#options;
    log.warn('shared store is away; its copy is used until it is back', errorFields(error));
  }
}
