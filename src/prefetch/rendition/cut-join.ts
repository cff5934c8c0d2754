// This file says what a source that takes over in mid-play has to go on from.
import type { Segment } from '../../ring/rendition-ring.ts';
import { placeOf } from '../loop/join.ts';
import type { Join } from '../messages.ts';

/** Of what is listed; `missingMs`: for so long nothing has come. */
export function cutJoin(listed: readonly Segment[], missingMs: number): Join {
  const endMs = endDateTimeMs(listed);
  const seen = listed.flatMap((segment) => {
    const place = segment.state === 'gap' ? undefined : placeOf(segment.listed);
    return place === undefined ? [] : [place];
  });
  return { missingMs, seen, ...(endMs === undefined ? {} : { endMs }) };
}

/** Program date and time at the end of the last segment, where one of them tells it. */
function endDateTimeMs(segments: readonly Segment[]): number | undefined {
  let endMs: number | undefined;
  for (const { listed, discontinuity } of segments) {
    const { programDateTimeMs, durationS } = listed;
    if (discontinuity) endMs = undefined;
    // A date that stands still, or goes back, is no date: the lengths of the segments tell more
    const leastMs = (endMs ?? Number.NEGATIVE_INFINITY) - durationS * 500;
    if (programDateTimeMs !== undefined && programDateTimeMs >= leastMs) endMs = programDateTimeMs;
    if (endMs !== undefined) endMs += durationS * 1000;
  }
  return endMs;
}
