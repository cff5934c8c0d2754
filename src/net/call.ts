// This file is one request under way: what may end it early, and what it waits for until then.
import type { Clock } from '../base/clock.ts';
import type { ConnectionScope } from './connection-scope.ts';
import { Deadline } from './deadline.ts';
import { NetError, type NetErrorCode } from './errors.ts';
import type { OutboundRequest } from './outbound.ts';

const TIMEOUT_MESSAGES = {
  NET_TIMEOUT_CONNECT: 'not connected in time',
  NET_TIMEOUT_FIRST_BYTE: 'no answer in time',
  NET_TIMEOUT_BETWEEN_BYTES: 'the body stalled',
  NET_TIMEOUT_TOTAL: 'not finished in time',
} as const satisfies Partial<Record<NetErrorCode, string>>;

export type TimeoutCode = keyof typeof TIMEOUT_MESSAGES;

export function timeoutError(code: TimeoutCode, origin: string): NetError {
  return new NetError(code, `Cannot fetch from ${origin}: ${TIMEOUT_MESSAGES[code]}`, { origin });
}

/**
 * It ends once: by `finish`, or by `stop` with an error (a deadline, the caller's signal, a cancel,
 * the client being closed). Whoever waits through `race`, or set `onStop`, then learns of it.
 */
export class Call {
  readonly #clock: Clock;
  readonly #deadline: Deadline;
  readonly #totalDueMs: number;
  readonly #ended: (call: Call, error: NetError | undefined) => void;
  readonly #held = new DisposableStack();
  readonly #unlisten: () => void;
  #phase: TimeoutCode = 'NET_TIMEOUT_TOTAL';
  #over = false;
  #failure: NetError | undefined;
  #rejectRace: ((error: NetError) => void) | undefined;
  readonly scope: ConnectionScope | undefined;
  /** Of the hop at hand; what errors name. */
  origin = 'upstream';
  /** Called when the call is stopped, to break off what cannot be raced. */
  onStop: (() => void) | undefined;

  constructor(
    clock: Clock,
    { limits, signal, scope }: OutboundRequest,
    ended: (call: Call, error: NetError | undefined) => void,
  ) {
    this.#clock = clock;
    this.#totalDueMs = clock.monotonicMs() + limits.totalMs;
    this.#ended = ended;
    this.scope = scope;
    this.#deadline = new Deadline(clock, () => this.#expire());
    this.#deadline.moveTo(this.#totalDueMs);
    const abort = () => this.abort('the caller');
    this.#unlisten = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  }

  get failure(): NetError | undefined {
    return this.#failure;
  }

  /** Disposes `held` when the call ends; at once if it has. */
  use(held: Disposable): void {
    if (this.#over) held[Symbol.dispose]();
    else this.#held.use(held);
  }

  /** From now on at most `allowedMs` may pass until the next call of `expect` or `expectNothing`. */
  expect(code: TimeoutCode, allowedMs: number): void {
    const dueMs = this.#clock.monotonicMs() + allowedMs;
    const isLast = dueMs >= this.#totalDueMs;
    this.#phase = isLast ? 'NET_TIMEOUT_TOTAL' : code;
    this.#deadline.moveTo(isLast ? this.#totalDueMs : dueMs);
  }

  /** Only the total deadline holds: it is not upstream's turn. */
  expectNothing(): void {
    this.#phase = 'NET_TIMEOUT_TOTAL';
    this.#deadline.moveTo(this.#totalDueMs);
  }

  /** The outcome of `work`, unless the call is stopped first. One race at a time. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#rejectRace = reject;
      if (this.#failure !== undefined) reject(this.#failure);
      work.then(resolve, reject);
    });
  }

  stop(error: NetError): void {
    if (this.#over) return;
    this.#failure = error;
    this.#end(error);
    this.onStop?.();
    this.#rejectRace?.(error);
  }

  abort(by: string): void {
    const message = `Cannot fetch from ${this.origin}: aborted by ${by}`;
    this.stop(new NetError('NET_ABORTED', message, { origin: this.origin }));
  }

  finish(): void {
    if (!this.#over) this.#end(undefined);
  }

  #end(error: NetError | undefined): void {
    this.#over = true;
    this.#deadline[Symbol.dispose]();
    this.#unlisten();
    this.#held.dispose();
    this.#ended(this, error);
  }

  #expire(): void {
    this.stop(timeoutError(this.#phase, this.origin));
  }
}
