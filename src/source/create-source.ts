// This file makes the source that a specification describes.
import type { Clock } from '../base/clock.ts';
import type { Outbound } from '../net/outbound.ts';
import { LoopSource } from './loop/loop-source.ts';
import { ComputedSource, type Named } from './pull/computed.ts';
import { HlsSource, type PlaylistText } from './pull/hls.ts';
import type { RenditionSource, RenditionSpec } from './source.ts';

/** `known`: an answer already at hand, and what was named before. */
export function createSource(
  spec: RenditionSpec,
  outbound: Outbound,
  clock: Clock,
  known: { readonly first?: PlaylistText; readonly named?: Named } = {},
): RenditionSource {
  switch (spec.kind) {
    case 'hls':
      return new HlsSource(spec, outbound, clock, known.first);
    case 'computed':
      return new ComputedSource(spec, outbound, clock, known.named);
    case 'loop':
      return new LoopSource(spec, clock);
  }
}
