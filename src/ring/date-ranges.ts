// This file keeps the date ranges of a rendition while they belong to what it lists.
import { type DateRange, MAX_DATE_RANGES, mergeDateRanges } from '../media/m3u8/date-range.ts';

/** What a source's list says of them, whole, and when the list begins. */
export type NamedDateRanges = {
  readonly ranges: readonly DateRange[];
  readonly fromMs?: number;
};

export type KnownDateRange = {
  readonly range: DateRange;
  /** The last media sequence number there was when the source named it no more. */
  readonly goneAt?: number;
};

/**
 * ```
 *   named ──► known ──► named no more: it began before the source's list ──► until ours is past it
 *                  └──► named no more: it would still be in it ──► taken back, gone at once
 * ```
 * A packager drops a range with the segment it began in, however long it lasts: that our list, which
 * begins earlier, still needs it is for us to see.
 */
export function takeDateRanges(
  known: readonly KnownDateRange[],
  { ranges, fromMs = Number.POSITIVE_INFINITY }: NamedDateRanges,
  lastSequence: number,
): KnownDateRange[] {
  const before = new Map(known.map(({ range }) => [range.id, range]));
  const named = new Set(ranges.map(({ id }) => id));
  const kept = known.flatMap(({ range, goneAt }) => {
    const isKept = !named.has(range.id) && (goneAt !== undefined || range.startMs < fromMs);
    return isKept ? [{ range, goneAt: goneAt ?? lastSequence }] : [];
  });
  return [
    ...kept.slice(-MAX_DATE_RANGES),
    ...ranges.map((range) => ({ range: mergeDateRanges(before.get(range.id), range) })),
  ];
}

/** Those that a list which begins there and then has to show; those yet to come are among them. */
export function dateRangesFrom(
  known: readonly KnownDateRange[],
  mediaSequence: number,
  fromMs: number,
): DateRange[] {
  return known
    .filter(({ range, goneAt }) => {
      // What is open lasts for as long as the source says that it is there
      const openMs = goneAt === undefined ? Number.POSITIVE_INFINITY : range.startMs;
      return (goneAt ?? mediaSequence) >= mediaSequence && (range.endMs ?? openMs) >= fromMs;
    })
    .map(({ range }) => range);
}
