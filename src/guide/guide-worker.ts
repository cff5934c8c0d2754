// This file is the entry of the thread that imports guides and writes them for line-ups.
import { assert, assertNever } from '../base/assert.ts';
import { systemClock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
import { createOutbound } from '../net/outbound-client.ts';
import { GuideDesk } from './guide-desk.ts';
import type { FromGuides, GuideCall, GuideSettings, ToGuides } from './guide-messages.ts';

declare const self: Worker;

type World = { readonly outbound: AsyncDisposable; readonly desk: GuideDesk };

let world: World | undefined;

self.onmessage = ({ data }: MessageEvent<ToGuides>) => {
  switch (data.type) {
    case 'settings':
      world = createWorld(data.settings);
      break;
    case 'call':
      void answer(data.id, data.call);
      break;
    case 'end':
      void end();
      break;
    default:
      assertNever(data);
  }
};

function createWorld({ dataDir, allowPrivate, userAgent }: GuideSettings): World {
  const outbound = createOutbound({ clock: systemClock, allowPrivate, userAgent });
  return { outbound, desk: new GuideDesk({ dataDir, outbound, clock: systemClock }) };
}

function post(message: FromGuides): void {
  self.postMessage(message);
}

async function answer(id: number, call: GuideCall): Promise<void> {
  assert(world !== undefined, 'settings come before calls');
  try {
    post({ type: 'answer', id, value: await world.desk.call(call) });
  } catch (error) {
    post({ type: 'failure', id, error: errorRecord(error) });
  }
}

async function end(): Promise<void> {
  await world?.desk[Symbol.asyncDispose]();
  await world?.outbound[Symbol.asyncDispose]();
  post({ type: 'ended' });
}
