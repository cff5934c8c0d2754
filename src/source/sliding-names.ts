// This file numbers the segments of lists whose own numbers stand still while their names slide.
import type { ListedSegment, Listing } from '../ring/listing.ts';

/** No live list slides further between two looks; it bounds what a comparison costs. */
const SLIDE_MAX = 256;

/**
 * RFC 8216 §4.3.3.2: without EXT-X-MEDIA-SEQUENCE a list begins at 0, and so it must never lose its
 * first segment. Some sources leave the tag out, or never count it up, and let their lists slide:
 *
 * ```
 *   0:a 1:b 2:c   then   0:b 1:c 2:d   is   1:b 2:c 3:d
 * ```
 * Only a list that begins with the same number as the one before is placed by its names, and only
 * where all that both name agree: names alone may come around again.
 */
export class SlidingNames {
  #before: readonly ListedSegment[] = [];
  /** What is added to the source's numbers. */
  #shift = 0;

  place(listing: Listing): Listing {
    const { segments } = listing;
    const [first] = segments;
    if (first === undefined) return listing;
    const before = this.#before[0];
    const moved = before === undefined ? undefined : first.sequence - before.sequence;
    const isToSlide = moved === 0 || this.#shift !== 0;
    if (moved !== undefined && isToSlide) this.#slide(segments, moved);
    this.#before = segments;
    if (this.#shift === 0) return listing;
    const placed = segments.map((segment) => ({
      ...segment,
      sequence: segment.sequence + this.#shift,
    }));
    return { ...listing, segments: placed };
  }

  /** A source that begins to count goes on where its names were placed. */
  #slide(segments: readonly ListedSegment[], moved: number): void {
    const slide = slideOf(this.#before, segments);
    if (slide !== undefined) this.#shift += slide - moved;
    else if (moved !== 0) this.#shift = 0;
  }
}

/**
 * By how many segments `after` begins later than `before`: less than 0 where it lags, undefined
 * where they have nothing in common.
 */
function slideOf(
  before: readonly ListedSegment[],
  after: readonly ListedSegment[],
): number | undefined {
  // As it is nearly always; it also keeps names that are all alike from sliding
  if (before[0]?.identity === after[0]?.identity) return 0;
  for (let slide = 1; slide < Math.min(before.length, SLIDE_MAX); slide++) {
    if (agrees(before, slide, after)) return slide;
  }
  for (let lag = 1; lag < Math.min(after.length, SLIDE_MAX); lag++) {
    if (agrees(after, lag, before)) return -lag;
  }
  return undefined;
}

/** Is `one` from its segment `from` on how `other` begins, as far as both go? */
function agrees(
  one: readonly ListedSegment[],
  from: number,
  other: readonly ListedSegment[],
): boolean {
  const count = Math.min(one.length - from, other.length);
  for (let at = 0; at < count; at++) {
    if (one[from + at]?.identity !== other[at]?.identity) return false;
  }
  return true;
}
