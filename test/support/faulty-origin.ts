// This file is an HTTP origin that misbehaves exactly as a test tells it to.
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { type Answer, rangedAnswer, statusAnswer } from './origin/answer.ts';
import { Connection } from './origin/connection.ts';
import type { Fault } from './origin/fault.ts';
import type { SeenRequest } from './origin/request.ts';

/** A path without its query, a pattern for path and query, or any test of the request. */
export type Match = string | RegExp | ((request: SeenRequest) => boolean);

/** Where a rule holds; every part that is given must hold. */
export type When = {
  /** Applies so many times, then never again. */
  readonly times?: number;
  /** Lets so many matching requests pass first. */
  readonly skip?: number;
  /** Holds for so long after it was made. */
  readonly forMs?: number;
  /** Applies to this share of the matching requests, chosen by a fixed seed. */
  readonly ratio?: number;
};

type Rule = {
  readonly match: Match;
  readonly answer: Answer | Fault;
  readonly when: When;
  readonly madeAtMs: number;
  readonly random: Random;
  matched: number;
  applied: number;
};

export type OriginOptions = {
  readonly clock?: Clock;
  /** PEM; the origin then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
  /** Another address of this machine: 127.0.0.2 and on. */
  readonly host?: string;
};

/** What the origin says where no rule applies. */
export type Otherwise = (request: SeenRequest) => Answer;

export class FaultyOrigin implements Disposable {
  readonly requests: SeenRequest[] = [];
  readonly #rules: Rule[] = [];
  readonly #open = new Set<Connection>();
  readonly #clock: Clock;
  readonly #listener: Bun.TCPSocketListener<Connection>;
  readonly #base: string;
  #connectionCount = 0;
  readonly #mounts: { readonly prefix: string; readonly otherwise: Otherwise }[] = [];
  /** For paths that are nobody's. */
  otherwise: Otherwise = () => statusAnswer(404);

  constructor(options: OriginOptions = {}) {
    const { host = '127.0.0.1' } = options;
    this.#clock = options.clock ?? systemClock;
    this.#listener = Bun.listen<Connection>({
      hostname: host,
      port: options.port ?? 0,
      ...(options.tls ? { tls: options.tls } : {}),
      socket: {
        open: (socket) => this.#onOpen(socket),
        data: (socket, data) => socket.data.onData(data),
        drain: (socket) => socket.data.onDrain(),
        close: (socket) => this.#onClose(socket.data),
        error: (socket) => this.#onClose(socket.data),
      },
    });
    this.#base = `${options.tls ? 'https' : 'http'}://${host}:${this.port}`;
  }

  get port(): number {
    return this.#listener.port;
  }

  url(path: string): string {
    return `${this.#base}${path}`;
  }

  get connectionCount(): number {
    return this.#connectionCount;
  }

  get openConnections(): number {
    return this.#open.size;
  }

  /** Adds a rule; of several that hold, the oldest applies. Disposing the result takes it away. */
  on(match: Match, answer: Answer | Fault, when: When = {}): Disposable & { applied(): number } {
    const madeAtMs = this.#clock.monotonicMs();
    const random = seededRandom(this.#rules.length + 1);
    const rule: Rule = { match, answer, when, madeAtMs, random, matched: 0, applied: 0 };
    this.#rules.push(rule);
    return {
      applied: () => rule.applied,
      [Symbol.dispose]: () => {
        const index = this.#rules.indexOf(rule);
        if (index >= 0) this.#rules.splice(index, 1);
      },
    };
  }

  /** Gives all paths that begin with `prefix` to somebody; rules go before. */
  mount(prefix: string, otherwise: Otherwise): void {
    this.#mounts.push({ prefix, otherwise });
  }

  /** Each step once, in order; after the last the origin is as it was. */
  script(match: Match, steps: readonly (Answer | Fault)[]): void {
    for (const step of steps) this.on(match, step, { times: 1 });
  }

  seen(match: Match): SeenRequest[] {
    return this.requests.filter((request) => matches(match, request));
  }

  /** Closes every open connection, as a restarting origin does. */
  dropConnections(): void {
    for (const connection of [...this.#open]) connection.drop();
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
  }

  #onOpen(socket: Bun.Socket<Connection>): void {
    const record = (seen: SeenRequest) => this.requests.push(seen);
    const respond = (seen: SeenRequest) => this.#respond(seen);
    const connection = new Connection(
      this.#connectionCount++,
      socket,
      this.#clock,
      record,
      respond,
    );
    socket.data = connection;
    this.#open.add(connection);
  }

  #onClose(connection: Connection): void {
    this.#open.delete(connection);
    connection.onClose();
  }

  #respond(seen: SeenRequest): Answer {
    for (const rule of this.#rules) {
      if (!this.#applies(rule, seen)) continue;
      rule.applied++;
      if (typeof rule.answer !== 'function') return rule.answer;
      return rule.answer(this.#normal(seen));
    }
    return this.#normal(seen);
  }

  #normal(seen: SeenRequest): Answer {
    const mount = this.#mounts.find(({ prefix }) => seen.path.startsWith(prefix));
    return rangedAnswer((mount?.otherwise ?? this.otherwise)(seen), seen.headers['range']);
  }

  #applies(rule: Rule, seen: SeenRequest): boolean {
    const { times, skip = 0, forMs, ratio } = rule.when;
    if (times !== undefined && rule.applied >= times) return false;
    if (forMs !== undefined && this.#clock.monotonicMs() - rule.madeAtMs >= forMs) return false;
    if (!matches(rule.match, seen)) return false;
    if (rule.matched++ < skip) return false;
    return ratio === undefined || rule.random() < ratio;
  }
}

function matches(match: Match, request: SeenRequest): boolean {
  if (typeof match === 'string') return request.path === match;
  return match instanceof RegExp ? match.test(request.target) : match(request);
}
