// This file keeps segments in a database that speaks SQL.
import type { Clock } from '../../base/clock.ts';
import { HostSlots } from '../../net/host-slots.ts';
import { checkAborted, TierError, unlessAborted } from './errors.ts';
import { keyDigest } from './key-digest.ts';
import { MAX_BODY_BYTES } from './pieces.ts';
import { READERS, type SqlConnections, type SqlEngine, WRITERS } from './sql-engine.ts';
import type { Stored, Swept, Tier, TierKey, TierUse } from './tier.ts';

export type SqlTierOptions = {
  readonly url: string;
  /** The most it may hold of ours; absent: no limit. */
  readonly sizeBytes: number | undefined;
  readonly clock: Clock;
};

/** Whoever asked is told sooner; a connection that is silent for so long is dead. */
const DEADLINE_MS = 5000;
/** A large body over a slow line takes its time. */
const SLOWEST_BYTES_PER_MS = 1000;
/** The first try meets a connection that the server has closed; two who put the same meet once. */
const MAX_TRIES = 3;
/** Segments taken away at once: each is locked for some milliseconds only. */
const SWEEP_STEP = 32;
/** Writers go on between two steps: they use the other connection. */
const DELETE_STEP = 64;
const LOOK_STEP = 64;

type Turn = 'read' | 'write';

export class SqlTier implements Tier {
  readonly kind: 'postgres' | 'mysql';
  readonly place: string;
  readonly #engine: SqlEngine;
  readonly #options: SqlTierOptions;
  readonly #slots = { read: new HostSlots(READERS), write: new HostSlots(WRITERS) };
  #connections: SqlConnections | undefined;
  #isOpen = false;
  #isClosed = false;

  constructor(engine: SqlEngine, options: SqlTierOptions) {
    this.kind = engine.kind;
    this.place = engine.place;
    this.#engine = engine;
    this.#options = options;
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.#isClosed) throw this.#closed();
    await this.#run('write', signal, (database) => database.prepare());
    if (this.#isClosed) throw this.#closed();
    this.#isOpen = true;
  }

  async get(key: TierKey, signal: AbortSignal): Promise<Stored | undefined> {
    this.#check();
    const nowMs = this.#options.clock.nowMs();
    return await this.#run('read', signal, (database) => database.get(keyDigest(key), nowMs));
  }

  async holds(keys: readonly TierKey[], signal: AbortSignal): Promise<readonly boolean[]> {
    this.#check();
    checkAborted(signal, this.place);
    const nowMs = Math.floor(this.#options.clock.nowMs());
    const ids = keys.map(keyDigest);
    const held = new Set<string>();
    for (let first = 0; first < ids.length; first += LOOK_STEP) {
      const some = ids.slice(first, first + LOOK_STEP);
      for (const id of await this.#run('read', signal, (database) => database.held(some, nowMs))) {
        held.add(id);
      }
    }
    return ids.map((id) => held.has(id));
  }

  async put(
    key: TierKey,
    { body, contentType }: Stored,
    expiresAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    this.#check();
    if (body.size > MAX_BODY_BYTES) throw this.#tooLarge(body.size);
    const id = keyDigest(key);
    const ends = Math.ceil(expiresAtMs);
    const extraMs = body.size / SLOWEST_BYTES_PER_MS;
    await this.#run(
      'write',
      signal,
      async (database) => {
        if (await database.extend(id, ends)) return;
        const segment = { id, body: await body.bytes(), contentType, expiresAtMs: ends };
        checkAborted(signal, this.place);
        await database.put(segment, () => checkAborted(signal, this.place));
      },
      extraMs,
    );
  }

  async delete(keys: readonly TierKey[], signal: AbortSignal): Promise<void> {
    this.#check();
    checkAborted(signal, this.place);
    for (let first = 0; first < keys.length; first += DELETE_STEP) {
      // In one order, so that of two who delete the same none waits for the other's second
      const ids = keys
        .slice(first, first + DELETE_STEP)
        .map(keyDigest)
        .sort();
      await this.#run('write', signal, (database) => database.delete(ids));
    }
  }

  async sweep(nowMs: number, signal: AbortSignal): Promise<Swept> {
    this.#check();
    const most = this.#options.sizeBytes;
    const expired = await this.#sweepBy(signal, (database) =>
      database.expire(Math.floor(nowMs), SWEEP_STEP),
    );
    if (most === undefined) return { expired, evicted: 0 };
    const evicted = await this.#sweepBy(signal, (database) => database.evict(most, SWEEP_STEP));
    return { expired, evicted };
  }

  async use(signal: AbortSignal): Promise<TierUse> {
    this.#check();
    return await this.#run('read', signal, (database) => database.use());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#isOpen = false;
    const connections = this.#connections;
    this.#connections = undefined;
    await connections?.destroy();
  }

  /** Until a step finds nothing: what another holds locked is taken by the next sweep. */
  async #sweepBy(
    signal: AbortSignal,
    step: (database: SqlConnections) => Promise<number>,
  ): Promise<number> {
    let gone = 0;
    for (;;) {
      const some = await this.#run('write', signal, step);
      gone += some;
      if (some === 0) return gone;
    }
  }

  /** Whoever gave up does not wait for the rest of `work`, which keeps its slot until it ends. */
  async #run<T>(
    turn: Turn,
    signal: AbortSignal,
    work: (database: SqlConnections) => Promise<T>,
    extraMs = 0,
  ): Promise<T> {
    checkAborted(signal, this.place);
    return await unlessAborted(this.#inTurn(turn, signal, work, extraMs), signal, this.place);
  }

  async #inTurn<T>(
    turn: Turn,
    signal: AbortSignal,
    work: (database: SqlConnections) => Promise<T>,
    extraMs: number,
  ): Promise<T> {
    using _slot = await this.#slot(turn, signal);
    for (let tries = 1; ; tries++) {
      checkAborted(signal, this.place);
      if (this.#isClosed) throw this.#closed();
      try {
        return await this.#bounded(work, DEADLINE_MS + extraMs);
      } catch (error) {
        if (error instanceof TierError) throw error;
        if (this.#isClosed) throw this.#closed();
        const { code, state, isPassing } = this.#engine.failureOf(error);
        if (!isPassing || tries === MAX_TRIES) throw this.#failure(code, state);
      }
    }
  }

  async #slot(turn: Turn, signal: AbortSignal): Promise<Disposable> {
    const slots = this.#slots[turn];
    const free = slots.take(turn);
    if (free !== undefined) return free;
    // The queue is left when `signal` aborts; the slot, once it is ours, when the work has ended
    const waiting = new AbortController();
    const leave = () => waiting.abort();
    signal.addEventListener('abort', leave, { once: true });
    const slot = await slots.wait(turn, waiting.signal);
    signal.removeEventListener('abort', leave);
    return slot;
  }

  /** A connection that is dead would keep its slot for ever: all are given up, and made anew. */
  async #bounded<T>(
    work: (database: SqlConnections) => Promise<T>,
    deadlineMs: number,
  ): Promise<T> {
    this.#connections ??= this.#engine.connect();
    const connections = this.#connections;
    const late = Promise.withResolvers<never>();
    using _timer = this.#options.clock.after(deadlineMs, () => {
      if (this.#connections === connections) this.#connections = undefined;
      late.reject(this.#failure('TIER_UNREACHABLE', 'it does not answer'));
      void connections.destroy();
    });
    const done = work(connections);
    done.catch(() => {});
    return await Promise.race([done, late.promise]);
  }

  #check(): void {
    if (!this.#isOpen) throw this.#closed();
  }

  #closed(): TierError {
    return this.#failure('TIER_CLOSED', 'it is not open');
  }

  #failure(code: TierError['code'], state: string): TierError {
    const place = this.place;
    return new TierError(code, `Cannot use ${place}: ${state}`, { place });
  }

  #tooLarge(sizeBytes: number): TierError {
    const message = `Cannot put ${sizeBytes} bytes into ${this.place}: wanted at most ${MAX_BODY_BYTES}`;
    return new TierError('TIER_TOO_LARGE', message, { place: this.place, sizeBytes });
  }
}
