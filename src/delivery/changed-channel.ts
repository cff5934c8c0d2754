// This file answers who asked a channel that was changed while he waited: as it is now.
import type { ChannelRelay } from '../prefetch/channel/channel-relay.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { isUnavailable } from './error-response.ts';

type Answer = Response | Promise<Response>;

/** `ask` asks again; what was answered at once cannot have been overtaken. */
export function unlessChanged(
  relays: Relays,
  relay: ChannelRelay,
  answer: Answer,
  ask: () => Answer,
): Answer {
  if (!(answer instanceof Promise)) return answer;
  return answer.then((response) =>
    isUnavailable(response) && isReplaced(relays, relay) ? ask() : response,
  );
}

/** What it feeds is over, and another feeds the channel; or there is no such channel any more. */
export function isReplaced(relays: Relays, relay: ChannelRelay): boolean {
  return relay.closed.aborted && relays.peek(relay.config.id) !== relay;
}
