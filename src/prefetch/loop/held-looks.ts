// This file is the worker's side of a look: streams stay open until a loop reads them.
import type { Clock } from '../../base/clock.ts';
import { errorRecord } from '../../base/errors.ts';
import type { Outbound } from '../../net/outbound.ts';
import { type ScopedOutbound, scoped } from '../../net/scoped-outbound.ts';
import { askFirst, type LookRequest } from '../../source/stream/first-answer.ts';
import { OpenStream } from '../../source/stream/open-stream.ts';
import type { Found } from './thread-messages.ts';

/** A stream for a loop, and the connections it came over. */
export type HandedOver = { readonly stream: OpenStream; readonly outbound: ScopedOutbound };

type Held = {
  readonly stop: AbortController;
  readonly outbound: ScopedOutbound;
  readonly done: Promise<void>;
  stream: OpenStream | undefined;
};

export class HeldLooks {
  readonly #outbound: Outbound;
  readonly #clock: Clock;
  readonly #held = new Map<number, Held>();

  constructor(outbound: Outbound, clock: Clock) {
    this.#outbound = outbound;
    this.#clock = clock;
  }

  /** Resolves with what is found; where it was left meanwhile nobody waits for that. */
  async look(look: number, request: LookRequest): Promise<Found> {
    const stop = new AbortController();
    const outbound = scoped(this.#outbound);
    const asked = askFirst(outbound, this.#clock, request, stop.signal);
    const done = asked.then(
      () => {},
      () => {},
    );
    const held: Held = { stop, outbound, done, stream: undefined };
    this.#held.set(look, held);
    try {
      const first = await asked;
      if (!(first instanceof OpenStream)) {
        this.#forget(look, held);
        return first;
      }
      held.stream = first;
      return 'stream';
    } catch (error) {
      this.#forget(look, held);
      return errorRecord(error);
    }
  }

  /** The stream that was found, which is the loop's from now on. */
  handOver(look: number): HandedOver | undefined {
    const held = this.#held.get(look);
    this.#held.delete(look);
    if (held?.stream === undefined) return undefined;
    return { stream: held.stream, outbound: held.outbound };
  }

  /** Resolves once nothing of it is open; what was handed over is somebody else's. */
  async leave(look: number): Promise<void> {
    const held = this.#held.get(look);
    if (held === undefined) return;
    held.stop.abort();
    await held.done;
    await held.stream?.close();
    this.#forget(look, held);
  }

  #forget(look: number, { outbound }: Held): void {
    this.#held.delete(look);
    outbound[Symbol.dispose]();
  }
}
