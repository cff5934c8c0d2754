// This file tells what is new in a listing, and whether the source began to count anew.
import type { ListedSegment, Listing } from '../ring/listing.ts';
import type { Link } from '../ring/timeline.ts';

/** What a replacement needs to go on where a tracker was. */
export type TrackerResume = {
  readonly lastSequence: number;
  /** Recent [sequence, identity], ascending. */
  readonly tail: readonly (readonly [number, string])[];
};

export type Fresh = {
  /** How the first fresh segment follows what was known before. */
  readonly link: Link;
  readonly segments: readonly ListedSegment[];
  /** Segments between that were never seen, where link is 'next'. */
  readonly missed: number;
};

/** Remembered segments: more than any live playlist that a stale CDN edge may still hand out. */
const TAIL_MAX = 128;
/** Missing segments up to this many become gaps; beyond, the rendition starts again later on. */
const MISSED_MAX = 8;
/** A listing that stays behind what was seen for this many target durations is a new count… */
const BEHIND_TARGET_DURATIONS = 2;
/** …sooner where it shares nothing with what was seen, as it does after a restart… */
const APART_TARGET_DURATIONS = 1;
/** …and at once where it is further back than any cache keeps a live playlist. */
const FAR_BEHIND = 30;

export class Tracker {
  #last: number | undefined;
  #tail = new Map<number, { readonly identity: string; readonly dateTimeMs?: number }>();
  #behindSinceMs: number | undefined;
  #generation: number | undefined;

  #cold: boolean;

  /** `cold`: the first listing is named from its beginning, whatever of it is known. */
  constructor(resume: TrackerResume | undefined, cold: boolean) {
    this.#cold = cold;
    if (resume === undefined) return;
    this.#last = resume.lastSequence;
    for (const [sequence, identity] of resume.tail) this.#tail.set(sequence, { identity });
  }

  resume(): TrackerResume | undefined {
    if (this.#last === undefined) return undefined;
    const tail = [...this.#tail].map(([sequence, { identity }]) => [sequence, identity] as const);
    return { lastSequence: this.#last, tail };
  }

  /** Undefined where the listing names nothing new. */
  take(listing: Listing, nowMs: number): Fresh | undefined {
    const fresh = this.#judge(listing, nowMs);
    if (listing.segments.length > 0) this.#generation = listing.generation;
    return fresh;
  }

  #judge(listing: Listing, nowMs: number): Fresh | undefined {
    const first = listing.segments[0];
    const last = listing.segments.at(-1);
    if (first === undefined || last === undefined) return undefined;
    if (this.#last === undefined) return this.#accept('cold', listing.segments, 0);
    if (this.#cold) return this.#takeCold(listing, last);
    if (this.#isReset(listing, last, nowMs)) {
      this.#tail.clear();
      return this.#accept('reset', listing.segments, 0);
    }
    const known = this.#last;
    if (last.sequence <= known) return undefined;
    const missed = first.sequence - known - 1;
    if (missed > MISSED_MAX) return this.#accept('jump', listing.segments, 0);
    const fresh = listing.segments.filter((segment) => segment.sequence > known);
    return this.#accept('next', fresh, Math.max(0, missed));
  }

  /** With one listing to judge by, lower numbers that share nothing with the past are a new count. */
  #takeCold(listing: Listing, last: ListedSegment): Fresh {
    const known = this.#newestKnown(listing);
    const isReset =
      known === undefined
        ? last.sequence < (this.#last as number)
        : !this.#isSame(known, listing.targetDurationS);
    if (isReset) this.#tail.clear();
    return this.#accept(isReset ? 'reset' : 'cold', listing.segments, 0);
  }

  #newestKnown(listing: Listing): ListedSegment | undefined {
    return listing.segments.findLast((segment) => this.#tail.has(segment.sequence));
  }

  #accept(link: Link, segments: readonly ListedSegment[], missed: number): Fresh {
    for (const segment of segments) {
      this.#tail.set(segment.sequence, {
        identity: segment.identity,
        ...(segment.programDateTimeMs === undefined
          ? {}
          : { dateTimeMs: segment.programDateTimeMs }),
      });
    }
    while (this.#tail.size > TAIL_MAX) {
      this.#tail.delete(this.#tail.keys().next().value as number);
    }
    this.#last = segments.at(-1)?.sequence;
    this.#behindSinceMs = undefined;
    this.#cold = false;
    return { link, segments, missed };
  }

  /**
   * A listing that names known numbers for other content, or lower numbers for long, comes from a
   * source that began anew; one that merely lags is the copy of a slow CDN edge.
   */
  #isReset(listing: Listing, last: ListedSegment, nowMs: number): boolean {
    const known = this.#last as number;
    if (listing.generation !== this.#generation && this.#generation !== undefined) return true;
    const newestKnown = this.#newestKnown(listing);
    if (newestKnown !== undefined && !this.#isSame(newestKnown, listing.targetDurationS)) {
      return true;
    }
    if (last.sequence >= known) {
      this.#behindSinceMs = undefined;
      return false;
    }
    const oldestKept = this.#tail.keys().next().value ?? known;
    if (newestKnown === undefined && last.sequence < oldestKept - FAR_BEHIND) return true;
    this.#behindSinceMs ??= nowMs;
    const patience = newestKnown === undefined ? APART_TARGET_DURATIONS : BEHIND_TARGET_DURATIONS;
    return nowMs - this.#behindSinceMs > listing.targetDurationS * patience * 1000;
  }

  #isSame(segment: ListedSegment, targetDurationS: number): boolean {
    const known = this.#tail.get(segment.sequence);
    if (known === undefined || known.identity !== segment.identity) return false;
    if (known.dateTimeMs === undefined || segment.programDateTimeMs === undefined) return true;
    const toleranceMs = Math.max(5000, targetDurationS * 1000);
    return Math.abs(known.dateTimeMs - segment.programDateTimeMs) <= toleranceMs;
  }
}
