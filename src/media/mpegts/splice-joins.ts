// This file finds the frames before which a viewer may join.
import { FATE } from './splice-fates.ts';
import type { Material } from './splice-lines.ts';
import { NOTE } from './splice-notes.ts';
import type { Stretch } from './splice-stretches.ts';
import type { OutputProgram } from './splice-tables.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

/** Sound alone can be joined anywhere; more often would only cost bytes. */
const AUDIO_JOIN_TICKS = 0.5 * TICKS_PER_SECOND;

export class JoinFinder {
  #latest90k = Number.NEGATIVE_INFINITY;

  /** Rows of the lead; `joinRow` is the one that the stretch was joined with. */
  find(
    { notes, fates }: Material,
    stretch: Stretch,
    output: OutputProgram,
    joinRow: number | undefined,
  ): Set<number> {
    const joins = new Set<number>();
    const hasVideo = output.kinds.includes('video');
    for (let row = stretch.fromRow; row < stretch.toRow; row++) {
      if (notes.stream[row] !== stretch.lead || fates.fate[row] !== FATE.keep) continue;
      const dts90k = fates.dts90k[row]!;
      const isDue = !hasVideo && dts90k >= this.#latest90k + AUDIO_JOIN_TICKS;
      if (row !== joinRow && !isDue && !notes.has(row, NOTE.key)) continue;
      joins.add(row);
      this.#latest90k = dts90k;
    }
    return joins;
  }
}
