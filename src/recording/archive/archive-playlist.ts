// This file writes archived segments as the segments of a media playlist.

import type { MediaPlaylistFrame } from '../../media/m3u8/format-media.ts';
import type { Key, MediaMap, MediaSegment } from '../../media/m3u8/playlist.ts';
import type { ArchivedKey, ArchivedRendition, ArchivedSegment } from './archived.ts';
import { endMs } from './segment-pages.ts';

/** By more than this a date could not be worked out from the one before it. */
const DATE_TOLERANCE_MS = 100;

/** Writes them in order; remembers what stands before, so that it can go on another time. */
export class ArchivedSegmentWriter {
  readonly #prefix: string;
  /** One object per init segment: the writer of the text tells a change of map by it. */
  #map: { readonly asset: string; readonly written: MediaMap } | undefined;
  /** Where the next one would begin if nothing lay between. */
  #nextMs: number | undefined;

  /** `prefix` stands before every name. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  write(segment: ArchivedSegment): MediaSegment {
    const { startMs, discontinuity } = segment;
    const awayMs = Math.abs(startMs - (this.#nextMs ?? Number.NEGATIVE_INFINITY));
    const isDated = discontinuity || awayMs > DATE_TOLERANCE_MS;
    this.#nextMs = endMs(segment);
    return {
      uri: this.#prefix + segment.name,
      sequence: segment.number,
      duration: segment.durationS,
      title: '',
      discontinuity,
      keys: segment.keys.map((key) => this.#key(key)),
      dateRanges: [],
      gap: segment.gap,
      ...(segment.map === undefined ? {} : { map: this.#mapOf(segment.map) }),
      ...(isDated ? { programDateTimeMs: Math.round(startMs) } : {}),
    };
  }

  #mapOf(map: NonNullable<ArchivedSegment['map']>): MediaMap {
    const known = this.#map;
    if (known?.asset === map.asset) return known.written;
    const written = {
      uri: this.#prefix + map.asset,
      keys: map.keys.map((key) => this.#key(key)),
    };
    this.#map = { asset: map.asset, written };
    return written;
  }

  #key({ key, asset }: ArchivedKey): Key {
    return asset === undefined ? key : { ...key, uri: this.#prefix + asset };
  }
}

/** What stands around segments of which `first` is the first. */
export function frameOf(
  rendition: ArchivedRendition,
  first: ArchivedSegment,
  more: Pick<MediaPlaylistFrame, 'endList' | 'type' | 'start'>,
): MediaPlaylistFrame {
  return {
    targetDuration: rendition.targetDurationS,
    mediaSequence: first.number,
    // RFC 8216 §4.3.3.3: that of the first segment, without its own tag
    discontinuitySequence: first.discontinuitySequence - (first.discontinuity ? 1 : 0),
    // A finished list is never slid along: RFC 8216 §4.3.3.3 needs none there
    hasDiscontinuitySequence: more.type !== 'VOD',
    iFramesOnly: false,
    independentSegments: rendition.independentSegments,
    ...more,
  };
}
