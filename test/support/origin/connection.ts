// This file performs planned answers on one connection of the faulty origin.
import type { Socket } from 'bun';
import { type Clock, sleep } from '../../../src/base/clock.ts';
import type { Answer } from './answer.ts';
import { type Action, planOf } from './plan.ts';
import { type Head, readHead, type SeenRequest } from './request.ts';

/** Decides what a request gets; `seen` is already on record. */
export type Respond = (seen: SeenRequest) => Answer;

export class Connection {
  readonly #id: number;
  readonly #socket: Socket<Connection>;
  readonly #clock: Clock;
  readonly #record: (seen: SeenRequest) => void;
  readonly #respond: Respond;
  readonly #closed = new AbortController();
  #unread: Buffer = Buffer.alloc(0);
  #busy = false;
  #requestCount = 0;
  #drained: (() => void) | undefined;

  constructor(
    id: number,
    socket: Socket<Connection>,
    clock: Clock,
    record: (seen: SeenRequest) => void,
    respond: Respond,
  ) {
    this.#id = id;
    this.#socket = socket;
    this.#clock = clock;
    this.#record = record;
    this.#respond = respond;
  }

  /** Resets the connection, whatever it is doing. */
  drop(): void {
    this.#socket.terminate();
  }

  onData(data: Buffer): void {
    this.#unread =
      this.#unread.length === 0 ? Buffer.from(data) : Buffer.concat([this.#unread, data]);
    if (!this.#busy) void this.#serve();
  }

  onDrain(): void {
    this.#drained?.();
  }

  onClose(): void {
    this.#closed.abort();
    this.#drained?.();
  }

  async #serve(): Promise<void> {
    this.#busy = true;
    while (!this.#closed.signal.aborted) {
      const read = readHead(this.#unread);
      if (read === undefined) break;
      this.#unread = read.rest;
      await this.#answer(this.#seen(read.head));
    }
    this.#busy = false;
  }

  #seen(head: Head): SeenRequest {
    const seen: SeenRequest = {
      ...head,
      connection: this.#id,
      indexOnConnection: this.#requestCount++,
      atMs: this.#clock.monotonicMs(),
      status: 0,
      bodyBytes: 0,
      finishedAtMs: undefined,
      abandonedAtMs: undefined,
    };
    this.#record(seen);
    return seen;
  }

  async #answer(seen: SeenRequest): Promise<void> {
    const answer = this.#respond(seen);
    for (const action of planOf(answer, seen.method === 'HEAD')) {
      await this.#perform(action, seen, answer);
      if (this.#closed.signal.aborted) break;
    }
    const atMs = this.#clock.monotonicMs();
    if (this.#closed.signal.aborted && seen.finishedAtMs === undefined) seen.abandonedAtMs = atMs;
    else seen.finishedAtMs ??= atMs;
  }

  async #perform(action: Action, seen: SeenRequest, answer: Answer): Promise<void> {
    switch (action.do) {
      case 'wait':
        return sleep(this.#clock, action.ms, this.#closed.signal);
      case 'send':
        seen.status = answer.status;
        if (await this.#write(action.bytes)) seen.bodyBytes += action.bodyBytes;
        return;
      case 'stall':
        return new Promise((resolve) => {
          if (this.#closed.signal.aborted) return resolve();
          this.#closed.signal.addEventListener('abort', () => resolve(), { once: true });
        });
      case 'close':
      case 'reset':
        seen.finishedAtMs = this.#clock.monotonicMs();
        this.#closed.abort();
        if (action.do === 'close') this.#socket.end();
        else this.#socket.terminate();
    }
  }

  /** True once the system has taken all of `bytes`; false where the connection went first. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    let sent = 0;
    while (sent < bytes.length) {
      if (this.#closed.signal.aborted) return false;
      const taken = this.#socket.write(sent === 0 ? bytes : bytes.subarray(sent));
      if (taken < 0) {
        // The event that says so has yet to come, and would never come to who never waits.
        this.#closed.abort();
        return false;
      }
      sent += taken;
      if (sent === bytes.length) break;
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    return true;
  }
}
