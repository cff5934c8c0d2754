// This file makes one MPEG-TS of the segments of one rendition, or of several side by side.
import { assert } from '../../base/assert.ts';
import type { ProgramPlace } from '../mpegts/program-tables.ts';
import { Merger, type MergeStats } from './merger.ts';
import type { RemuxInput } from './remux-input.ts';

/** A changed init segment takes a new input, and so a new remuxer. */
export class Remuxer {
  readonly #inputs: readonly RemuxInput[];
  readonly #merger: Merger;

  /** `place`: where players look for the map; absent: where ours stands. */
  constructor(inputs: readonly RemuxInput[], place?: ProgramPlace) {
    this.#inputs = inputs;
    this.#merger = new Merger(inputs.length, place);
  }

  /**
   * Takes one entry for each input, in their order, undefined where nothing new came. What it gives
   * begins with the tables; it is empty while nothing of the first input has come.
   */
  remux(segments: readonly (Uint8Array | undefined)[]): Uint8Array<ArrayBuffer> {
    assert(segments.length === this.#inputs.length, 'each input has its entry');
    const came = this.#inputs.map((input, index) => {
      const segment = segments[index];
      return segment === undefined ? undefined : input.demux(segment);
    });
    return this.#merger.merge(came);
  }

  /** What still waits, where no more of the first input will come. */
  flush(): Uint8Array<ArrayBuffer> {
    return this.#merger.flush();
  }

  stats(): MergeStats {
    return this.#merger.stats();
  }
}
