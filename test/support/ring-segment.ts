// This file makes segments as the ring holds them.
import type { ListedSegment } from '../../src/ring/listing.ts';
import type { Segment } from '../../src/ring/rendition-ring.ts';
import { listedSegment } from './listed.ts';

/** One that was placed and is awaited. */
export function ringSegment(mediaSequence: number, listed: Partial<ListedSegment> = {}): Segment {
  return {
    mediaSequence,
    discontinuitySequence: 0,
    discontinuity: false,
    name: `${mediaSequence}-x.ts`,
    listed: listedSegment(mediaSequence, listed),
    ordinal: mediaSequence,
    state: 'awaited',
    body: undefined,
    contentType: 'video/mp2t',
    inFlight: undefined,
    servedForS: 0,
    promisedUntilMs: 0,
  };
}

export function blobOf(sizeBytes: number): Blob {
  return new Blob([new Uint8Array(sizeBytes)]);
}
