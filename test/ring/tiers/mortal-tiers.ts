// This file is a thread of tiers that lives and dies as the names it is asked for say.
import type { FromAsked, ToAsked } from '../../../src/base/asked-thread.ts';
import type { TierCall } from '../../../src/ring/tiers/tier-messages.ts';

declare const self: Worker;

let isMute = false;

self.onmessage = ({ data }: MessageEvent<ToAsked<undefined, TierCall>>) => {
  if (isMute) return;
  if (data.type === 'ping') post({ type: 'pong' });
  else if (data.type === 'end') post({ type: 'ended' });
  else if (data.type === 'call') obey(data);
};

function obey({ id, call }: Extract<ToAsked<undefined, TierCall>, { type: 'call' }>): void {
  const name = call.what === 'get' ? call.key.name : '';
  if (name === 'throw.ts') throw new Error('as it was told');
  if (name === 'exit.ts') process.exit(3);
  if (name === 'fall silent.ts') isMute = true;
  if (name === 'hang.ts' || isMute) return;
  post({ type: 'answer', id, value: { body: new Blob([name]), contentType: `${call.tier}` } });
}

function post(message: FromAsked): void {
  self.postMessage(message);
}
