// This file goes on with a copy on this machine while the store that nodes share is away.
import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { errorFields } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { type SharedStoreCode, SharedStoreError } from './errors.ts';
import { LocalCopy } from './local-copy.ts';
import { PendingClaims } from './pending-claims.ts';
import type { SqliteSharedStore } from './shared-sqlite.ts';
import { LOCAL_KIND, type SharedStats, type SharedStore } from './shared-store.ts';

type Documents = ReadonlyMap<string, unknown>;

/** What nodes share, wherever it lies. */
export interface CommonStore extends SharedStore {
  readonly place: string;
  /** Makes it ready for use. */
  prepare(withinMs: number): Promise<void>;
  /** All of it or nothing, by kind, and only to a store that nobody has ever written to. */
  bring(held: () => Promise<ReadonlyMap<string, Documents>>): Promise<void>;
  /** `bytes` where there is none under this name yet; resolves to what stands there now. */
  claimSecret(name: string, bytes: Uint8Array): Promise<Uint8Array>;
}

export type SharedCopyOptions = {
  /** Opens nothing yet; `onFailure` hears of every failure. */
  readonly connect: (onFailure: (error: SharedStoreError) => void) => CommonStore;
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

/**
 *            joined: what waited is claimed
 *   away ──────────────────────────────────► joined
 *    ▲   reads: the copy                       │  reads: the server, and the copy follows
 *    │   claims: the copy, else as proposed    │  writes: the server
 *    │   saves: refused                        │
 *    └────── unreachable, or refused ──────────┘
 *
 * What is read and claimed while it is away may be otherwise elsewhere: whoever watches is told once it
 * is joined again, and loads it anew.
 */
export class SharedCopy implements SharedStore {
  readonly #options: SharedCopyOptions;
  readonly #server: CommonStore;
  readonly #local: LocalCopy;
  readonly #pending = new PendingClaims();
  readonly #watchers = new Map<string, Set<() => void>>();
  /** Kinds that were read from the copy since it was last joined. */
  readonly #readFromCopy = new Set<string>();
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
    this.#local = new LocalCopy(options.copy, options.log);
    this.#server = options.connect((error) => this.#failed(error));
    void this.#join();
  }

  /** Resolves once it was tried for the first time, whatever came of that. */
  get tried(): Promise<void> {
    return this.#firstTry.promise;
  }

  /** Of this machine alone: what its kinds of `LOCAL_KIND` hold goes nowhere else. */
  get copy(): SharedStore {
    return this.#options.copy;
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

  async load(kind: string): Promise<Documents> {
    const documents = await this.#orCopy(
      () => this.#local.follow(kind, () => this.#server.load(kind)),
      () => this.#copyOf(kind).load(kind),
    );
    return this.#pending.over(kind, documents);
  }

  async get(kind: string, id: string): Promise<unknown> {
    const found = await this.#orCopy(
      () => this.#server.get(kind, id),
      () => this.#copyOf(kind).get(kind, id),
    );
    return found ?? this.#pending.get(kind, id);
  }

  async save(kind: string, documents: Documents): Promise<void> {
    const given = new Map(documents);
    if (!this.#isJoined) throw this.#trouble ?? this.#notYet();
    await this.#server.save(kind, given);
    await this.#local.keep(kind, given);
  }

  async claim(kind: string, documents: Documents): Promise<Documents> {
    const given = new Map(documents);
    return await this.#orCopy(
      async () => {
        const standing = await this.#server.claim(kind, given);
        await this.#local.keep(kind, standing);
        return standing;
      },
      async () => {
        const held = await this.#options.copy.load(kind);
        // What waits is claimed as it is joined: what came after that would wait until the next time
        return this.#isJoined ? this.claim(kind, given) : this.#pending.claim(kind, given, held);
      },
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

  #copyOf(kind: string): SharedStore {
    this.#readFromCopy.add(kind);
    return this.#options.copy;
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
      const given = await this.#pending.settle(this.#server, (kind, standing) =>
        this.#local.keep(kind, standing),
      );
      this.#tellOf(new Set([...given, ...this.#readFromCopy]));
      return this.#isJoined;
    } catch {
      // Said by whoever heard of the failure
      this.#isJoined = false;
      return false;
    }
  }

  /** Also what was written elsewhere: by now the server may have told of that, to who read the copy then. */
  #tellOf(kinds: ReadonlySet<string>): void {
    this.#readFromCopy.clear();
    for (const kind of kinds) for (const tell of this.#watchers.get(kind) ?? []) tell();
  }

  /** Whoever comes first to a store that nobody has used brings what was kept here until now. */
  async #bring(): Promise<void> {
    const { copy, kinds } = this.#options;
    await this.#server.bring(async () => {
      const held = new Map<string, Documents>();
      for (const kind of kinds()) {
        if (!kind.startsWith(LOCAL_KIND)) held.set(kind, await copy.load(kind));
      }
      return held;
    });
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
