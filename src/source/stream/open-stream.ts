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

/** Who opened a channel plays it in the same breath; a server holds back nothing for ever. */
const UNUSED_MS = 5000;

/** Nothing more is read of it until it is taken, which happens once. */
export class OpenStream implements FirstStream {
  readonly kind = 'stream';
  readonly #answer: OutboundResponse;
  readonly #beginning: Beginning;
  readonly #unused: Timer;
  #isOver = false;

  constructor(answer: OutboundResponse, beginning: Beginning, clock: Clock) {
    this.#answer = answer;
    this.#beginning = beginning;
    this.#unused = clock.after(UNUSED_MS, () => void this.close());
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

  async *#chunks(): AsyncGenerator<Uint8Array> {
    const { head, pending, rest } = this.#beginning;
    yield* head;
    for (let next = pending ?? rest.next(); ; next = rest.next()) {
      const { done, value } = await next;
      if (done === true) return;
      yield value;
    }
  }
}
