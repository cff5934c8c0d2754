// This file holds what must be known of a file so that it can be played over and over.
import type { CounterSpan } from './counters.ts';
import { restamp } from './restamp.ts';

export type LoopSegment = {
  /** From the beginning of the loop. */
  readonly startTicks: number;
  readonly durationTicks: number;
  readonly offset: number;
  readonly sizeBytes: number;
  /** PAT and PMT as packets, to stand before it; empty where it begins with its own. */
  readonly preamble: Uint8Array;
  /** What the preambles so far, its own included, add to the counters of PAT and PMT. */
  readonly preambleCounters: ReadonlyMap<number, number>;
};

export type LoopIndex = {
  /** From one beginning to the next. */
  readonly durationTicks: number;
  /** The timestamp of the first frame shown. */
  readonly firstTimestamp: number;
  readonly segments: readonly LoopSegment[];
  /** Every PID's counters over one round, preambles included. */
  readonly counters: ReadonlyMap<number, CounterSpan>;
  /** Each segment can be decoded with no other: RFC 8216 §4.3.5.1. */
  readonly isIndependent: boolean;
  readonly hasVideo: boolean;
};

export type LoopShift = {
  readonly ticks: number;
  readonly counters: ReadonlyMap<number, number>;
};

/** `bytes` is what the file has at the segment's place. */
export function assembleSegment(
  segment: LoopSegment,
  bytes: Uint8Array,
  shift: LoopShift,
): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(segment.preamble.length + bytes.length);
  whole.set(segment.preamble);
  whole.set(bytes, segment.preamble.length);
  const counterOf = (pid: number) =>
    (shift.counters.get(pid) ?? 0) + (segment.preambleCounters.get(pid) ?? 0);
  return restamp(whole, { ticks: shift.ticks, counterOf });
}
