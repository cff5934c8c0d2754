// This file makes the source that a loop follows, with all that is known of it already.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Outbound } from '../../net/outbound.ts';
import { createSource } from '../../source/create-source.ts';
import type { RenditionSource } from '../../source/source.ts';
import type { LoopSpec } from '../messages.ts';

export function createFollowedSource(
  { source, first, resume, before, segmentMaxBytes }: LoopSpec,
  outbound: Outbound,
  clock: Clock,
  random: Random,
): RenditionSource {
  return createSource(source, outbound, clock, {
    segmentMaxBytes,
    random,
    ...(first === undefined ? {} : { first }),
    named: {
      ...(resume === undefined ? {} : { justNow: resume.tracker.lastSequence }),
      ...(before === undefined ? {} : { longAgo: before.lastSequence }),
    },
  });
}
