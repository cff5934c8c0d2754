// This file makes the source that a specification describes.
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Outbound } from '../net/outbound.ts';
import { LoopSource } from './loop/loop-source.ts';
import { ComputedSource, type Named } from './pull/computed.ts';
import { HlsSource } from './pull/hls.ts';
import type { RenditionSource, RenditionSpec } from './source.ts';
import { createStreamSource } from './stream/create-stream-source.ts';
import { type FirstAnswer, isStream } from './stream/first-answer.ts';

/** What a source may need: an answer already at hand, what was named before, limits, chance. */
export type Known = {
  readonly first?: FirstAnswer;
  readonly named?: Named;
  readonly segmentMaxBytes: number;
  readonly random: Random;
};

export function createSource(
  spec: RenditionSpec,
  outbound: Outbound,
  clock: Clock,
  known: Known,
): RenditionSource {
  switch (spec.kind) {
    case 'hls':
      return new HlsSource(spec, outbound, clock, isStream(known.first) ? undefined : known.first);
    case 'computed':
      return new ComputedSource(spec, outbound, clock, known.named);
    case 'loop':
      return new LoopSource(spec, clock);
    case 'stream':
      return createStreamSource(spec, outbound, clock, known);
  }
}
