// This file passes endless streams on: each viewer's over a connection upstream of its own.
import { type Clock, Patience } from '../../base/clock.ts';
import { PacedCollector } from '../../base/paced-collector.ts';
import type { UrlSource } from '../../config/config.ts';
import { timeoutError } from '../../net/call.ts';
import type { Outbound } from '../../net/outbound.ts';
import { type ScopedOutbound, scoped } from '../../net/scoped-outbound.ts';
import { VIEWER_WAIT_MS } from '../../prefetch/answers.ts';
import { viewerPlace } from '../../prefetch/channel/viewer-place.ts';
import { askWhileJustLeft } from '../../source/failover/just-left.ts';
import type { Lease, ProviderLeases } from '../../source/failover/provider-leases.ts';
import { openPassedStream, type PassedStream } from '../../source/stream/passed-stream.ts';

export type PassedDeps = {
  readonly clock: Clock;
  readonly outbound: Outbound;
  readonly leases: ProviderLeases;
  /** Calls the collector. */
  readonly collect: () => void;
};

export type PassedStats = {
  readonly channel: string;
  /** Now. */
  readonly viewers: number;
  /** Ever. */
  readonly bytes: number;
};

export type Viewer = {
  readonly channel: string;
  /** Aborts when the viewer leaves, or the channel is no more. */
  readonly gone: AbortSignal;
  /** Called once. `error` where upstream or its connection broke off in the middle. */
  readonly onEnd: (error?: unknown) => void;
};

type Counts = { viewers: number; bytes: number };

/** What one viewer holds upstream. */
type Held = { readonly outbound: ScopedOutbound; readonly lease: Lease | undefined };

export class PassedStreams {
  readonly #deps: PassedDeps;
  readonly #counts = new Map<string, Counts>();
  readonly #collector: PacedCollector;

  constructor(deps: PassedDeps) {
    this.#deps = deps;
    this.#collector = new PacedCollector(deps.clock, deps.collect);
  }

  /**
   * The stream as it comes, for one viewer; 'playlist' where upstream has none but a list. Nothing
   * is read ahead of the viewer. Throws ProviderBusyError, NetError, SourceStatusError or FormatError.
   */
  async open(viewer: Viewer, source: UrlSource): Promise<ReadableStream<Uint8Array> | 'playlist'> {
    const { clock, leases } = this.#deps;
    using patience = new Patience(clock, VIEWER_WAIT_MS, viewer.gone);
    const lease = await viewerPlace(leases, source.provider, clock, patience.signal);
    const held = { lease, outbound: scoped(this.#deps.outbound) };
    try {
      const stream = await this.#connect(source, held, patience.signal);
      if (stream !== 'playlist') return this.#watched(viewer, stream, held);
    } catch (error) {
      letGo(held);
      throw patience.isLate ? timeoutError('NET_TIMEOUT_TOTAL', originOf(source.url)) : error;
    }
    letGo(held);
    return 'playlist';
  }

  stats(): PassedStats[] {
    return [...this.#counts].map(([channel, counts]) => ({ channel, ...counts }));
  }

  #count(counts: Counts, sizeBytes: number): void {
    counts.bytes += sizeBytes;
    this.#collector.passed(sizeBytes);
  }

  async #connect(
    source: UrlSource,
    { outbound }: Held,
    signal: AbortSignal,
  ): Promise<PassedStream | 'playlist'> {
    const { clock, leases } = this.#deps;
    const once = () => openPassedStream(source, outbound, clock, signal);
    return await askWhileJustLeft(leases, source.provider, clock, signal, once);
  }

  /** One piece is read upstream when the viewer has taken the one before it. */
  #watched(
    { channel, gone, onEnd }: Viewer,
    stream: PassedStream,
    held: Held,
  ): ReadableStream<Uint8Array> {
    const counts = this.#counts.get(channel) ?? { viewers: 0, bytes: 0 };
    this.#counts.set(channel, counts);
    counts.viewers++;
    const over = Promise.withResolvers<void>();
    let isOver = false;
    const end = (error?: unknown) => {
      if (isOver) return;
      isOver = true;
      counts.viewers--;
      over.resolve();
      void close(stream, held);
      onEnd(error);
    };
    const count = (sizeBytes: number) => this.#count(counts, sizeBytes);
    return new ReadableStream<Uint8Array>(
      {
        // A viewer that left before the first piece was asked for cancels nothing
        start: (controller) => {
          const leave = () => {
            end();
            controller.error(gone.reason);
          };
          gone.addEventListener('abort', leave, { once: true });
          void over.promise.then(() => gone.removeEventListener('abort', leave));
          if (gone.aborted) leave();
        },
        async pull(controller) {
          try {
            const { done, value } = await stream.packets.next();
            if (isOver) return;
            if (done !== true) {
              count(value.length);
              return controller.enqueue(value);
            }
            end();
            controller.close();
          } catch (error) {
            if (isOver) return;
            end(error);
            controller.error(error);
          }
        },
        cancel: () => end(),
      },
      { highWaterMark: 0 },
    );
  }
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? '';
}

async function close(stream: PassedStream, held: Held): Promise<void> {
  try {
    await stream[Symbol.asyncDispose]();
  } finally {
    letGo(held);
  }
}

/** The place at the provider last: it is free once nothing is open there. */
function letGo({ outbound, lease }: Held): void {
  outbound[Symbol.dispose]();
  lease?.[Symbol.dispose]();
}
