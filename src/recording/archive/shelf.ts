// This file is what every place for the bodies of an archive can do.
import type { MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import type { BodyForm, Stored } from '../../ring/tiers/tier.ts';
import type { ArchivedSegment } from './archived.ts';

export type ShelfPlace = { readonly channel: string; readonly rendition: string };

/** A segment on its way into the archive. */
export type Shelved = {
  readonly segment: ArchivedSegment;
  /** Undefined of a gap. */
  readonly stored: Stored | undefined;
  /** Bytes of the init segments and keys that the segment names, by name. */
  readonly assets: ReadonlyMap<string, Blob>;
  /** Of its rendition, whole seconds; not shorter than the segment. */
  readonly targetDurationS: number;
  readonly independentSegments: boolean;
  /** Unix time from which on nobody wants it, also where nobody says so: then it may go. */
  readonly untilMs: number;
};

/** How often a shelf may have lost, of its own accord, what it holds; both only ever grow. */
export type Losses = {
  /** What it has held longest: a place that is full makes room so. */
  readonly oldest: number;
  /** Anything: it was away, or was emptied. */
  readonly any: number;
};

/** Nothing here throws or rejects, whatever the place does. */
export interface Shelf extends AsyncDisposable {
  readonly kind: 'tiers' | 'hls';
  /**
   * In the order of their numbers, one after the other of a rendition. Whether it is held for good:
   * only then it may be promised. A gap always is. What is held already is not written twice.
   */
  put(place: ShelfPlace, shelved: Shelved): Promise<boolean>;
  /** Undefined where it is not held, or does not come within `budgetMs`. */
  get(
    place: ShelfPlace,
    segment: ArchivedSegment,
    budgetMs: number,
    form?: BodyForm,
  ): Promise<Stored | undefined>;
  /** Those of them that are not held any more; undefined where that cannot be said now. */
  lost(
    place: ShelfPlace,
    segments: readonly ArchivedSegment[],
  ): Promise<readonly ArchivedSegment[] | undefined>;
  /**
   * `dropped` go, which nothing promises any more; `oldest` is what is left then, undefined for
   * nothing at all. Many at a time: a call may cost a file of some megabytes. Whether they are gone.
   */
  drop(
    place: ShelfPlace,
    dropped: readonly ArchivedSegment[],
    oldest: ArchivedSegment | undefined,
  ): Promise<boolean>;
  /** Which renditions of a channel belong together, whenever that is known or has changed. */
  describe(channel: string, multivariant: MultivariantPlaylist | undefined): void;
  losses(): Losses;
}
