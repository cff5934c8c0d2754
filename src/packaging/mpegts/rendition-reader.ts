// This file reads the segments of a rendition one after the other, each as soon as it is listed.
import type { Rendition } from '../../prefetch/rendition/rendition.ts';
import type { Segment } from '../../ring/rendition-ring.ts';

export type ReadSegment = {
  readonly segment: Segment;
  readonly body: Blob;
  /** It does not go on where the one read before it ended. */
  readonly discontinuity: boolean;
};

/** RFC 8216 §6.3.3: who starts nearer to the end of a live list has nothing left when one is late. */
const START_SEGMENTS = 3;

export class RenditionReader {
  readonly rendition: Rendition;
  /** Media sequence number of the next; undefined before the first. */
  #next: number | undefined;
  #isApart = true;

  constructor(rendition: Rendition) {
    this.rendition = rendition;
  }

  /**
   * The next segment; undefined where the stream has ended, had to give way to others for want of
   * memory, or `signal` aborts.
   */
  async next(signal: AbortSignal): Promise<ReadSegment | undefined> {
    for (;;) {
      if (signal.aborted) return undefined;
      if (this.rendition.keepGoing() !== undefined) return undefined;
      const segment = this.#pick();
      if (segment === 'ended') return undefined;
      if (segment === undefined) {
        await this.rendition.grown();
        continue;
      }
      const body = await this.#bodyOf(segment);
      if (body === 'late') continue;
      this.#next = segment.mediaSequence + 1;
      if (body === undefined) {
        this.#isApart = true;
        continue;
      }
      const discontinuity = segment.discontinuity || this.#isApart;
      this.#isApart = false;
      return { segment, body, discontinuity };
    }
  }

  /** Begins with the segment of this number, where there is one: the like of another rendition. */
  startAt(mediaSequence: number): void {
    if (this.rendition.ring.find(mediaSequence) === undefined) return;
    this.#next = mediaSequence;
    this.#isApart = true;
  }

  #pick(): Segment | 'ended' | undefined {
    const { ring } = this.rendition;
    const first = ring.firstListed;
    if (first === undefined) return undefined;
    const count = ring.listedCount;
    if (this.#next === undefined) {
      const back = ring.onDemand ? count : Math.min(count, START_SEGMENTS);
      this.#next = first.mediaSequence + count - back;
    }
    if (this.#next < first.mediaSequence && ring.find(this.#next)?.state !== 'held') {
      this.#next = first.mediaSequence;
      this.#isApart = true;
    }
    if (this.#next < first.mediaSequence + count) return ring.find(this.#next);
    return ring.ended ? 'ended' : undefined;
  }

  /** late: to be asked for again. Undefined: it will never come. */
  async #bodyOf(segment: Segment): Promise<Blob | 'late' | undefined> {
    const found = await this.rendition.body(segment.name);
    switch (found.kind) {
      case 'whole':
        return found.body;
      case 'streaming':
        return found.inFlight.whole().catch(() => 'late' as const);
      case 'unavailable':
        await this.rendition.grown();
        return 'late';
      default:
        return undefined;
    }
  }
}
