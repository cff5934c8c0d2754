// This file reads an endless stream from datagrams, bare or as RTP.
import { type Clock, sleep } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { SYNC_BYTE } from '../../media/mpegts/packet.ts';
import { parseRtpPacket } from '../../media/rtp/packet.ts';
import { type Released, ReorderWindow } from '../../media/rtp/reorder-window.ts';
import type { Datagrams, DatagramTarget, OpenDatagrams } from '../../net/datagram-target.ts';
import type { StreamChunk, StreamConnection, StreamInput } from './input.ts';

export type DatagramOptions = {
  readonly target: DatagramTarget;
  /** Silence at the beginning: routers take a while to send a group where it is joined. */
  readonly firstByteMs?: number;
  /** Silence later on. */
  readonly betweenBytesMs?: number;
};

const FIRST_BYTE_MS = 5000;
const BETWEEN_BYTES_MS = 3000;
/** Datagrams are handed on together this often: one by one they would cost a turn each. */
const BATCH_MS = 20;
/** Two seconds of a fast channel; a thread that is busy for longer has lost the rest. */
const QUEUE_MAX_BYTES = 8 * 1024 * 1024;
/** Another sender is taken where the one before was silent for this long. */
const SENDER_SILENT_MS = 1000;

export class DatagramInput implements StreamInput {
  readonly #options: DatagramOptions;
  readonly #openDatagrams: OpenDatagrams;
  readonly #clock: Clock;

  constructor(options: DatagramOptions, openDatagrams: OpenDatagrams, clock: Clock) {
    this.#options = options;
    this.#openDatagrams = openDatagrams;
    this.#clock = clock;
  }

  async open(signal: AbortSignal): Promise<StreamConnection> {
    const inbox = new Inbox(this.#clock);
    const receive = (bytes: Uint8Array, sender: string) => inbox.take(bytes, sender);
    const datagrams: Datagrams = await this.#openDatagrams(this.#options.target, receive);
    return {
      chunks: this.#chunks(inbox, signal),
      isHeldBack: false,
      isFinite: false,
      takeCounts: () => inbox.takeCounts(),
      [Symbol.asyncDispose]: () => datagrams[Symbol.asyncDispose](),
    };
  }

  async *#chunks(inbox: Inbox, signal: AbortSignal): AsyncGenerator<StreamChunk> {
    const clock = this.#clock;
    const { firstByteMs = FIRST_BYTE_MS, betweenBytesMs = BETWEEN_BYTES_MS } = this.#options;
    let heardMs = clock.monotonicMs();
    let patienceMs = firstByteMs;
    while (!signal.aborted) {
      await sleep(clock, BATCH_MS, signal);
      const chunks = inbox.drain();
      const nowMs = clock.monotonicMs();
      if (chunks.length > 0) {
        heardMs = nowMs;
        patienceMs = betweenBytesMs;
        yield* chunks;
      } else if (nowMs - heardMs > patienceMs) throw silentError(this.#options.target, patienceMs);
    }
  }
}

/** What came and was not read yet. */
class Inbox {
  readonly #clock: Clock;
  readonly #window = new ReorderWindow();
  #queue: Released[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  #sender: string | undefined;
  #heardMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(bytes: Uint8Array, sender: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#isHeard(sender, nowMs)) return;
    if (this.#queuedBytes + bytes.length > QUEUE_MAX_BYTES) {
      this.#dropped++;
      return;
    }
    this.#queuedBytes += bytes.length;
    // Bare packets begin with their sync byte, which is no version of RTP
    const packet = bytes[0] === SYNC_BYTE ? undefined : parseRtpPacket(bytes);
    if (packet === undefined) this.#queue.push(bytes);
    // RFC 3551 §6: 33 is MP2T; senders with a type of their own are told by what is inside
    else if (packet.payloadType === 33 || packet.payload[0] === SYNC_BYTE) {
      this.#queue.push(...this.#window.push(packet, nowMs));
    }
  }

  /** Runs of bytes between breaks, each joined. */
  drain(): StreamChunk[] {
    const queue = this.#queue;
    queue.push(...this.#window.due(this.#clock.monotonicMs()));
    this.#queue = [];
    this.#queuedBytes = 0;
    const chunks: StreamChunk[] = [];
    let run: Uint8Array[] = [];
    const endRun = () => {
      if (run.length > 0) chunks.push(Buffer.concat(run));
      run = [];
    };
    for (const released of queue) {
      if (released !== 'break') run.push(released);
      else {
        endRun();
        chunks.push('break');
      }
    }
    endRun();
    return chunks;
  }

  takeCounts() {
    const { lost, reordered, duplicates } = this.#window.takeCounts();
    const datagramsDropped = this.#dropped;
    this.#dropped = 0;
    return { rtpLost: lost, rtpReordered: reordered, rtpDuplicates: duplicates, datagramsDropped };
  }

  /** Two senders at once are two streams that nobody can tell apart: the first goes on. */
  #isHeard(sender: string, nowMs: number): boolean {
    const isOther = sender !== this.#sender;
    if (isOther && nowMs - this.#heardMs < SENDER_SILENT_MS) {
      this.#dropped++;
      return false;
    }
    if (isOther && this.#sender !== undefined) this.#queue.push('break');
    this.#sender = sender;
    this.#heardMs = nowMs;
    return true;
  }
}

function silentError({ address, port }: DatagramTarget, silentMs: number): AppError {
  const message = `Cannot read the stream: nothing came from ${address} port ${port} for ${silentMs / 1000} s`;
  return new AppError('SOURCE_SILENT', message, { address, port });
}
