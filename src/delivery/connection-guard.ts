// This file closes connections of viewers that are too slow, idle or too many from one address.
import { closeSync, openSync, readSync } from 'node:fs';
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import {
  CONNECTION_LIMITS,
  type ConnectionLimits,
  type Counters,
  type Fault,
  judge,
  requestDueMs,
  type Watched,
  watch,
} from './connection-limits.ts';
import { isLoopback } from './socket-address.ts';
import { openSocketCalls, type SocketCalls } from './socket-calls.ts';

/*
 * Bun.serve hands out no sockets, so the guard goes by file descriptor. Once a second, and when a
 * request should be here, it looks at every one of the process:
 *
 *   no socket ─ skip      cookie as before ─ judge by its counters ─┬─ keep
 *                         new cookie, our port ─ watch it           └─ abort
 *
 * Invariant: an abort happens in the same synchronous turn as the look at cookie and port. Accepted
 * sockets are opened and closed by this thread alone, so the descriptor cannot have come to mean
 * another socket in between; sockets of other threads never carry the listener's port.
 */

/** To bind the C library takes 15 ms: longer than the first viewer may wait, shorter than all else. */
const START_MS = 200;
/** How long from the start of one look at all connections to the next, if none is due before. */
const PASS_MS = 1000;
/** However many are due: a look at 1,500 connections takes 4 ms. */
const PASS_MIN_MS = 200;
/** Descriptors looked at, or closed, in one turn: about 0.6 ms; then answers go first. */
const PER_TURN = 256;
const TURN_GAP_MS = 5;

/**
 * What the kernel takes of an answer beyond the reader's room. Without it each stalled reader of a
 * segment keeps the whole of it, up to 4 MB, in kernel memory; with it speed was the same.
 */
const UNSENT_BYTES = 128 * 1024;
/** The kernel drops a reader that neither acknowledges nor opens its window for so long. */
const UNACKNOWLEDGED_MS = 60_000;

type Connection = Watched & {
  readonly fd: number;
  readonly cookie: number;
  readonly network: string;
};

type Why = Fault | 'per_address';

export type ConnectionGuardOptions = {
  readonly port: number;
  readonly limits: Partial<ConnectionLimits>;
  readonly clock: Clock;
  readonly log: Log;
  /** Networks without the cap; a reverse proxy on this machine speaks for many viewers. */
  readonly isExempt?: (network: string) => boolean;
};

export type ConnectionGuardStats = Readonly<
  Record<'open' | 'addresses' | 'closed_slow_request' | 'closed_slow_reader', number> &
    Record<'closed_idle' | 'closed_per_address', number>
>;

export function createConnectionGuard(options: ConnectionGuardOptions): ConnectionGuard {
  return new ConnectionGuard(options, openSocketCalls);
}

/** Only Linux shows what it needs; elsewhere it says once that it is off. */
export class ConnectionGuard implements Disposable {
  #calls: SocketCalls | undefined;
  readonly #port: number;
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #isExempt: (network: string) => boolean;
  readonly #byFd = new Map<number, Connection>();
  /** Sockets of other parts, by descriptor; not asked for their port again. */
  readonly #foreign = new Map<number, number>();
  readonly #closed = { slow_request: 0, slow_reader: 0, idle: 0, per_address: 0 };
  readonly #counters: Counters = {
    receivedBytes: 0,
    sentSegments: 0,
    ackedBytes: 0,
    unsentBytes: 0,
  };
  readonly #statusText = Buffer.alloc(4096);
  /** Held open: it must be readable when connections have taken every descriptor there is. */
  #status: number | undefined;
  #addresses = 0;
  /** When the next request has to be here, of those seen in this pass. */
  #nextDueMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(options: ConnectionGuardOptions, open: () => SocketCalls | undefined) {
    this.#port = options.port;
    this.#limits = { ...CONNECTION_LIMITS, ...options.limits };
    this.#clock = options.clock;
    this.#log = options.log;
    this.#isExempt = options.isExempt ?? isLoopback;
    this.#timer = this.#clock.after(START_MS, () => this.#start(open()));
  }

  stats(): ConnectionGuardStats {
    const { slow_request, slow_reader, idle, per_address } = this.#closed;
    return {
      open: this.#byFd.size,
      addresses: this.#addresses,
      closed_slow_request: slow_request,
      closed_slow_reader: slow_reader,
      closed_idle: idle,
      closed_per_address: per_address,
    };
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#calls?.[Symbol.dispose]();
    this.#calls = undefined;
    if (this.#status !== undefined) closeSync(this.#status);
    this.#status = undefined;
  }

  #start(calls: SocketCalls | undefined): void {
    this.#calls = calls;
    if (calls === undefined) {
      this.#log.warn('connection guard off: it needs Linux and its C library');
      return;
    }
    this.#status = openSync('/proc/self/status', 'r');
    this.#limitListener(calls);
    this.#startPass(calls);
  }

  /** What is set on the listener holds for every connection accepted from now on. */
  #limitListener(calls: SocketCalls): void {
    const end = this.#descriptorEnd();
    for (let fd = 0; fd < end; fd++) {
      if (!calls.isListening(fd) || calls.local(fd)?.port !== this.#port) continue;
      calls.acceptAtOnce(fd);
      calls.limitUnsent(fd, UNSENT_BYTES);
      calls.limitUnacknowledged(fd, UNACKNOWLEDGED_MS);
    }
  }

  #startPass(calls: SocketCalls): void {
    this.#nextDueMs = Number.POSITIVE_INFINITY;
    this.#turn(calls, 0, this.#descriptorEnd(), this.#clock.monotonicMs());
  }

  #turn(calls: SocketCalls, from: number, end: number, startedMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const to = Math.min(from + PER_TURN, end);
    for (let fd = from; fd < to; fd++) this.#look(calls, fd, nowMs);
    if (to < end) {
      this.#timer = this.#clock.after(TURN_GAP_MS, () => this.#turn(calls, to, end, startedMs));
      return;
    }
    this.#endPass(calls, startedMs, 0);
  }

  #endPass(calls: SocketCalls, startedMs: number, closedBefore: number): void {
    const over = this.#overCap(calls);
    for (const connection of over) this.#close(calls, connection, 'per_address');
    const closed = closedBefore + over.length;
    if (over.length === PER_TURN) {
      this.#timer = this.#clock.after(TURN_GAP_MS, () => this.#endPass(calls, startedMs, closed));
      return;
    }
    if (closed > 0) this.#log.warn('connections closed: too many from one address', { closed });
    const untilMs = Math.max(
      startedMs + PASS_MIN_MS,
      Math.min(startedMs + PASS_MS, this.#nextDueMs),
    );
    const restMs = Math.max(TURN_GAP_MS, untilMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.after(restMs, () => this.#startPass(calls));
  }

  #look(calls: SocketCalls, fd: number, nowMs: number): void {
    const cookie = calls.cookie(fd);
    const known = this.#byFd.get(fd);
    if (cookie !== undefined && cookie === known?.cookie) {
      this.#check(calls, known, nowMs);
      return;
    }
    if (known !== undefined) this.#byFd.delete(fd);
    if (cookie === undefined || this.#foreign.get(fd) === cookie) return;
    const connection = this.#meet(calls, fd, cookie, nowMs);
    if (connection === undefined) this.#foreign.set(fd, cookie);
    else this.#check(calls, connection, nowMs);
  }

  #meet(calls: SocketCalls, fd: number, cookie: number, nowMs: number): Connection | undefined {
    if (calls.isListening(fd) || calls.local(fd)?.port !== this.#port) return undefined;
    const network = calls.peer(fd)?.network;
    if (network === undefined) return undefined;
    const connection = { ...watch(nowMs - (calls.ageMs(fd) ?? 0)), fd, cookie, network };
    this.#byFd.set(fd, connection);
    return connection;
  }

  #check(calls: SocketCalls, connection: Connection, nowMs: number): void {
    // Closing already, or a kernel too old to count: both are left alone
    if (!calls.count(connection.fd, this.#counters)) return;
    const fault = judge(connection, this.#counters, nowMs, this.#limits);
    if (fault !== undefined) {
      this.#close(calls, connection, fault);
      return;
    }
    const dueMs = requestDueMs(connection, this.#limits) ?? nowMs;
    if (dueMs > nowMs) this.#nextDueMs = Math.min(this.#nextDueMs, dueMs);
  }

  /** The newest of each network that has too many, at most as many as one turn may close. */
  #overCap(calls: SocketCalls): Connection[] {
    const byNetwork = Map.groupBy(this.#byFd.values(), (connection) => connection.network);
    this.#addresses = byNetwork.size;
    const over: Connection[] = [];
    for (const [network, all] of byNetwork) {
      if (all.length <= this.#limits.perAddress || this.#isExempt(network)) continue;
      // Some may have closed since the turn that saw them
      const open = all.filter(({ fd, cookie }) => calls.cookie(fd) === cookie);
      open.sort((a, b) => a.openedMs - b.openedMs || a.cookie - b.cookie);
      over.push(...open.slice(this.#limits.perAddress).reverse());
    }
    return over.slice(0, PER_TURN);
  }

  #close(calls: SocketCalls, connection: Connection, why: Why): void {
    this.#byFd.delete(connection.fd);
    // Until the server closes it, the descriptor is nobody's to look at
    this.#foreign.set(connection.fd, connection.cookie);
    if (!calls.abort(connection.fd)) return;
    this.#closed[why] += 1;
    const { network, openedMs } = connection;
    const openMs = Math.round(this.#clock.monotonicMs() - openedMs);
    this.#log.debug('connection closed', { why, network, openMs });
  }

  /** Every descriptor of this process is below it. */
  #descriptorEnd(): number {
    const text = this.#statusText;
    const count = readSync(this.#status as number, text, 0, text.length, 0);
    return Number(/^FDSize:\s*(\d+)/m.exec(text.toString('latin1', 0, count))?.[1] ?? PER_TURN);
  }
}
