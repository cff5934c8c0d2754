// This file counts how many watch at once as the same user.
import type { User } from '../../access/user.ts';
import type { Clock } from '../../base/clock.ts';

/** What somebody is connected for until it says that it has ended. */
export type ConnectionKind = 'live' | 'past' | 'file';

export type ConnectionCounts = Readonly<Record<ConnectionKind | 'list', number>>;

/** A player of lists: it is here while it asks. */
type Polling = { polledMs: number; readonly lastSeenMs: () => number };

type Waiter = { readonly limit: number; readonly enter: () => void };

/** `shares`: further ones of the same viewer for the same thing, which count no more. */
type Connection = { readonly kind: ConnectionKind; readonly what: string; shares: number };

type Held = {
  readonly open: Set<Connection>;
  /** By viewer. */
  readonly polling: Map<string, Polling>;
  readonly waiting: Set<Waiter>;
};

/** A player asks at least once in a target duration; few are longer than ten seconds. */
const QUIET_MS = 20_000;
/** A box that zaps asks for the next channel before it has left the last. */
const ZAP_WAIT_MS = 2000;
/** Somebody who is always somebody else is one all the same. */
const VIEWERS_MAX = 1000;
/** More do not zap at once. */
const WAITING_MAX = 32;

export class UserConnections {
  readonly #clock: Clock;
  readonly #users = new Map<string, Held>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A place for a connection, until it is disposed; undefined where none is to be had. A viewer that
   * polled lists until now has left them. `what`: of what the viewer may have several connections,
   * as one that seeks in a file opens the next before it closes the last; '' where he may not.
   */
  async take(
    user: User,
    kind: ConnectionKind,
    viewer: string,
    what: string,
    gone: AbortSignal,
  ): Promise<Disposable | undefined> {
    const held = this.#of(user.name);
    held.polling.delete(viewer);
    const shared = what === '' ? '' : `${viewer} ${what}`;
    const enter = () => this.#enter(user.name, held, kind, shared);
    const limit = limitOf(user);
    if (this.#count(held) < limit || isShared(held, shared)) return enter();
    return await this.#onceFree(held, limit, gone, enter);
  }

  /**
   * A list was asked for; false where that is one too many. `lastSeenMs`: monotonic time at which the
   * viewer last had anything of what the list names, which is asked for elsewhere.
   */
  async polled(
    user: User,
    viewer: string,
    lastSeenMs: () => number,
    gone: AbortSignal,
  ): Promise<boolean> {
    const held = this.#of(user.name);
    const isHere = held.polling.delete(viewer);
    const limit = limitOf(user);
    const enter = () => {
      if (held.polling.size >= VIEWERS_MAX) return;
      held.polling.set(viewer, { polledMs: this.#clock.monotonicMs(), lastSeenMs });
    };
    if (isHere || this.#count(held) < limit) enter();
    else await this.#onceFree(held, limit, gone, enter);
    return held.polling.has(viewer);
  }

  /** Of the user now. */
  activeCount(name: string): number {
    const held = this.#users.get(name);
    return held === undefined ? 0 : this.#count(held);
  }

  counts(): ConnectionCounts {
    const counts = { live: 0, past: 0, file: 0, list: 0 };
    for (const [name, held] of this.#users) {
      counts.list += this.#sweep(held).polling.size;
      for (const { kind } of held.open) counts[kind]++;
      this.#forget(name, held);
    }
    return counts;
  }

  #of(name: string): Held {
    const known = this.#users.get(name);
    if (known !== undefined) return known;
    const held: Held = { open: new Set(), polling: new Map(), waiting: new Set() };
    this.#users.set(name, held);
    return held;
  }

  #count(held: Held): number {
    return held.open.size + this.#sweep(held).polling.size;
  }

  #sweep(held: Held): Held {
    const nowMs = this.#clock.monotonicMs();
    for (const [viewer, { polledMs, lastSeenMs }] of held.polling) {
      if (nowMs - Math.max(polledMs, lastSeenMs()) > QUIET_MS) held.polling.delete(viewer);
    }
    return held;
  }

  #enter(name: string, held: Held, kind: ConnectionKind, what: string): Disposable {
    const known = what === '' ? undefined : [...held.open].find((each) => each.what === what);
    const connection = known ?? { kind, what, shares: 0 };
    connection.shares++;
    held.open.add(connection);
    let isOpen = true;
    return {
      [Symbol.dispose]: () => {
        if (!isOpen) return;
        isOpen = false;
        if (--connection.shares > 0) return;
        held.open.delete(connection);
        this.#serve(held);
        this.#forget(name, held);
      },
    };
  }

  /** In the very turn in which a place is left, so that nobody else comes between. */
  async #onceFree<T>(
    held: Held,
    limit: number,
    gone: AbortSignal,
    enter: () => T,
  ): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const waiter: Waiter = { limit, enter: () => resolve(enter()) };
    const leave = () => {
      held.waiting.delete(waiter);
      resolve(undefined);
    };
    if (gone.aborted || held.waiting.size >= WAITING_MAX) return undefined;
    held.waiting.add(waiter);
    using _timer = this.#clock.after(ZAP_WAIT_MS, leave);
    gone.addEventListener('abort', leave, { once: true });
    try {
      return await promise;
    } finally {
      gone.removeEventListener('abort', leave);
    }
  }

  /** First come, first served. */
  #serve(held: Held): void {
    for (const waiter of held.waiting) {
      if (this.#count(held) >= waiter.limit) continue;
      held.waiting.delete(waiter);
      waiter.enter();
    }
  }

  #forget(name: string, { open, polling, waiting }: Held): void {
    if (open.size + polling.size + waiting.size === 0) this.#users.delete(name);
  }
}

function limitOf({ maxConnections }: User): number {
  return maxConnections ?? Number.POSITIVE_INFINITY;
}

function isShared({ open }: Held, what: string): boolean {
  return what !== '' && [...open].some((each) => each.what === what);
}
