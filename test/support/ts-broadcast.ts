// This file plays a short file of MPEG-TS over and over, as the segments of a source that goes on.
import { counterStep } from '../../src/media/mpegts/counters.ts';
import { assembleSegment } from '../../src/media/mpegts/loop-index.ts';
import { indexLoop } from '../../src/media/mpegts/loop-indexer.ts';

export type BroadcastSegment = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly durationTicks: number;
};

/** Segments until `seconds` are over; the first frame is shown at `startTicks`. */
export function* broadcast(
  bytes: Uint8Array,
  seconds: number,
  startTicks: number,
): Generator<BroadcastSegment> {
  const index = indexLoop(bytes);
  const rounds = Math.ceil((seconds * 90_000) / index.durationTicks);
  for (let round = 0; round < rounds; round++) {
    const counters = new Map<number, number>();
    for (const [pid, span] of index.counters) {
      counters.set(pid, (round * counterStep(span, span)) % 16);
    }
    const ticks = startTicks - index.firstTimestamp + round * index.durationTicks;
    for (const segment of index.segments) {
      if (round * index.durationTicks + segment.startTicks >= seconds * 90_000) return;
      const part = bytes.subarray(segment.offset, segment.offset + segment.sizeBytes);
      const assembled = assembleSegment(segment, part, { ticks, counters });
      yield { bytes: assembled, durationTicks: segment.durationTicks };
    }
  }
}
