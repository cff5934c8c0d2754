// This file reads the bytes of one answer as they come over the wire, on demand.
import type { Call } from './call.ts';
import { NetError } from './errors.ts';
import { fetchError } from './fetch-error.ts';
import type { OutboundLimits } from './outbound.ts';

/** What a compressed body may be larger than its content: headers and stored blocks. */
const ENCODING_SLACK_BYTES = 65_536;

export type WireBodyOptions = {
  readonly call: Call;
  readonly limits: OutboundLimits;
  /** Content-Length, where the answer has a body of that length. */
  readonly declaredBytes: number | undefined;
  readonly received: (sizeBytes: number) => void;
};

/**
 * Nothing is read ahead: while nobody asks, the runtime stops reading the socket and the upstream
 * is held back by TCP; the between-bytes deadline then rests as well.
 *
 * Stopping early goes through `reader.cancel()`: it closes the connection at once. 10,000 answers
 * broken off by it, and 10,000 by an AbortController, ended at the same RSS on Bun 1.4.5; the
 * controller leaked off-heap in earlier releases.
 */
export class WireBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #options: WireBodyOptions;
  #receivedBytes = 0;
  #ended = false;

  constructor(stream: ReadableStream<Uint8Array> | null, options: WireBodyOptions) {
    this.#options = options;
    this.#reader = stream?.getReader();
    options.call.onStop = () => {
      this.#reader?.cancel().catch(() => {});
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = await this.read();
      if (piece === undefined) return;
      yield piece;
    }
  }

  /** The next piece, `undefined` at the end; throws NetError, the same again once it has failed. */
  async read(): Promise<Uint8Array | undefined> {
    const { call, limits } = this.#options;
    if (call.failure !== undefined) throw call.failure;
    if (this.#ended || this.#reader === undefined) return this.#end();
    call.expect('NET_TIMEOUT_BETWEEN_BYTES', limits.betweenBytesMs);
    const piece = await this.#next(this.#reader);
    // A cancelled reader says "done": that must not pass for the end of the body.
    if (call.failure !== undefined) throw call.failure;
    call.expectNothing();
    if (piece === undefined) return this.#end();
    this.#receivedBytes += piece.byteLength;
    this.#options.received(piece.byteLength);
    if (this.#receivedBytes > limits.maxBytes + ENCODING_SLACK_BYTES) {
      throw this.fail(tooLargeError(call.origin, limits.maxBytes));
    }
    return piece;
  }

  /** Breaks the answer off with `error`, unless it failed before; returns what is to be thrown. */
  fail(error: NetError): NetError {
    this.#options.call.stop(error);
    return this.#options.call.failure ?? error;
  }

  async #next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    } catch (cause) {
      const { call } = this.#options;
      throw this.fail(call.failure ?? fetchError(cause, 'body', call.origin));
    }
  }

  #end(): undefined {
    const { call, declaredBytes } = this.#options;
    if (declaredBytes !== undefined && declaredBytes !== this.#receivedBytes) {
      const state = `body has ${this.#receivedBytes} bytes, wanted ${declaredBytes}`;
      throw this.fail(new NetError('NET_TRUNCATED', `Cannot fetch from ${call.origin}: ${state}`));
    }
    this.#ended = true;
    return undefined;
  }
}

export function tooLargeError(origin: string, maxBytes: number): NetError {
  const message = `Cannot fetch from ${origin}: body is too large, wanted at most ${maxBytes} bytes`;
  return new NetError('NET_TOO_LARGE', message, { origin, maxBytes });
}
