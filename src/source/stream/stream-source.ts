// This file is the source that cuts an endless MPEG-TS stream into segments.
import { assert } from '../../base/assert.ts';
import { type Clock, sleep, type Timer } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import type { OutboundLimits } from '../../net/outbound.ts';
import type { BodyRef, Listing } from '../../ring/listing.ts';
import { SourceBodyError } from '../errors.ts';
import type {
  BodyAnswer,
  BodyOutcome,
  RenditionSource,
  StreamCounts,
  StreamMotion,
} from '../source.ts';
import type { StreamInput } from './input.ts';
import { PieceShelf } from './piece-shelf.ts';
import { StreamFeed } from './stream-feed.ts';

export type StreamSourceOptions = {
  /** Wanted length of a segment. */
  readonly segmentMs: number;
  readonly segmentMaxBytes: number;
  /** What came so far is not kept for long where nothing more comes. */
  readonly cutsSilence?: boolean;
  /** The last number that another run of the same stream gave; its list goes on. */
  readonly justNow?: number;
  /** As `justNow`, of a list that was given up. */
  readonly longAgo?: number;
};

/** With no key frame for so long it is cut anyway: players have waited long enough. */
const KEYLESS_MS = 10_000;
/** Who asked once and never again (an app that tests every channel) needs no connection. */
const UNASKED_MS = 15_000;
/** What a server sends at once to a new viewer has come by then, and is listed together. */
const BURST_MS = 100;
/** A poll waits for news by itself; this only spaces those that find some. */
const POLL_EVERY_MS = 250;

/** One connection upstream from the first poll on, until it is disposed or nobody polls. */
export class StreamSource implements RenditionSource {
  readonly pollEveryMs = POLL_EVERY_MS;
  readonly #shelf: PieceShelf;
  readonly #feed: StreamFeed;
  readonly #clock: Clock;
  #unasked: Timer | undefined;
  #isClosed = false;

  constructor(
    input: StreamInput,
    options: StreamSourceOptions,
    clock: Clock,
    random: Random = systemRandom,
  ) {
    const { segmentMs, segmentMaxBytes: maxBytes, justNow, longAgo } = options;
    const { cutsSilence = false } = options;
    const keylessMs = Math.max(KEYLESS_MS, 1.5 * segmentMs);
    const shelf = {
      segmentMs,
      maxDurationMs: keylessMs,
      firstSequence: firstSequence(justNow, longAgo, clock),
      goesOn: justNow !== undefined || longAgo !== undefined,
    };
    this.#clock = clock;
    this.#shelf = new PieceShelf(shelf, clock);
    const feed = { segmentMs, keylessMs, maxBytes, cutsSilence };
    this.#feed = new StreamFeed(input, this.#shelf, feed, { clock, random });
  }

  /** Waits for something new. Throws AppError with why there is nothing, each failure once. */
  async poll(_targetDurationS: number, signal: AbortSignal): Promise<Listing> {
    this.#unasked?.[Symbol.dispose]();
    assert(!this.#isClosed, 'a source that was closed is not polled');
    this.#feed.start();
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    try {
      for (;;) {
        if (signal.aborted) throw new AppError('NET_ABORTED', 'Cannot poll the stream: stopped');
        const listing = await this.#list(signal);
        if (listing !== undefined) return listing;
        const failure = this.#feed.takeFailure();
        if (failure !== undefined) throw failure;
        await Promise.race([this.#feed.changed.next(), aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', abort);
      if (!this.#isClosed) {
        this.#unasked = this.#clock.after(UNASKED_MS, () => void this.#feed.pause());
      }
    }
  }

  async open(ref: BodyRef, limits: OutboundLimits): Promise<BodyAnswer> {
    assert(ref.kind === 'stream', 'a stream has no bodies of other sources');
    const bytes = this.#shelf.bytesOf(ref.sequence);
    if (bytes === undefined) {
      const message = 'Cannot fetch the segment: the stream has gone on, and it was not kept';
      throw new AppError('SOURCE_STREAM_GONE', message, { sequence: ref.sequence });
    }
    if (bytes.length > limits.maxBytes) {
      throw new SourceBodyError(`it has ${bytes.length} bytes of ${limits.maxBytes}`, 0);
    }
    return { lengthBytes: bytes.length, body: once(bytes), cancel() {} };
  }

  observe(sequence: number, outcome: BodyOutcome): void {
    if (outcome !== 'missing') this.#shelf.handedOver(sequence);
  }

  takeMotion(): StreamMotion {
    return this.#feed.takeMotion();
  }

  takeCounts(): StreamCounts | undefined {
    return this.#feed.takeCounts();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#unasked?.[Symbol.dispose]();
    await this.#feed[Symbol.asyncDispose]();
  }

  /** Undefined where there is nothing new to list. */
  async #list(signal: AbortSignal): Promise<Listing | undefined> {
    const shelf = this.#shelf;
    const feed = this.#feed;
    if (shelf.wasListed) {
      // The end is said by itself: what ends with its first list would be taken for a finished stream
      return shelf.unlistedCount > 0 || feed.isFinished ? shelf.list(feed.isFinished) : undefined;
    }
    const isAll = feed.hasFailed || feed.isFinished;
    if (shelf.unlistedCount === 0 || !(shelf.canBegin || isAll)) {
      if (feed.isFinished) throw new AppError('SOURCE_EMPTY', EMPTY_MESSAGE);
      return undefined;
    }
    await sleep(this.#clock, BURST_MS, signal);
    return signal.aborted ? undefined : shelf.list(false);
  }
}

const EMPTY_MESSAGE = 'Cannot use the source: it ended before any media came';

/**
 * A number that was given never means other bytes, also where nobody remembers it: pieces are
 * longer than a second, so counting by the clock is ahead of all that went before.
 */
function firstSequence(justNow: number | undefined, longAgo = -1, clock: Clock): number {
  if (justNow !== undefined) return justNow + 1;
  return Math.max(longAgo + 1, Math.floor(clock.nowMs() / 1000));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
