// This file is a prefetch worker that lives and dies as the loops opened on it say.

import type { FromWorker, ToWorker } from '../../src/prefetch/loop/thread-messages.ts';
import type { LoopSpec } from '../../src/prefetch/messages.ts';

declare const self: Worker;

let isMute = false;

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'settings':
      break;
    case 'ping':
      if (!isMute) post({ type: 'pong' });
      break;
    case 'end':
      if (!isMute) post({ type: 'ended' });
      break;
    case 'open':
      tell(data.loop, `open ${orderOf(data.spec)}${data.look ? ` over ${data.look}` : ''}`);
      obey(orderOf(data.spec));
      break;
    case 'close':
      if (!isMute) post({ type: 'closed', loop: data.loop });
      break;
    case 'look':
      look(data.look, data.request.url);
      break;
    case 'leave':
      if (!isMute) post({ type: 'left', look: data.look });
      break;
    default:
      tell(data.loop, data.type);
  }
};

/** What is found is the last part of the address; `nothing` is never answered. */
function look(id: number, url: string): void {
  const what = url.split('/').at(-1);
  if (what === 'stream') post({ type: 'looked', look: id, found: 'stream' });
  else if (what === 'playlist') post({ type: 'looked', look: id, found: { text: '#EXTM3U', url } });
  else if (what !== 'nothing') obey(what ?? '');
}

/** The order is where a loop has its files. */
function orderOf(spec: LoopSpec): string {
  return spec.source.kind === 'loop' ? (spec.source.files[0] ?? '') : '';
}

function obey(order: string): void {
  if (order === 'throw') throw new Error('as it was told');
  if (order === 'exit') process.exit(3);
  if (order === 'fall silent') isMute = true;
}

function tell(loop: number, what: string): void {
  post({ type: 'event', loop, event: { type: 'fetched', what: 'playlist', outcome: what } });
}

function post(message: FromWorker): void {
  self.postMessage(message);
}
