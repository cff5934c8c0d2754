// This file is what the serving thread has one worker look at: addresses nobody knows the kind of.
import { AppError } from '../../base/errors.ts';
import { revivedError } from '../../source/errors.ts';
import type { FirstAnswer, LookRequest } from '../../source/stream/first-answer.ts';
import type { FirstStream } from '../../source/stream/open-stream.ts';
import type { FromWorker, ToWorker } from './thread-messages.ts';

type Waiting = {
  readonly request: LookRequest;
  readonly resolve: (first: FirstAnswer) => void;
  readonly reject: (error: AppError) => void;
};

/** A stream that is open in a worker, for a loop of the same worker to read. */
export class HeldStream implements FirstStream {
  readonly kind = 'stream';
  readonly looks: Looks;
  readonly look: number;

  constructor(looks: Looks, look: number) {
    this.looks = looks;
    this.look = look;
  }

  close(): Promise<void> {
    return this.looks.leave(this.look);
  }
}

/**
 * ```
 *   look ──► looked: text, error            nothing is open
 *     │  └─► looked: stream ──► open (loop)  the loop has it
 *     └─ leave ──► left                      nothing is open
 * ```
 * Invariant: what is over here has nothing open there.
 */
export class Looks {
  readonly #send: (message: ToWorker) => boolean;
  readonly #waiting = new Map<number, Waiting>();
  readonly #leaving = new Map<number, () => void>();
  #next = 1;

  /** `send` is false where there is no worker to send to: one that starts is told by `begin`. */
  constructor(send: (message: ToWorker) => boolean) {
    this.#send = send;
  }

  /** Looks under way. */
  get count(): number {
    return this.#waiting.size;
  }

  /** Aborted, it rejects once nothing of it is open. */
  look(request: LookRequest, signal: AbortSignal): Promise<FirstAnswer> {
    const look = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<FirstAnswer>();
    this.#waiting.set(look, { request, resolve, reject });
    this.#send({ type: 'look', look, request });
    const abort = () => {
      if (!this.#waiting.delete(look)) return;
      void this.leave(look).then(() => reject(abortedError()));
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', abort));
  }

  leave(look: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leaving.set(look, resolve);
    if (!this.#send({ type: 'leave', look })) this.#left(look);
    return promise;
  }

  take(message: FromWorker): void {
    if (message.type === 'left') this.#left(message.look);
    if (message.type !== 'looked') return;
    const { look, found } = message;
    const waiting = this.#waiting.get(look);
    this.#waiting.delete(look);
    if (found === 'stream') waiting?.resolve(new HeldStream(this, look));
    else if ('text' in found) waiting?.resolve(found);
    else waiting?.reject(revivedError(found));
  }

  /** There is a worker anew, and it knows of nothing. */
  begin(): void {
    for (const [look, { request }] of this.#waiting) this.#send({ type: 'look', look, request });
  }

  /** The worker is gone, and all that it had open. */
  died(): void {
    for (const look of this.#leaving.keys()) this.#left(look);
  }

  /** Nobody will answer any more. */
  end(): void {
    this.died();
    for (const { reject } of this.#waiting.values()) reject(abortedError());
    this.#waiting.clear();
  }

  #left(look: number): void {
    this.#leaving.get(look)?.();
    this.#leaving.delete(look);
  }
}

function abortedError(): AppError {
  return new AppError('NET_ABORTED', 'Cannot look at the source: aborted by the caller');
}
