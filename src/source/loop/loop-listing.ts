// This file makes the listing of a loop as it is at a given time.
import { TICKS_PER_SECOND } from '../../media/mpegts/timestamp.ts';
import type { ListedSegment, Listing } from '../../ring/listing.ts';
import { type Loop, type LoopPlace, placesBefore, startMsOf } from './loop.ts';

/** As many as encoders keep in a live playlist: a player may start three from the end. */
const LISTED = 6;

/** `fingerprint` tells this loop's content from any other's. */
export function loopListing(loop: Loop, fingerprint: number, nowMs: number): Listing {
  return {
    segments: placesBefore(loop, nowMs, LISTED).map((place) => listedSegment(place, fingerprint)),
    targetDurationS: targetDurationS(loop),
    ended: false,
    independentSegments: loop.entries.every(({ index }) => index.isIndependent),
    iFramesOnly: false,
    generation: fingerprint,
  };
}

// RFC 8216 §4.3.3.1: of all segments, so that it never changes
function targetDurationS(loop: Loop): number {
  let longestTicks = 0;
  for (const { index } of loop.entries) {
    for (const { durationTicks } of index.segments) {
      longestTicks = Math.max(longestTicks, durationTicks);
    }
  }
  return Math.max(1, Math.round(longestTicks / TICKS_PER_SECOND));
}

function listedSegment(place: LoopPlace, fingerprint: number): ListedSegment {
  const { sequence, discontinuity, discontinuitySequence } = place;
  return {
    sequence,
    identity: `${fingerprint.toString(36)}-${sequence}`,
    ref: { kind: 'loop', sequence },
    durationS: place.segment.durationTicks / TICKS_PER_SECOND,
    title: '',
    discontinuity,
    discontinuitySequence,
    programDateTimeMs: startMsOf(place),
    keys: [],
    gap: false,
    extension: 'ts',
  };
}
