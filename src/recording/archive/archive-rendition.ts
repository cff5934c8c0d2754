// This file makes archived segments of the index's rows, and rows of segments.
import type { SegmentRow } from '../../channel/archive-rows.ts';
import { formatNeeds, parseNeeds } from './archive-about.ts';
import type { GapReason } from './archive-counts.ts';
import type { ArchivedSegment } from './archived.ts';

/** `nowMs`: whoever holds its body holds it no longer than it was asked to. */
export function segmentOf(row: SegmentRow, nowMs: number): ArchivedSegment {
  const { number, name, startMs, durationS, discontinuitySequence, discontinuity } = row;
  const gap = row.gap !== '' || row.untilMs <= nowMs;
  return {
    number,
    name,
    startMs,
    durationS,
    discontinuitySequence,
    discontinuity,
    gap,
    sizeBytes: gap ? 0 : row.sizeBytes,
    ...parseNeeds(row.needs),
  };
}

export function rowOf(
  segment: ArchivedSegment,
  gap: GapReason | undefined,
  untilMs: number,
): SegmentRow {
  const { number, name, startMs, durationS, discontinuitySequence, discontinuity } = segment;
  return {
    number,
    name,
    startMs,
    endMs: endMsOf(segment),
    durationS,
    discontinuitySequence,
    discontinuity,
    gap: gap ?? '',
    sizeBytes: segment.sizeBytes,
    untilMs,
    needs: formatNeeds(segment),
  };
}

export function endMsOf({ startMs, durationS }: ArchivedSegment): number {
  return Math.round(startMs + durationS * 1000);
}
