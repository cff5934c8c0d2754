// This file holds what a source names right now: the segments of one rendition, in order.
import type { DateRange } from '../media/m3u8/date-range.ts';
import type { ByteRange, Key, Start } from '../media/m3u8/playlist.ts';

/** Where the bytes of a segment, an init segment or a key are. Plain data: it crosses threads. */
export type BodyRef =
  | { readonly kind: 'http'; readonly url: string; readonly byteRange?: ByteRange }
  | { readonly kind: 'loop'; readonly sequence: number };

/** An init segment or a key that segments need beside their own bytes. */
export type Asset = { readonly name: string; readonly ref: BodyRef };

export type ListedSegment = {
  /** The source's own number. */
  readonly sequence: number;
  /** Names the content over reloads and token changes: last path component and byte range. */
  readonly identity: string;
  readonly ref: BodyRef;
  readonly durationS: number;
  readonly title: string;
  readonly discontinuity: boolean;
  readonly discontinuitySequence: number;
  /** Date and time of its beginning. */
  readonly programDateTimeMs?: number;
  /** Set where no tag of its own says so: it follows from one before it and rounded durations. */
  readonly isDateCarried?: true;
  readonly map?: ListedMap;
  /** Keys with our asset where we serve them (AES-128); as they are where we do not. */
  readonly keys: readonly ListedKey[];
  /** The source itself says that there is nothing to fetch. */
  readonly gap: boolean;
  readonly bitrate?: number;
  /** File name extension, without the dot. */
  readonly extension: string;
};

/** An init segment and the keys it is encrypted with, which need not be those of the segment. */
export type ListedMap = { readonly asset: Asset; readonly keys: readonly ListedKey[] };

export type ListedKey = { readonly key: Key; readonly asset?: Asset };

export type Listing = {
  /** Ascending and contiguous. */
  readonly segments: readonly ListedSegment[];
  readonly targetDurationS: number;
  readonly ended: boolean;
  readonly type?: 'EVENT' | 'VOD';
  readonly independentSegments: boolean;
  readonly iFramesOnly: boolean;
  readonly start?: Start;
  /** They hold by their dates, wherever in the list they stand; absent: there are none. */
  readonly dateRanges?: readonly DateRange[];
  /** Changes where the source knows by itself that it counts anew. */
  readonly generation?: number;
};

/** Date and time at which these segments begin, where one of them tells its own. */
export function beginMs(segments: Iterable<ListedSegment>): number | undefined {
  let beforeMs = 0;
  for (const { programDateTimeMs, durationS } of segments) {
    if (programDateTimeMs !== undefined) return programDateTimeMs - beforeMs;
    beforeMs += durationS * 1000;
  }
  return undefined;
}

/** The init segments and keys that a segment needs beside its own bytes. */
export function assetsOf(segment: ListedSegment): Asset[] {
  const keys = [...segment.keys, ...(segment.map?.keys ?? [])];
  const assets = keys.flatMap(({ asset }) => (asset === undefined ? [] : [asset]));
  return segment.map === undefined ? assets : [segment.map.asset, ...assets];
}

/** Is it encrypted as a whole, so that nothing of its container can be seen? */
export function isEncrypted(keys: readonly ListedKey[]): boolean {
  return keys.some(({ key }) => key.method === 'AES-128');
}
