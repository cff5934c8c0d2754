// This file plays files in a row for ever: which segment is when follows from the time alone.
import { assert } from '../../base/assert.ts';
import { type CounterSpan, counterStep } from '../../media/mpegts/counters.ts';
import type { LoopIndex, LoopSegment, LoopShift } from '../../media/mpegts/loop-index.ts';
import { TICKS_PER_SECOND, TIMESTAMP_WRAP } from '../../media/mpegts/timestamp.ts';

/**
 * ```
 *   1970-01-01T00:00:00Z                                     now
 *   │ round 0         │ round 1         │   …   │ round n     │
 *   │ file 0 │ file 1 │ file 0 │ file 1 │       │ file 0 │ fi │
 *   0        F0       C        C+F0     2C      n·C
 * ```
 * The timestamp of a frame is the wall time it is shown at, in ticks mod 2^33: it goes on over
 * rounds, restarts and nodes with nothing remembered.
 */
export type Loop = {
  readonly entries: readonly LoopEntry[];
  readonly roundTicks: number;
  readonly roundSegments: number;
  /** What one round adds to the continuity counters of each PID. */
  readonly counterGrowth: ReadonlyMap<number, number>;
};

/** One file of a loop. */
export type LoopEntry = {
  readonly index: LoopIndex;
  readonly startTicks: number;
  readonly firstSegment: number;
  /** What is added in round 0 so that the counters go on from the file before. */
  readonly counterOffsets: ReadonlyMap<number, number>;
};

/** A segment's place in the endless row; `sequence` counts from the Unix epoch. */
export type LoopPlace = {
  readonly sequence: number;
  readonly round: number;
  readonly entryIndex: number;
  readonly segment: LoopSegment;
  /** The other media before it is of another file. */
  readonly discontinuity: boolean;
  readonly discontinuitySequence: number;
  /** Wall time in ticks since the Unix epoch. */
  readonly startTicks: number;
  readonly shift: LoopShift;
};

const TICKS_PER_MS = TICKS_PER_SECOND / 1000;

export function createLoop(indexes: readonly LoopIndex[]): Loop {
  assert(indexes.length > 0, 'a loop has at least one file');
  const entries: LoopEntry[] = [];
  const chain = new Map<number, { first: CounterSpan; last: CounterSpan; offset: number }>();
  let roundTicks = 0;
  let roundSegments = 0;
  for (const index of indexes) {
    const counterOffsets = new Map<number, number>();
    for (const [pid, span] of index.counters) {
      const before = chain.get(pid);
      const offset =
        before === undefined ? 0 : (before.offset + counterStep(before.last, span)) % 16;
      counterOffsets.set(pid, offset);
      chain.set(pid, { first: before?.first ?? span, last: span, offset });
    }
    entries.push({ index, startTicks: roundTicks, firstSegment: roundSegments, counterOffsets });
    roundTicks += index.durationTicks;
    roundSegments += index.segments.length;
  }
  const counterGrowth = new Map<number, number>();
  for (const [pid, { first, last, offset }] of chain) {
    counterGrowth.set(pid, (offset + counterStep(last, first)) % 16);
  }
  return { entries, roundTicks, roundSegments, counterGrowth };
}

export function placeOf(loop: Loop, sequence: number): LoopPlace {
  assert(Number.isSafeInteger(sequence) && sequence >= 0, 'a sequence counts from the epoch');
  const round = Math.floor(sequence / loop.roundSegments);
  const inRound = sequence % loop.roundSegments;
  const entryIndex = loop.entries.findLastIndex(({ firstSegment }) => firstSegment <= inRound);
  const entry = loop.entries[entryIndex] as LoopEntry;
  const segment = entry.index.segments[inRound - entry.firstSegment] as LoopSegment;
  const fileTicks = round * loop.roundTicks + entry.startTicks;
  const isOneFile = loop.entries.length === 1;
  return {
    sequence,
    round,
    entryIndex,
    segment,
    discontinuity: !isOneFile && inRound === entry.firstSegment,
    discontinuitySequence: isOneFile ? 0 : round * loop.entries.length + entryIndex,
    startTicks: fileTicks + segment.startTicks,
    shift: {
      ticks: (fileTicks - entry.index.firstTimestamp) % TIMESTAMP_WRAP,
      counters: countersOf(loop, entry, round),
    },
  };
}

function countersOf(loop: Loop, entry: LoopEntry, round: number): ReadonlyMap<number, number> {
  const counters = new Map<number, number>();
  for (const [pid, offset] of entry.counterOffsets) {
    const growth = loop.counterGrowth.get(pid) ?? 0;
    counters.set(pid, (offset + (round % 16) * growth) % 16);
  }
  return counters;
}

/** The last `count` segments that have ended by then, oldest first. */
export function placesBefore(loop: Loop, nowMs: number, count: number): LoopPlace[] {
  const nowTicks = nowMs * TICKS_PER_MS;
  const round = Math.max(0, Math.floor(nowTicks / loop.roundTicks));
  let low = round * loop.roundSegments - 1;
  let high = low + loop.roundSegments;
  // The last segment of the round before has ended; the newest that has is between the two
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const place = placeOf(loop, middle);
    if (place.startTicks + place.segment.durationTicks <= nowTicks) low = middle;
    else high = middle - 1;
  }
  const first = Math.max(0, low - count + 1);
  return Array.from({ length: low + 1 - first }, (_, index) => placeOf(loop, first + index));
}

export function startMsOf(place: LoopPlace): number {
  return Math.round(place.startTicks / TICKS_PER_MS);
}
