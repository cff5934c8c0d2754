// This file chooses with which segment a source takes over from another in mid-play.
import type { ListedSegment } from '../../ring/listing.ts';
import type { Join } from '../messages.ts';

/** Where a segment is, whatever token stands behind it; undefined for what is no upstream's. */
export function placeOf({ ref }: ListedSegment): string | undefined {
  return ref.kind === 'http' ? ref.url.split('?', 1)[0] : undefined;
}

/** Clocks of two sources further apart than this tell nothing of each other. */
const CLOCKS_APART_MAX_MS = 120_000;

/**
 * The segments of a first listing that viewers of the other source have not seen, by the clock that
 * both tell or by the time that went by: at most half a segment is repeated or lost. At least the
 * newest: a source that is far behind the other one shows something again rather than nothing.
 * Nothing where it is one that is returned to, and has not gone on since; or where it is behind by
 * so little that it will soon be where the other was left: there it repeats one segment at most.
 */
export function segmentsFrom(
  listed: readonly ListedSegment[],
  join: Join,
  elapsedMs: number,
): readonly ListedSegment[] {
  const segments = afterSeen(listed, join);
  const byClock = indexByClock(segments, join);
  if (byClock === 'soon') return [];
  const index = byClock ?? indexByDuration(segments, join.missingMs + elapsedMs);
  return segments.slice(Math.min(index, segments.length - 1));
}

/** What follows the last segment that viewers have seen of this very source. */
function afterSeen(
  listed: readonly ListedSegment[],
  { seen = [] }: Join,
): readonly ListedSegment[] {
  const last = listed.findLastIndex((segment) => seen.includes(placeOf(segment) ?? ''));
  return listed.slice(last + 1);
}

/** Its own segments that a source behind the other one may lack, and is waited for. */
const SOON_SEGMENTS = 2;

/** The first segment of which more than half lies after `endMs`. */
function indexByClock(
  segments: readonly ListedSegment[],
  { endMs }: Join,
): number | 'soon' | undefined {
  if (endMs === undefined) return undefined;
  let startMs: number | undefined;
  let index = segments.length;
  for (const [at, { programDateTimeMs, durationS }] of segments.entries()) {
    startMs = programDateTimeMs ?? startMs;
    if (startMs === undefined) continue;
    const middleMs = startMs + durationS * 500;
    if (middleMs > endMs && at < index) index = at;
    startMs += durationS * 1000;
  }
  if (startMs === undefined || Math.abs(startMs - endMs) > CLOCKS_APART_MAX_MS) return undefined;
  const newestMs = (segments.at(-1)?.durationS ?? 0) * 1000;
  const behindMs = endMs - startMs;
  return behindMs > newestMs / 2 && behindMs <= SOON_SEGMENTS * newestMs ? 'soon' : index;
}

/** The first segment of which more than half lies within the last `missingMs`. */
function indexByDuration(segments: readonly ListedSegment[], missingMs: number): number {
  let leftMs = missingMs;
  let index = segments.length;
  while (index > 0) {
    const durationMs = (segments[index - 1] as ListedSegment).durationS * 1000;
    if (leftMs < durationMs / 2) break;
    leftMs -= durationMs;
    index--;
  }
  return index;
}
