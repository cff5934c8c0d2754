// This file is what an endless stream is read from, whatever carries it.

import type { StreamCounts } from '../source.ts';

/** 'break': what follows is another stream than what came before. */
export type StreamChunk = Uint8Array | 'break';

/** One connection, open from the first byte on; disposing it closes it. */
export type StreamConnection = AsyncDisposable & {
  /**
   * The bytes in pieces, once: nobody changes a piece any more. Throws AppError where the connection
   * fails or falls silent; ends where upstream ends it.
   */
  readonly chunks: AsyncIterable<StreamChunk>;
  /** Upstream waits while nobody reads: what comes faster than it plays can be slowed down. */
  readonly isHeldBack: boolean;
  /** Upstream said beforehand how long it is: its end is the end of the stream. */
  readonly isFinite: boolean;
  /** What the carrier saw beside the stream, since it was last asked. */
  takeCounts?(): Partial<StreamCounts>;
};

export interface StreamInput {
  /** Throws AppError. */
  open(signal: AbortSignal): Promise<StreamConnection>;
}
