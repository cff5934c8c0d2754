// This file is an endless stream that is open, and waits for whoever is to read it.
import type { Clock, Timer } from '../../base/clock.ts';
import type { OutboundResponse } from '../../net/outbound.ts';
import type { StreamConnection } from './input.ts';

/** The connection over which a source turned out to be an endless stream, here or in a worker. */
export interface FirstStream {
  readonly kind: 'stream';
  /** Closes it, unless somebody reads it by now. Resolves once it is closed. */
  close(): Promise<void>;
}

/** As far as it was read for finding out what it is. */
export type Beginning = {
  readonly head: readonly Uint8Array[];
  /** Asked for, and not come yet. */
  readonly pending?: Promise<IteratorResult<Uint8Array>>;
  readonly rest: AsyncIterator<Uint8Array>;
};

/**
 * Who opened a channel plays it in the same breath. One that stands by for another is waited with
 * for as long as that may be found to have failed.
 */
const UNUSED_MS = 20_000;
/** Read until it is taken: a server that cannot send drops what is live. Half a minute of 4 Mbit/s. */
const AHEAD_MAX_BYTES = 16 * 1024 * 1024;

/** What comes until it is taken, which happens once, is there by then. */
export class OpenStream implements FirstStream {
  readonly kind = 'stream';
  readonly #answer: OutboundResponse;
  readonly #head: Uint8Array[];
  #pending: Promise<IteratorResult<Uint8Array>>;
  readonly #rest: AsyncIterator<Uint8Array>;
  readonly #unused: Timer;
  #isOver = false;

  constructor(answer: OutboundResponse, beginning: Beginning, clock: Clock) {
    this.#answer = answer;
    const { head, pending, rest } = beginning;
    this.#head = [...head];
    this.#rest = rest;
    this.#pending = pending ?? rest.next();
    this.#unused = clock.after(UNUSED_MS, () => void this.close());
    void this.#readAhead();
  }

  /** Undefined where it was closed meanwhile; `signal` closes it later on. */
  take(signal: AbortSignal): StreamConnection | undefined {
    if (this.#isOver) return undefined;
    this.#end();
    const answer = this.#answer;
    const abort = () => answer.cancel();
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    return {
      chunks: this.#chunks(),
      isHeldBack: true,
      isFinite: answer.declaredBytes !== undefined,
      [Symbol.asyncDispose]: async () => {
        signal.removeEventListener('abort', abort);
        answer.cancel();
      },
    };
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    this.#answer.cancel();
  }

  #end(): void {
    this.#isOver = true;
    this.#unused[Symbol.dispose]();
  }

  /** An end or a failure is left to whoever takes it. */
  async #readAhead(): Promise<void> {
    let sizeBytes = this.#head.reduce((sum, { byteLength }) => sum + byteLength, 0);
    try {
      while (sizeBytes < AHEAD_MAX_BYTES) {
        const { done, value } = await this.#pending;
        if (this.#isOver || done === true) return;
        this.#head.push(value);
        sizeBytes += value.byteLength;
        this.#pending = this.#rest.next();
      }
    } catch {}
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    yield* this.#head;
    for (let next = this.#pending; ; next = this.#rest.next()) {
      const { done, value } = await next;
      if (done === true) return;
      yield value;
    }
  }
}
