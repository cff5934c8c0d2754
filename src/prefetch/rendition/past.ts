// This file tells whoever keeps a rendition's past what it has listed, each segment once it is settled.
import type { MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import { assetsOf, type ListedSegment } from '../../ring/listing.ts';
import type { RenditionRing, Segment } from '../../ring/rendition-ring.ts';

export type PastAsset = { readonly body: Blob; readonly contentType: string };

/** What a list has named, and what came of it. */
export type PastSegment = {
  /** As the playlist has it. */
  readonly name: string;
  readonly listed: ListedSegment;
  readonly discontinuity: boolean;
  /** It comes right after the one that was told before. */
  readonly follows: boolean;
  /** Undefined where it never came. */
  readonly body: Blob | undefined;
  readonly contentType: string;
  /** What has come of the init segments and keys that it names, by name. */
  readonly assets: ReadonlyMap<string, PastAsset>;
  /** Media in the list from its beginning on, which lies so far back. */
  readonly behindMs: number;
  /** Of its rendition. */
  readonly targetDurationS: number;
  readonly independentSegments: boolean;
};

export type PastPlace = {
  readonly channel: string;
  readonly rendition: string;
  readonly kind: 'video' | 'audio';
};

/** Nothing here throws or waits. */
export type PastKeeper = {
  /** Is the past of the channel to be kept now? Then it runs without viewers too. */
  keeps(channel: string): boolean;
  /** Of a channel that is kept: its first rendition, and what belongs together, before any segment. */
  offers(channel: string, main: string, multivariant: MultivariantPlaylist | undefined): void;
  take(place: PastPlace, segment: PastSegment): void;
};

export type PastTapDeps = {
  readonly isKept: () => boolean;
  readonly take: (segment: PastSegment) => void;
};

/** What it is shown of what the intake knows. */
export type PastSight = {
  readonly asset: (name: string) => { body: Blob | undefined; contentType: string } | undefined;
  readonly independentSegments: boolean;
};

/** Invariant: each segment is told once, in order, and none before those listed before it. */
export class PastTap {
  readonly #deps: PastTapDeps;
  /** The media sequence number told last. */
  #toldTo: number | undefined;

  constructor(deps: PastTapDeps) {
    this.#deps = deps;
  }

  look(list: RenditionRing, sight: PastSight): void {
    // What is finished can be fetched again at any time
    if (list.onDemand) return;
    if (!this.#deps.isKept()) {
      this.#toldTo = undefined;
      return;
    }
    for (;;) {
      const segment = this.#next(list);
      if (segment === undefined) return;
      const follows = this.#toldTo !== undefined && segment.mediaSequence === this.#toldTo + 1;
      this.#toldTo = segment.mediaSequence;
      this.#deps.take(told(segment, follows, list, sight));
    }
  }

  #next(list: RenditionRing): Segment | undefined {
    const { first } = list;
    if (first === undefined) return undefined;
    let number = first.mediaSequence;
    if (this.#toldTo === undefined) while (list.find(number)?.state === 'dropped') number++;
    else number = Math.max(number, this.#toldTo + 1);
    const segment = list.find(number);
    const isSettled = segment !== undefined && segment.state !== 'awaited';
    return isSettled && list.isListed(segment) ? segment : undefined;
  }
}

function told(
  segment: Segment,
  follows: boolean,
  list: RenditionRing,
  { asset, independentSegments }: PastSight,
): PastSegment {
  const { name, listed, discontinuity, body, contentType } = segment;
  const assets = new Map<string, PastAsset>();
  for (const needed of assetsOf(listed)) {
    const known = asset(needed.name);
    if (known?.body !== undefined) {
      assets.set(needed.name, { body: known.body, contentType: known.contentType });
    }
  }
  return {
    name,
    listed,
    discontinuity,
    follows,
    body,
    contentType,
    assets,
    behindMs: behindMs(segment, list),
    targetDurationS: list.targetDurationS,
    independentSegments,
  };
}

function behindMs({ mediaSequence }: Segment, list: RenditionRing): number {
  let behindS = 0;
  for (let number = mediaSequence; ; number++) {
    const next = list.find(number);
    if (next === undefined || !list.isListed(next)) return behindS * 1000;
    behindS += next.listed.durationS;
  }
}
