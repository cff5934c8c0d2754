// This file tells what is new in a listing, and whether the source began to count anew.
import type { ListedSegment, Listing } from '../ring/listing.ts';
import type { Link } from '../ring/timeline.ts';
import { SlidingNames } from './sliding-names.ts';

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

type Known = { readonly identity: string; readonly dateTimeMs?: number };

/** Remembered segments: more than any live playlist that a stale CDN edge may still hand out. */
const TAIL_MAX = 128;
/** Missing segments up to this many become gaps; beyond, the rendition starts again later on. */
const MISSED_MAX = 8;
/** So many new segments at once are no live edge to follow but an outage to leave behind. */
const CATCH_UP_MAX = 16;
/** A listing that stays behind what was seen for this many target durations is a new count… */
const BEHIND_TARGET_DURATIONS = 2;
/** …sooner where it shares nothing with what was seen, as it does after a restart… */
const APART_TARGET_DURATIONS = 1;
/** …and at once where it is then further back than any cache keeps a live playlist. */
const FAR_BEHIND = 30;
/** Lists that end alike and begin differently: some servers trim late. */
const SHAPES_MAX = 8;
/** A list looked at anew may end this far before the last one: its edge lags, or names ahead. */
const COLD_BEHIND_MAX = 3;
/** Names that change under the same numbers this often in a row mean nothing. */
const RENAMED_MAX = 3;

export class Tracker {
  #last: number | undefined;
  #tail = new Map<number, Known>();
  readonly #names = new SlidingNames();
  /** Last number of a listing → the first numbers it was seen with. */
  readonly #shapes = new Map<number, number[]>();
  /** Since when listings end before what was seen, and where the first of them ended. */
  #behind: { readonly sinceMs: number; readonly lastSequence: number } | undefined;
  #generation: number | undefined;
  #cold: boolean;
  #renamed = 0;
  /** Segments of the last listing. */
  #length = 0;

  /** `cold`: the first listing is named from its beginning, whatever of it is known. */
  constructor(resume: TrackerResume | undefined, cold: boolean) {
    this.#cold = cold;
    if (resume === undefined) return;
    this.#last = resume.lastSequence;
    for (const [sequence, identity] of resume.tail) this.#tail.set(sequence, { identity });
  }

  /** The next listing is named from its beginning again, whatever of it is known. */
  startAgain(): void {
    this.#cold = true;
  }

  /** The last listing ended before what was seen: the copy of a slow edge, as far as one can tell. */
  get isBehind(): boolean {
    return this.#behind !== undefined;
  }

  /** Undefined where the listing names nothing new. */
  take(named: Listing, nowMs: number): Fresh | undefined {
    const listing = this.#names.place(named);
    const fresh = this.#judge(listing, nowMs);
    if (listing.segments.length > 0) {
      this.#generation = listing.generation;
      this.#length = listing.segments.length;
    }
    if (fresh?.link === 'reset') this.#shapes.clear();
    this.#rememberShape(listing);
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
    if (first.sequence > known && listing.segments.length < this.#length) {
      // A list that slides on overlaps; one that begins anew where the old one ended is a new run
      this.#tail.clear();
      return this.#accept('reset', listing.segments, 0);
    }
    const missed = Math.max(0, first.sequence - known - 1);
    const fresh = listing.segments.filter((segment) => segment.sequence > known);
    const isJump = missed > MISSED_MAX || fresh.length > CATCH_UP_MAX;
    return this.#accept(isJump ? 'jump' : 'next', fresh, isJump ? 0 : missed);
  }

  /** With one listing to judge by, lower numbers that share nothing with the past are a new count. */
  #takeCold(listing: Listing, last: ListedSegment): Fresh {
    const known = this.#newestKnown(listing);
    const behind = (this.#last as number) - last.sequence;
    // Time has passed since: no copy of a slow edge is behind by this much
    const isFarBehind = behind > COLD_BEHIND_MAX;
    const isReset =
      isFarBehind || (known === undefined ? behind > 0 : !this.#isSame(known, listing));
    if (isReset) this.#tail.clear();
    return this.#accept(isReset ? 'reset' : 'cold', listing.segments, 0);
  }

  #newestKnown(listing: Listing): ListedSegment | undefined {
    return listing.segments.findLast((segment) => this.#tail.has(segment.sequence));
  }

  #accept(link: Link, segments: readonly ListedSegment[], missed: number): Fresh {
    for (const segment of segments) {
      this.#tail.set(segment.sequence, knownOf(segment));
    }
    while (this.#tail.size > TAIL_MAX) {
      this.#tail.delete(this.#tail.keys().next().value as number);
    }
    this.#last = segments.at(-1)?.sequence;
    this.#behind = undefined;
    this.#cold = false;
    return { link, segments, missed };
  }

  /**
   * A listing that names known numbers for other content, or lower numbers for long, comes from a
   * source that began anew; one that merely lags is the copy of a slow CDN edge.
   */
  #isReset(listing: Listing, last: ListedSegment, nowMs: number): boolean {
    if (listing.generation !== this.#generation && this.#generation !== undefined) return true;
    const newestKnown = this.#newestKnown(listing);
    if (newestKnown !== undefined && this.#isRenamed(newestKnown, listing)) return true;
    if (last.sequence >= (this.#last as number)) {
      this.#behind = undefined;
      return false;
    }
    return this.#isBehindForLong(listing, last, newestKnown !== undefined, nowMs);
  }

  /** Some sources sign every URI anew, file name included: then only the numbers count. */
  #isRenamed(newestKnown: ListedSegment, listing: Listing): boolean {
    if (this.#isSame(newestKnown, listing)) {
      this.#renamed = 0;
      return false;
    }
    if (this.#renamed >= RENAMED_MAX) return false;
    this.#renamed++;
    return true;
  }

  #isBehindForLong(
    listing: Listing,
    last: ListedSegment,
    isKnown: boolean,
    nowMs: number,
  ): boolean {
    this.#behind ??= { sinceMs: nowMs, lastSequence: last.sequence };
    // A copy of the past begins where the past began
    const firsts = this.#shapes.get(last.sequence);
    if (firsts !== undefined && !firsts.includes((listing.segments[0] as ListedSegment).sequence)) {
      return true;
    }
    if (!isKnown && last.sequence < (this.#last as number) - FAR_BEHIND) return true;
    const patience = isKnown ? BEHIND_TARGET_DURATIONS : APART_TARGET_DURATIONS;
    if (nowMs - this.#behind.sinceMs <= listing.targetDurationS * patience * 1000) return false;
    // A frozen copy names nothing that was not seen: there is nothing to start again with
    return !isKnown || last.sequence > this.#behind.lastSequence;
  }

  #rememberShape({ segments }: Listing): void {
    const first = segments[0]?.sequence;
    const last = segments.at(-1)?.sequence;
    if (first === undefined || last === undefined) return;
    const firsts = this.#shapes.get(last);
    if (firsts === undefined) this.#shapes.set(last, [first]);
    else if (!firsts.includes(first) && firsts.length < SHAPES_MAX) firsts.push(first);
    if (this.#shapes.size > TAIL_MAX) {
      this.#shapes.delete(this.#shapes.keys().next().value as number);
    }
  }

  #isSame(segment: ListedSegment, listing: Listing): boolean {
    const known = this.#tail.get(segment.sequence);
    if (known === undefined || known.identity !== segment.identity) return false;
    const dateTimeMs = saidDateMs(segment);
    if (known.dateTimeMs === undefined || dateTimeMs === undefined) return true;
    // A source that tells by itself when it counts anew may correct its clock between
    if (listing.generation !== undefined) return true;
    const toleranceMs = Math.max(5000, listing.targetDurationS * 1000);
    return Math.abs(known.dateTimeMs - dateTimeMs) <= toleranceMs;
  }
}

function knownOf(segment: ListedSegment): Known {
  const dateTimeMs = saidDateMs(segment);
  const { identity } = segment;
  return dateTimeMs === undefined ? { identity } : { identity, dateTimeMs };
}

/**
 * The date its own tag says. One that was carried on from another segment is off by what durations
 * were rounded, in every list by another amount: it tells nothing of a new count.
 */
function saidDateMs({ programDateTimeMs, isDateCarried }: ListedSegment): number | undefined {
  return isDateCarried ? undefined : programDateTimeMs;
}
