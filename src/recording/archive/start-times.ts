// This file says at which time, by our clock, a segment of an archive began.

/** A source whose clock is further from ours than this does not know what time it is. */
const SOURCE_CLOCK_MS = 60_000;
/** Segments whose times are remembered, for the other renditions of the channel. */
const AGREED_MAX = 64;
const JOINED_TARGET_DURATIONS = 2;

/** What is known of a segment as it is listed. */
export type Seen = {
  /** The source's own number, which its renditions share. */
  readonly sequence: number;
  /** When it would have begun, were it listed at the moment it ended. */
  readonly listedMs: number;
  readonly programDateTimeMs: number | undefined;
};

/** Of the renditions of one channel: what one of them has learned the others agree with. */
export class StartTimes {
  readonly #agreed = new Map<number, number>();

  /** The time it tells by itself: the source's where that is to be believed. */
  seen({ listedMs, programDateTimeMs }: Omit<Seen, 'sequence'>): number {
    if (programDateTimeMs === undefined) return Math.round(listedMs);
    const isBelieved = Math.abs(programDateTimeMs - listedMs) <= SOURCE_CLOCK_MS;
    return Math.round(isBelieved ? programDateTimeMs : listedMs);
  }

  /**
   * Right behind the one before it where that is about as true: lists add up lengths. Time never
   * goes back, whatever a clock does.
   */
  place(
    sequence: number,
    seenMs: number,
    beforeEndMs: number | undefined,
    targetDurationS: number,
  ): number {
    const nearMs = JOINED_TARGET_DURATIONS * targetDurationS * 1000;
    const agreedMs = this.#agreed.get(sequence);
    const isAgreed = agreedMs !== undefined && Math.abs(agreedMs - seenMs) <= nearMs;
    const startMs = placed(isAgreed ? agreedMs : seenMs, beforeEndMs, nearMs);
    if (!isAgreed) this.#agree(sequence, startMs);
    return startMs;
  }

  #agree(sequence: number, startMs: number): void {
    this.#agreed.delete(sequence);
    this.#agreed.set(sequence, startMs);
    if (this.#agreed.size > AGREED_MAX) {
      this.#agreed.delete(this.#agreed.keys().next().value as number);
    }
  }
}

function placed(wantedMs: number, beforeEndMs: number | undefined, nearMs: number): number {
  if (beforeEndMs === undefined) return wantedMs;
  return wantedMs - beforeEndMs <= nearMs ? beforeEndMs : wantedMs;
}
