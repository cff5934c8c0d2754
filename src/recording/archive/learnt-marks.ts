// This file learns of segments that were archived before it was written down what a file needs.
import { FormatError } from '../../base/errors.ts';
import type { ArchivedSegment, SegmentMarks } from './archived.ts';
import type { ClearBodies } from './clear-bodies.ts';
import { marksOf } from './segment-marks.ts';

/** Two hours of two renditions; each takes about a kilobyte. */
const LEARNT_MAX = 4096;

/** Whoever asks for parts of a file plans it anew each time: what was learnt lately is remembered. */
export class LearntMarks {
  readonly #learnt = new Map<string, SegmentMarks>();

  /** Empty where there is nothing to be had of its bytes. `key` names the segment among all. */
  async of(
    key: string,
    segment: ArchivedSegment,
    kind: 'video' | 'audio',
    bodies: ClearBodies,
  ): Promise<SegmentMarks> {
    const known = this.#learnt.get(key);
    if (known !== undefined) return known;
    const learnt = await learn(segment, kind, bodies);
    if (this.#learnt.size >= LEARNT_MAX) this.#learnt.clear();
    this.#learnt.set(key, learnt);
    return learnt;
  }
}

async function learn(
  segment: ArchivedSegment,
  kind: 'video' | 'audio',
  bodies: ClearBodies,
): Promise<SegmentMarks> {
  try {
    // Nothing of those before it: the same whatever is asked for
    return await marksOf(await bodies.open(segment), { kind, earlierTicks: 0 });
  } catch (error) {
    if (error instanceof FormatError) return {};
    throw error;
  }
}
