// This file reads an endless stream from the answer to one HTTP request.
import type { Clock } from '../../base/clock.ts';
import type { Timeouts } from '../../config/config.ts';
import type { Outbound, OutboundLimits, OutboundPolicy } from '../../net/outbound.ts';
import { parseRetryAfterMs, SourceStatusError } from '../errors.ts';
import type { StreamConnection, StreamInput } from './input.ts';
import type { OpenStream } from './open-stream.ts';

const CONNECT_MS = 3000;
/** A tuner takes a few seconds to find its picture; viewers wait ten. */
const FIRST_BYTE_MS = 8000;
/** Live media never pauses longer; what is buffered lasts about as long. */
const BETWEEN_BYTES_MS = 5000;

/** `timeouts.total` and a limit of bytes mean nothing to what has no end. */
export function streamLimits(timeouts: Timeouts): OutboundLimits {
  return {
    connectMs: timeouts.connectMs ?? CONNECT_MS,
    firstByteMs: timeouts.firstByteMs ?? FIRST_BYTE_MS,
    betweenBytesMs: timeouts.betweenBytesMs ?? BETWEEN_BYTES_MS,
    totalMs: Number.POSITIVE_INFINITY,
    maxBytes: Number.POSITIVE_INFINITY,
  };
}

export class HttpInput implements StreamInput {
  readonly #request: { readonly url: string; readonly policy: OutboundPolicy };
  readonly #limits: OutboundLimits;
  readonly #outbound: Outbound;
  readonly #clock: Clock;
  #first: OpenStream | undefined;

  /** `first` is open already, and is read before any other connection is made. */
  constructor(
    request: { readonly url: string; readonly policy: OutboundPolicy },
    timeouts: Timeouts,
    outbound: Outbound,
    clock: Clock,
    first?: OpenStream,
  ) {
    this.#request = { url: request.url, policy: request.policy };
    this.#limits = streamLimits(timeouts);
    this.#outbound = outbound;
    this.#clock = clock;
    this.#first = first;
  }

  async open(signal: AbortSignal): Promise<StreamConnection> {
    const first = this.#first?.take(signal);
    this.#first = undefined;
    if (first !== undefined) return first;
    const limits = this.#limits;
    const answer = await this.#outbound({ ...this.#request, limits, compressed: false, signal });
    if (answer.status !== 200) {
      answer.cancel();
      const header = answer.headers.get('retry-after');
      const retryAfterMs = parseRetryAfterMs(header, this.#clock.nowMs());
      throw new SourceStatusError('stream', answer.status, retryAfterMs);
    }
    return {
      chunks: answer.body,
      isHeldBack: true,
      isFinite: answer.lengthBytes !== undefined,
      [Symbol.asyncDispose]: async () => answer.cancel(),
    };
  }
}
