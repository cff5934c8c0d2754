// This file counts the connections that each provider allows, exactly, and who comes next.
import type { Clock, Timer } from '../../base/clock.ts';

/** Who has a place at a provider, as those see it who want one. */
export type Holder = {
  /**
   * Monotonic time from which on nobody watches, should nothing more be asked: past where nobody
   * does, Infinity while somebody is connected.
   */
  idleFromMs(): number;
  /** Closes everything; once that is done, and not before, the lease is given back. */
  giveWay(): void;
};

/** One connection's worth; disposing it gives it back, once. */
export type Lease = Disposable & {
  readonly provider: string;
  /** Another one where it passes from a trial to the channel. */
  holder: Holder;
};

export type LeaseWait = {
  /** A place is waited for where its holder is idle by then. */
  readonly idleByMs: number;
  /** Nobody waits longer. */
  readonly untilMs: number;
  /** So long also for whoever has a place and may leave it, though nothing says that he will. */
  readonly hopesUntilMs?: number;
};

export type ProviderUse = {
  readonly provider: string;
  readonly used: number;
  /** Absent where the provider sets no limit. */
  readonly limit?: number;
  readonly waiting: number;
  /** Places that a channel without viewers gave up for one that has some. */
  readonly passed: number;
};

type Out = Lease & { isYielding: boolean };

type Waiter = LeaseWait & {
  readonly providers: readonly string[];
  readonly holder: Holder;
  readonly settle: (lease: Lease | undefined) => void;
};

/** Somebody to whom nothing else may matter more. */
export const FOR_GOOD: Holder = { idleFromMs: () => Number.POSITIVE_INFINITY, giveWay() {} };

/** While somebody waits, who has a place is looked at this often. */
const LOOK_MS = 250;

/**
 * ```
 *   free ──take──► out ──dispose, nobody waits──► free
 *                  │ ▲
 *       giveWay()  │ └──dispose, somebody waits: out again in the same turn, to the first of them
 *                  ▼ │
 *                yielding
 * ```
 * Invariants: never more out than the limit allowed when they were taken; where something is free
 * nobody waits for it.
 */
export class ProviderLeases {
  readonly #clock: Clock;
  #limits: ReadonlyMap<string, number>;
  readonly #out = new Map<string, Set<Out>>();
  /** First come, first served. */
  readonly #waiters = new Set<Waiter>();
  readonly #leftMs = new Map<string, number>();
  readonly #passed = new Map<string, number>();
  #timer: Timer | undefined;

  /** Name of the provider → connections it allows at once. */
  constructor(clock: Clock, limits: ReadonlyMap<string, number>) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** From now on; what is out stays out. */
  set limits(limits: ReadonlyMap<string, number>) {
    this.#limits = limits;
    for (const { providers } of this.#waiters) for (const name of providers) this.#serve(name);
    this.#look();
  }

  /** Undefined where all are out. */
  take(provider: string, holder: Holder = FOR_GOOD): Lease | undefined {
    return this.isFree(provider) ? this.#lend(provider, holder) : undefined;
  }

  isFree(provider: string): boolean {
    const used = this.#out.get(provider)?.size ?? 0;
    return used < (this.#limits.get(provider) ?? Number.POSITIVE_INFINITY);
  }

  /**
   * The first place at any of the providers, for somebody who watches: who is idle gives way.
   * Undefined where none can be had in time, once he has given up hope, where whoever wanted it has
   * gone, and where `signal` aborts.
   */
  wait(
    providers: readonly string[],
    holder: Holder,
    patience: LeaseWait,
    signal: AbortSignal,
  ): Promise<Lease | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const free = providers.find((provider) => this.isFree(provider));
    if (free !== undefined) return Promise.resolve(this.#lend(free, holder));
    const { promise, resolve } = Promise.withResolvers<Lease | undefined>();
    const leave = () => this.#dismiss(waiter, undefined);
    const waiter: Waiter = {
      ...patience,
      providers,
      holder,
      settle: (lease) => {
        signal.removeEventListener('abort', leave);
        resolve(lease);
      },
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiters.add(waiter);
    this.#look();
    return promise;
  }

  /** Milliseconds until a place may be had there, should nothing more be asked of who has it. */
  idleInMs(provider: string): number {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const lease of this.#at(provider)) soonestMs = Math.min(soonestMs, idleFromMs(lease));
    return Math.max(0, soonestMs - this.#clock.monotonicMs());
  }

  /** A connection was closed: the provider may count it for a moment more. */
  left(provider: string): void {
    this.#leftMs.set(provider, this.#clock.monotonicMs());
  }

  /** Milliseconds since a connection was closed; Infinity where none was. */
  leftAgoMs(provider: string): number {
    const leftMs = this.#leftMs.get(provider) ?? Number.NEGATIVE_INFINITY;
    return this.#clock.monotonicMs() - leftMs;
  }

  limitOf(provider: string): number | undefined {
    return this.#limits.get(provider);
  }

  stats(): ProviderUse[] {
    const names = new Set([...this.#limits.keys(), ...this.#out.keys()]);
    return [...names].map((provider) => {
      const limit = this.#limits.get(provider);
      return {
        provider,
        used: this.#at(provider).size,
        ...(limit === undefined ? {} : { limit }),
        waiting: [...this.#waiters].filter(({ providers }) => providers.includes(provider)).length,
        passed: this.#passed.get(provider) ?? 0,
      };
    });
  }

  #at(provider: string): ReadonlySet<Out> {
    return this.#out.get(provider) ?? new Set();
  }

  #lend(provider: string, holder: Holder): Lease {
    const out = this.#out.get(provider) ?? new Set();
    this.#out.set(provider, out);
    const lease: Out = {
      provider,
      holder,
      isYielding: false,
      [Symbol.dispose]: () => {
        if (!out.delete(lease)) return;
        this.left(provider);
        if (lease.isYielding) this.#passed.set(provider, (this.#passed.get(provider) ?? 0) + 1);
        // In the same turn: there is no moment at which anybody else could take it
        this.#serve(provider);
      },
    };
    out.add(lease);
    return lease;
  }

  #serve(provider: string): void {
    for (const waiter of this.#waiters) {
      if (!this.isFree(provider)) return;
      if (!waiter.providers.includes(provider)) continue;
      this.#dismiss(waiter, this.#lend(provider, waiter.holder));
    }
  }

  #dismiss(waiter: Waiter, lease: Lease | undefined): void {
    if (!this.#waiters.delete(waiter)) return;
    if (this.#waiters.size === 0) this.#timer?.[Symbol.dispose]();
    waiter.settle(lease);
  }

  /** Has as many give way as are waited for, and sends away those for whom there is no hope. */
  #look(): void {
    this.#timer?.[Symbol.dispose]();
    const nowMs = this.#clock.monotonicMs();
    const turns = new Map<string, number>();
    for (const waiter of this.#waiters) {
      const isThere = waiter.untilMs > nowMs && waiter.holder.idleFromMs() > nowMs;
      let isHopeful = isThere && (waiter.hopesUntilMs ?? Number.NEGATIVE_INFINITY) > nowMs;
      for (const provider of isThere ? waiter.providers : []) {
        const turn = (turns.get(provider) ?? 0) + 1;
        turns.set(provider, turn);
        if (this.#isHopeful(provider, turn, waiter, nowMs)) isHopeful = true;
      }
      if (!isHopeful) this.#dismiss(waiter, undefined);
    }
    if (this.#waiters.size > 0) this.#timer = this.#clock.after(LOOK_MS, () => this.#look());
  }

  /** `turn`: its place in the queue, from 1. */
  #isHopeful(provider: string, turn: number, { idleByMs }: LeaseWait, nowMs: number): boolean {
    const out = [...this.#at(provider)];
    const places = out.map((lease) => ({ lease, idleFromMs: idleFromMs(lease) }));
    places.sort((a, b) => a.idleFromMs - b.idleFromMs);
    // More may be out than are allowed now: those come back for nobody
    const excess = out.length - (this.#limits.get(provider) ?? out.length);
    const wanted = turn + excess;
    const last = places[wanted - 1];
    for (const place of places.slice(0, wanted)) {
      if (place.idleFromMs <= nowMs) press(place.lease);
    }
    return last !== undefined && last.idleFromMs <= Math.max(nowMs, idleByMs);
  }
}

function idleFromMs({ isYielding, holder }: Out): number {
  return isYielding ? Number.NEGATIVE_INFINITY : holder.idleFromMs();
}

function press(lease: Out): void {
  if (lease.isYielding) return;
  lease.isYielding = true;
  lease.holder.giveWay();
}
