// This file makes the source of an endless stream, whatever carries it.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { openDatagrams } from '../../net/datagrams.ts';
import type { Outbound } from '../../net/outbound.ts';
import type { Named } from '../pull/computed.ts';
import type { StreamSpec } from '../source.ts';
import { DatagramInput } from './datagram-input.ts';
import type { FirstAnswer } from './first-answer.ts';
import { HttpInput } from './http-input.ts';
import type { StreamInput } from './input.ts';
import { OpenStream } from './open-stream.ts';
import { SameKindInput } from './same-kind-input.ts';
import { StreamSource } from './stream-source.ts';

export type StreamKnown = {
  /** Over which it showed what it is; it is read on where that is still open. */
  readonly first?: FirstAnswer;
  readonly named?: Named;
  readonly segmentMaxBytes: number;
  readonly random: Random;
};

export function createStreamSource(
  { input, segmentMs, timeouts }: StreamSpec,
  outbound: Outbound,
  clock: Clock,
  known: StreamKnown,
): StreamSource {
  const { first, named, segmentMaxBytes, random } = known;
  // What is on trial has to show that it goes on by itself
  const cutsSilence = named !== undefined;
  const options = { segmentMs, segmentMaxBytes, cutsSilence, ...named };
  return new StreamSource(createInput(), options, clock, random);

  function createInput(): StreamInput {
    if (input.kind === 'http') {
      const open = first instanceof OpenStream ? first : undefined;
      return new SameKindInput(new HttpInput(input, timeouts, outbound, clock, open));
    }
    const { firstByteMs, betweenBytesMs } = timeouts;
    const silence = {
      ...(firstByteMs === undefined ? {} : { firstByteMs }),
      ...(betweenBytesMs === undefined ? {} : { betweenBytesMs }),
    };
    return new DatagramInput({ target: input.target, ...silence }, openDatagrams, clock);
  }
}
