// This file moves the list of a rendition on as its segments come.
import { Signal } from '../../base/signal.ts';
import type { RenditionRing, Segment } from '../../ring/rendition-ring.ts';
import type { Timeline } from '../../ring/timeline.ts';
import type { KnownForm } from './known-form.ts';
import type { SourceWatch } from './source-watch.ts';

export type ListGrowthParts = {
  readonly list: RenditionRing;
  readonly timeline: Timeline;
  readonly watch: SourceWatch;
  readonly form: KnownForm;
};

export class ListGrowth {
  /** Fires where a viewer that waits for the list should look again. */
  readonly changed = new Signal();
  /** Fires where the list has grown. */
  readonly grown = new Signal();
  readonly #parts: ListGrowthParts;

  constructor(parts: ListGrowthParts) {
    this.#parts = parts;
  }

  /** Lists what has come since; one that `waits` is held back until it is known what it shows. */
  advance(
    nowMs: number,
    andGaps = false,
    waits = ({ ordinal }: Segment) => this.#parts.watch.signs.isDoubtful(ordinal),
  ): void {
    if (this.#parts.list.advance(nowMs, andGaps, waits)) this.#advanced(nowMs);
  }

  /** Lists all that is named, whether or not it has come. */
  showAll(nowMs: number): void {
    this.#parts.list.listAll(nowMs);
    this.#advanced(nowMs);
  }

  /** Nothing comes any more, that could take a doubt away either. */
  end(nowMs: number): void {
    const { list } = this.#parts;
    this.advance(nowMs, false, () => false);
    list.ended = true;
    list.version++;
    this.changed.fire();
  }

  #advanced(nowMs: number): void {
    const { list, timeline, watch, form } = this.#parts;
    watch.grew(nowMs);
    this.grown.fire();
    if (form.toMake !== undefined) this.changed.fire();
    const first = list.firstListed;
    if (first === undefined) return;
    timeline.listedTo(list.id, first.mediaSequence + list.listedCount - 1);
    if (!list.onDemand) timeline.listedFrom(list.id, first.mediaSequence);
  }
}
