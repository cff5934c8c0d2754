// This file is what every kind of source offers a rendition loop.
import type { LoopSource, Timeouts } from '../config/config.ts';
import type { DatagramTarget } from '../net/datagram-target.ts';
import type { OutboundLimits, OutboundPolicy } from '../net/outbound.ts';
import type { BodyRef, Listing } from '../ring/listing.ts';

/** One rendition of a source, as plain data: it crosses threads. */
export type RenditionSpec = HlsSpec | ComputedSpec | LoopSpec | StreamSpec;

export type HlsSpec = {
  readonly kind: 'hls';
  /** Its media playlist. */
  readonly url: string;
  readonly policy: OutboundPolicy;
  readonly timeouts: Timeouts;
  /** Variables the multivariant playlist defined: RFC 8216bis §4.4.2.3 (EXT-X-DEFINE). */
  readonly imports: readonly (readonly [string, string])[];
};

export type ComputedSpec = {
  readonly kind: 'computed';
  readonly template: string;
  /** What {quality} becomes; empty where the template has none. */
  readonly quality: string;
  readonly atMs: number;
  readonly first: number;
  readonly durationMs: number;
  readonly delayMs: number;
  readonly playlist?: string;
  readonly checkEveryMs: number;
  readonly policy: OutboundPolicy;
  readonly timeouts: Timeouts;
};

export type LoopSpec = { readonly kind: 'loop'; readonly files: LoopSource['files'] };

export type StreamSpec = {
  readonly kind: 'stream';
  readonly input: StreamInputSpec;
  /** Wanted length of a segment. */
  readonly segmentMs: number;
  readonly timeouts: Timeouts;
};

/** Where an endless MPEG-TS comes from. */
export type StreamInputSpec =
  | { readonly kind: 'http'; readonly url: string; readonly policy: OutboundPolicy }
  | { readonly kind: 'datagram'; readonly target: DatagramTarget };

/** What was seen of an endless stream since it was last asked for. */
export type StreamCounts = {
  readonly connects: number;
  readonly receivedBytes: number;
  readonly continuityErrors: number;
  /** How often the packets had to be found anew. */
  readonly lostSyncs: number;
  /** Segments that begin without a key frame, since none came in time. */
  readonly keylessCuts: number;
  /** RTP packets that never came. */
  readonly rtpLost: number;
  readonly rtpReordered: number;
  readonly rtpDuplicates: number;
  /** Of other senders than the one that is heard, or more than could be taken. */
  readonly datagramsDropped: number;
};

/** A body under way; read to its end or cancelled. */
export type BodyAnswer = {
  readonly lengthBytes?: number;
  readonly body: AsyncIterable<Uint8Array>;
  cancel(): void;
};

/** missing: upstream says 404, and will be asked again. given up: it will not. */
export type BodyOutcome = 'found' | 'missing' | 'given up';

/** One that keeps something open upstream is closed by its `asyncDispose`. */
export interface RenditionSource extends Partial<AsyncDisposable> {
  /** What the source names now. `targetDurationS` sets the deadlines. Throws AppError. */
  poll(targetDurationS: number, signal: AbortSignal): Promise<Listing>;
  /** Opens a body; throws SourceStatusError or NetError. */
  open(ref: BodyRef, limits: OutboundLimits, signal: AbortSignal): Promise<BodyAnswer>;
  /** Is told how the fetch of a segment goes: a computed source corrects its clock by it. */
  observe?(sequence: number, outcome: BodyOutcome): void;
  /** Set where a poll asks nothing of upstream: how often it is worth its while. */
  readonly pollEveryMs?: number;
  /** Of an endless stream; undefined where nothing happened. */
  takeCounts?(): StreamCounts | undefined;
  /** Of an endless stream, since it was last asked. */
  takeMotion?(): StreamMotion;
}

/**
 * moves: its clock went on. still: it did not, whatever came. ahead: as much has come as may be
 * read ahead, and nothing is for a while.
 */
export type StreamMotion = 'moves' | 'still' | 'ahead';
