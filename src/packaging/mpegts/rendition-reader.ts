// This file reads the segments of a rendition one after the other, each as soon as it is listed.
import { orAborted } from '../../base/clock.ts';
import type { Rendition } from '../../prefetch/rendition/rendition.ts';
import type { InFlight } from '../../ring/in-flight.ts';
import type { Segment } from '../../ring/rendition-ring.ts';

export type ReadSegment = {
  readonly segment: Segment;
  readonly body: Blob;
  /** It does not go on where the one read before it ended. */
  readonly discontinuity: boolean;
};

/** What is read of a rendition. */
export type ReadRendition = Pick<Rendition, 'ring' | 'body' | 'keepGoing' | 'grown'>;

/** RFC 8216 §6.3.3: who starts nearer to the end of a live list has nothing left when one is late. */
const START_SEGMENTS = 3;

export class RenditionReader {
  readonly rendition: ReadRendition;
  /** Media sequence number of the next; undefined before the first. */
  #next: number | undefined;
  #isApart = true;

  constructor(rendition: ReadRendition) {
    this.rendition = rendition;
  }

  /**
   * The next segment; undefined where the stream has ended, had to give way to others for want of
   * memory, or `signal` aborts. What is here is read however little `patience` is left.
   */
  async next(signal: AbortSignal, patience = signal): Promise<ReadSegment | undefined> {
    for (;;) {
      if (signal.aborted) return undefined;
      if (this.rendition.keepGoing() !== undefined) return undefined;
      const segment = this.#pick();
      if (segment === 'ended') return undefined;
      const body = segment === undefined ? 'late' : await this.#bodyOf(segment, patience);
      if (body === 'late' && patience.aborted) return undefined;
      if (segment === undefined) await orAborted(this.rendition.grown(), patience);
      if (segment === undefined || body === 'late') continue;
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

  /** Begins anew with the segment of this number. */
  startAt(mediaSequence: number): void {
    this.#next = mediaSequence;
    this.#isApart = true;
  }

  /** The next is listed, so that it need not be waited for long. */
  get hasNext(): boolean {
    return typeof this.#pick() === 'object';
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
  async #bodyOf(segment: Segment, signal: AbortSignal): Promise<Blob | 'late' | undefined> {
    const found = await this.rendition.body(segment.name);
    switch (found.kind) {
      case 'whole':
        return found.body;
      case 'streaming':
        return wholeOf(found.inFlight, signal);
      case 'unavailable':
        await orAborted(this.rendition.grown(), signal);
        return 'late';
      default:
        return undefined;
    }
  }
}

/** late: it broke off, or takes longer than the reader has patience for. */
async function wholeOf(inFlight: InFlight, signal: AbortSignal): Promise<Blob | 'late'> {
  const whole = inFlight.whole().catch(() => 'late' as const);
  return (await orAborted(whole, signal)) ?? 'late';
}
