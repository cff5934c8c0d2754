// This file watches the signs of life of the source that feeds a rendition.
import type { ErrorRecord } from '../base/errors.ts';
import { ticksBetween } from '../media/mpegts/timestamp.ts';
import type { Listed } from './messages.ts';

/** Why a source should be left for another. */
export type Trouble = {
  readonly kind: 'error' | 'stall' | 'frozen' | 'ended';
  readonly reason: string;
};

/** What a list tells beside: when it last grew, and how long its segments are. */
export type ListState = {
  readonly nowMs: number;
  /** When the list grew last, or the source was opened. */
  readonly grewMs: number;
  readonly targetDurationS: number;
  readonly ended: boolean;
};

/** Without anything new for this many target durations viewers are about to run dry. */
const STALL_TARGET_DURATIONS = 1.5;
/** One poll that fails is weather; with the waits between them so many take a second or two. */
const POLL_FAILURES_MAX = 3;
/** One lost segment is a gap; two in a row are the source. */
const GIVEN_UP_MAX = 2;
/** So many segments that begin where the one before began: an encoder that repeats itself. */
const STANDING_MAX = 2;
/** Clocks of recent segments kept, since they are loaded out of order. */
const CLOCKS_MAX = 12;
/** A segment that begins less than this after the last one does not move: 90 kHz. */
const STANDING_TICKS = 900;

type SegmentClock = { readonly ticks: number; readonly isApart: boolean };

export class VitalSigns {
  #pollFailures = 0;
  #givenUp = 0;
  #pollError: ErrorRecord | undefined;
  #bodyError: ErrorRecord | undefined;
  #dateTimeMs: number | undefined;
  #datesStanding = 0;
  readonly #clocks = new Map<number, SegmentClock>();

  listed({ fresh, link }: Listed): void {
    this.#pollFailures = 0;
    if (link !== 'next') {
      this.#clocks.clear();
      this.#dateTimeMs = undefined;
      this.#datesStanding = 0;
    }
    for (const { segment } of fresh) {
      const { programDateTimeMs, isDateCarried, discontinuity } = segment;
      // A date that was carried on moves by durations alone, or stands with the head of its list
      if (programDateTimeMs === undefined || isDateCarried) continue;
      const stands = this.#dateTimeMs !== undefined && programDateTimeMs <= this.#dateTimeMs;
      this.#datesStanding = stands && !discontinuity ? this.#datesStanding + 1 : 0;
      this.#dateTimeMs = programDateTimeMs;
    }
  }

  pollFailed(error: ErrorRecord): void {
    this.#pollFailures++;
    this.#pollError = error;
  }

  /** `isApart`: a discontinuity lies between it and the segment before. */
  loaded(ordinal: number, ticks: number | undefined, isApart: boolean): void {
    this.#givenUp = 0;
    if (ticks === undefined) return;
    this.#clocks.set(ordinal, { ticks, isApart });
    const oldest = Math.max(...this.#clocks.keys()) - CLOCKS_MAX;
    for (const known of this.#clocks.keys()) if (known <= oldest) this.#clocks.delete(known);
  }

  givenUp(error: ErrorRecord): void {
    this.#givenUp++;
    this.#bodyError = error;
  }

  trouble(list: ListState): Trouble | undefined {
    if (list.ended) return { kind: 'ended', reason: 'the source has ended' };
    if (this.#pollFailures >= POLL_FAILURES_MAX) {
      return { kind: 'error', reason: this.#pollError?.message ?? 'its list is not to be had' };
    }
    if (this.#givenUp >= GIVEN_UP_MAX) {
      return { kind: 'error', reason: this.#bodyError?.message ?? 'its segments do not come' };
    }
    const silentMs = list.nowMs - list.grewMs;
    if (silentMs > STALL_TARGET_DURATIONS * list.targetDurationS * 1000) {
      return { kind: 'stall', reason: `nothing new for ${(silentMs / 1000).toFixed(1)} s` };
    }
    if (this.#datesStanding >= STANDING_MAX || this.#standing() >= STANDING_MAX) {
      return { kind: 'frozen', reason: 'its clock stands still' };
    }
    return undefined;
  }

  /** Segments in a row, up to the newest, that begin where the one before them began. */
  #standing(): number {
    let count = 0;
    let ordinal = Math.max(...this.#clocks.keys());
    for (; ; ordinal--) {
      const later = this.#clocks.get(ordinal);
      const earlier = this.#clocks.get(ordinal - 1);
      if (later === undefined || earlier === undefined || later.isApart) return count;
      if (Math.abs(ticksBetween(earlier.ticks, later.ticks)) > STANDING_TICKS) return count;
      count++;
    }
  }
}
