// This file makes the source of an endless stream, whatever carries it.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Outbound } from '../../net/outbound.ts';
import type { Named } from '../pull/computed.ts';
import type { StreamSpec } from '../source.ts';
import { HttpInput } from './http-input.ts';
import { StreamSource } from './stream-source.ts';

export function createStreamSource(
  { input, segmentMs, timeouts }: StreamSpec,
  outbound: Outbound,
  clock: Clock,
  known: { readonly named?: Named; readonly segmentMaxBytes: number; readonly random: Random },
): StreamSource {
  const { named, segmentMaxBytes, random } = known;
  const options = { segmentMs, segmentMaxBytes, ...named };
  return new StreamSource(new HttpInput(input, timeouts, outbound, clock), options, clock, random);
}
