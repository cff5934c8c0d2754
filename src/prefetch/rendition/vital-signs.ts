// This file watches the signs of life of the source that feeds a rendition.
import type { ErrorRecord } from '../../base/errors.ts';
import { pcrStands } from '../../media/mpegts/media-clock.ts';
import type { Listed } from '../messages.ts';
import type { BlankKind, BlankWatch } from './blank-watch.ts';
import { StreamSigns } from './stream-signs.ts';

/** Why a source should be left for another. */
export type Trouble = {
  readonly kind: 'error' | 'stall' | 'frozen' | 'ended' | 'changed' | BlankKind;
  readonly reason: string;
};

export type ListState = {
  readonly nowMs: number;
  /** As the list says, or as long as its longest segment. */
  readonly targetDurationS: number;
  readonly ended: boolean;
};

/** RFC 8216 §6.2.1: sooner than this a live list must have changed, or its source is late. */
const STALL_TARGET_DURATIONS = 1.5;
/**
 * Nothing came, whatever the list says. Between two segments of a healthy source lie a target
 * duration and a half where a poll just missed one, and what the second took longer than the first.
 */
const SILENT_TARGET_DURATIONS = 2;
/** One poll that fails is weather; with the waits between them so many take a second or two. */
const POLL_FAILURES_MAX = 3;
/** One lost segment is a gap; two in a row are the source. */
const GIVEN_UP_MAX = 2;
/** So many segments whose date is the one before's: one alone may be a slip of whoever wrote it. */
const DATES_STANDING_MAX = 2;
/** A segment that begins where the one before began: an encoder that repeats itself. */
const CLOCKS_STANDING_MAX = 1;
/** Clocks of recent segments kept, since they are loaded out of order. */
const CLOCKS_MAX = 12;

type SegmentClock = { readonly ticks: number; readonly isApart: boolean };

export class VitalSigns {
  readonly stream: StreamSigns;
  #pollFailures = 0;
  #givenUp = 0;
  #pollError: ErrorRecord | undefined;
  #bodyError: ErrorRecord | undefined;
  #saysEnd = false;
  /** When the list named something new, when it was looked at, and when a segment came. */
  #namedMs: number;
  #polledMs = Number.NEGATIVE_INFINITY;
  #loadedMs: number;
  #dateTimeMs: number | undefined;
  #datesStanding = 0;
  readonly #clocks = new Map<number, SegmentClock>();
  readonly #blanks: BlankWatch | undefined;

  /** `blanks`: where silence and black are asked for. */
  constructor(nowMs: number, blanks?: BlankWatch) {
    this.#blanks = blanks;
    this.#namedMs = nowMs;
    this.#loadedMs = nowMs;
    this.stream = new StreamSigns(nowMs);
  }

  /** It is looked at from now on: what it did while nobody looked is no sign. */
  begin(nowMs: number): void {
    this.#namedMs = nowMs;
    this.#loadedMs = nowMs;
    this.stream.begin(nowMs);
  }

  /** The list was had, and what it named that is new has been said. */
  polled(nowMs: number): void {
    this.#polledMs = nowMs;
    this.#pollFailures = 0;
  }

  listed({ fresh, link }: Listed, nowMs: number): void {
    if (fresh.length > 0) this.#namedMs = nowMs;
    this.#pollFailures = 0;
    this.#pollError = undefined;
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

  saysEnd(isEnd: boolean): void {
    this.#saysEnd = isEnd;
  }

  pollFailed(error: ErrorRecord): void {
    this.#pollFailures++;
    this.#pollError = error;
  }

  /** `isApart`: a discontinuity lies between it and the segment before. */
  loaded(ordinal: number, ticks: number | undefined, isApart: boolean, nowMs: number): void {
    this.#givenUp = 0;
    this.#loadedMs = nowMs;
    this.stream.cut(nowMs);
    if (ticks === undefined) return;
    this.#clocks.set(ordinal, { ticks, isApart });
    const oldest = Math.max(...this.#clocks.keys()) - CLOCKS_MAX;
    for (const known of this.#clocks.keys()) if (known <= oldest) this.#clocks.delete(known);
  }

  givenUp(error: ErrorRecord): void {
    this.#givenUp++;
    this.#bodyError = error;
  }

  trouble({ nowMs, targetDurationS, ended }: ListState): Trouble | undefined {
    const targetMs = targetDurationS * 1000;
    const stillMs = nowMs - this.#namedMs;
    const isOver = this.#saysEnd && stillMs >= STALL_TARGET_DURATIONS * targetMs;
    if (ended || isOver) return { kind: 'ended', reason: 'the source has ended' };
    if (this.#pollError?.code === 'SOURCE_CHANGED') {
      return { kind: 'changed', reason: this.#pollError.message };
    }
    if (this.#pollFailures >= POLL_FAILURES_MAX) {
      return { kind: 'error', reason: this.#pollError?.message ?? 'its list is not to be had' };
    }
    if (this.#givenUp >= GIVEN_UP_MAX) {
      return { kind: 'error', reason: this.#bodyError?.message ?? 'its segments do not come' };
    }
    return this.#stall(nowMs, targetMs) ?? this.#frozen() ?? this.#blanks?.trouble();
  }

  #stall(nowMs: number, targetMs: number): Trouble | undefined {
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    if (this.#polledMs - this.#namedMs >= STALL_TARGET_DURATIONS * targetMs) {
      return {
        kind: 'stall',
        reason: `it names nothing new for ${seconds(nowMs - this.#namedMs)}`,
      };
    }
    const standstill = this.stream.standstill(nowMs, targetMs);
    if (standstill !== undefined) {
      const { stillMs, hasBytes } = standstill;
      if (!hasBytes) return { kind: 'stall', reason: `no bytes came for ${seconds(stillMs)}` };
      return { kind: 'frozen', reason: `its clock stands still for ${seconds(stillMs)}` };
    }
    if (this.stream.lives(nowMs, targetMs)) return undefined;
    const silentMs = nowMs - this.#loadedMs;
    if (silentMs < SILENT_TARGET_DURATIONS * targetMs) return undefined;
    return { kind: 'stall', reason: `no segment came for ${seconds(silentMs)}` };
  }

  #frozen(): Trouble | undefined {
    const isDated = this.#datesStanding >= DATES_STANDING_MAX;
    if (!isDated && this.#standing() < CLOCKS_STANDING_MAX) return undefined;
    return { kind: 'frozen', reason: 'its clock stands still' };
  }

  /**
   * It repeats the one before, as far as its clock tells, and none came after it: should the source
   * be left for that, nobody need see it.
   */
  isDoubtful(ordinal: number): boolean {
    return ordinal === this.#newest() && this.#stands(ordinal);
  }

  /** Segments in a row, up to the newest, that begin where the one before them began. */
  #standing(): number {
    let count = 0;
    while (this.#stands(this.#newest() - count)) count++;
    return count;
  }

  #newest(): number {
    return Math.max(...this.#clocks.keys());
  }

  #stands(ordinal: number): boolean {
    const later = this.#clocks.get(ordinal);
    const earlier = this.#clocks.get(ordinal - 1);
    if (later === undefined || earlier === undefined || later.isApart) return false;
    return pcrStands(earlier.ticks, later.ticks);
  }
}
