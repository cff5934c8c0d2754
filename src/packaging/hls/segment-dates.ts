// This file chooses where a media playlist says dates: of segments, and of date ranges.
import type { Attributes, MediaSegment } from '../../media/m3u8/playlist.ts';
import { dateRangesFrom } from '../../ring/date-ranges.ts';
import { beginMs } from '../../ring/listing.ts';
import type { RenditionRing, Segment } from '../../ring/rendition-ring.ts';

export type SegmentDates = Pick<MediaSegment, 'programDateTimeMs' | 'dateRanges'>;

/** Of each segment that `ring` lists. */
export function segmentDates(ring: RenditionRing, listed: readonly Segment[]): SegmentDates[] {
  const ranges = placeDateRanges(ring, listed);
  let isKnown = false;
  return listed.map((segment) => {
    const { programDateTimeMs, isDateCarried } = segment.listed;
    // Where the source wrote it, and where a player could not work it out from what stands before
    const isWritten = !isDateCarried || segment.discontinuity || !isKnown;
    isKnown = programDateTimeMs !== undefined;
    const dateRanges = ranges.get(segment) ?? [];
    return programDateTimeMs === undefined || !isWritten
      ? { dateRanges }
      : { programDateTimeMs, dateRanges };
  });
}

/**
 * RFC 8216 §4.3.2.7: where there is no date there may be no date range. Each stands before the
 * segment it begins in, or as near to that as there is one.
 */
function placeDateRanges(
  ring: RenditionRing,
  listed: readonly Segment[],
): ReadonlyMap<Segment, readonly Attributes[]> {
  const placed = new Map<Segment, Attributes[]>();
  const [first] = listed;
  const fromMs = beginMs(listed.map((segment) => segment.listed));
  if (first === undefined || fromMs === undefined) return placed;
  for (const range of dateRangesFrom(ring.dateRanges, first.mediaSequence, fromMs)) {
    const segment = listed.findLast((each) => begins(each, range.startMs)) ?? first;
    placed.set(segment, [...(placed.get(segment) ?? []), range.attributes]);
  }
  return placed;
}

function begins({ listed: { programDateTimeMs } }: Segment, byMs: number): boolean {
  return programDateTimeMs !== undefined && programDateTimeMs <= byMs;
}
