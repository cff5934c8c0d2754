// This file makes the source of an endless stream, whatever carries it.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { openDatagrams } from '../../net/datagrams.ts';
import type { Outbound } from '../../net/outbound.ts';
import type { Named } from '../pull/computed.ts';
import type { StreamSpec } from '../source.ts';
import { DatagramInput } from './datagram-input.ts';
import { HttpInput } from './http-input.ts';
import type { StreamInput } from './input.ts';
import { StreamSource } from './stream-source.ts';

export function createStreamSource(
  { input, segmentMs, timeouts }: StreamSpec,
  outbound: Outbound,
  clock: Clock,
  known: { readonly named?: Named; readonly segmentMaxBytes: number; readonly random: Random },
): StreamSource {
  const { named, segmentMaxBytes, random } = known;
  const options = { segmentMs, segmentMaxBytes, ...named };
  return new StreamSource(createInput(), options, clock, random);

  function createInput(): StreamInput {
    if (input.kind === 'http') return new HttpInput(input, timeouts, outbound, clock);
    const { firstByteMs, betweenBytesMs } = timeouts;
    const silence = {
      ...(firstByteMs === undefined ? {} : { firstByteMs }),
      ...(betweenBytesMs === undefined ? {} : { betweenBytesMs }),
    };
    return new DatagramInput({ target: input.target, ...silence }, openDatagrams, clock);
  }
}
