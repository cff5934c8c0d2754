// This file runs segments through a splicer whole.
import type { SpliceMark } from '../../src/media/mpegts/splice-rewriter.ts';
import type { SegmentReport, Splicer } from '../../src/media/mpegts/splicer.ts';
import { joinBytes } from './ts-packets.ts';

export type Spliced = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offsets count from the start of `bytes`. */
  readonly marks: readonly SpliceMark[];
  readonly report: SegmentReport;
  /** The size of each piece. */
  readonly pieces: readonly number[];
};

/** More steps than any segment of a test takes. */
const STEPS_MAX = 100_000;

export function spliceSegment(
  splicer: Splicer,
  segment: Uint8Array,
  discontinuity = false,
  isBeginning = false,
): Spliced {
  splicer.begin(segment, { discontinuity, isBeginning });
  const parts: Uint8Array[] = [];
  const marks: SpliceMark[] = [];
  let sizeBytes = 0;
  for (let count = 0; count < STEPS_MAX; count++) {
    const step = splicer.next();
    if (step.kind === 'end') {
      return { bytes: joinBytes(parts), marks, report: step, pieces: parts.map((p) => p.length) };
    }
    if (step.kind === 'busy') continue;
    for (const mark of step.marks) marks.push({ ...mark, offset: mark.offset + sizeBytes });
    parts.push(step.bytes);
    sizeBytes += step.bytes.length;
  }
  throw new Error('The splicer does not end');
}
