// This file makes what a source names, for parts that are handed it.
import type { Key } from '../../src/media/m3u8/playlist.ts';
import type { ListedKey, ListedSegment, Listing } from '../../src/ring/listing.ts';

/** A segment of four seconds at `http://up.example/<sequence>.ts`. */
export function listedSegment(sequence: number, more: Partial<ListedSegment> = {}): ListedSegment {
  return {
    sequence,
    identity: `${sequence}.ts`,
    ref: { kind: 'http', url: `http://up.example/${sequence}.ts` },
    durationS: 4,
    title: '',
    discontinuity: false,
    discontinuitySequence: 0,
    keys: [],
    gap: false,
    extension: 'ts',
    ...more,
  };
}

/** The segments from `first` to `last` as a live list with a target duration of four seconds. */
export function listing(first: number, last: number, more: Partial<Listing> = {}): Listing {
  const segments: ListedSegment[] = [];
  for (let sequence = first; sequence <= last; sequence++) segments.push(listedSegment(sequence));
  return {
    segments,
    targetDurationS: 4,
    ended: false,
    independentSegments: false,
    iFramesOnly: false,
    ...more,
  };
}

/** An AES-128 key that is served under `name`. */
export function listedKey(name: string, more: Partial<Key> = {}): ListedKey {
  const key: Key = {
    method: 'AES-128',
    uri: `http://up.example/${name}`,
    attributes: new Map(),
    ...more,
  };
  return { key, asset: { name, ref: { kind: 'http', url: key.uri ?? '' } } };
}
