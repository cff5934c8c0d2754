// This file is the entry of the thread that reads line-ups.
import { answerCalls } from '../base/answer-calls.ts';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import {
  openSharedForCommand,
  openSharedForTrial,
  openSharedStore,
} from '../channel/open-shared.ts';
import type { SharedStore } from '../channel/shared-store.ts';
import { createOutbound } from '../net/outbound-client.ts';
import { LineUpDesk } from './line-up-desk.ts';
import type { LineUpCall, LineUpThreadSettings } from './line-up-messages.ts';

const OPEN = {
  server: openSharedStore,
  command: openSharedForCommand,
  trial: openSharedForTrial,
} as const;

answerCalls<LineUpThreadSettings, LineUpCall>((settings) => {
  const { allowPrivate, userAgent, patternCells, use } = settings;
  const outbound = createOutbound({ clock: systemClock, allowPrivate, userAgent });
  const open = OPEN[use];
  let opened: Promise<SharedStore> | undefined;
  const store = () => {
    // What is wrong with it was said by the serving thread, which opened it too
    opened ??= open(settings, { clock: systemClock, random: systemRandom, log: silentLog });
    return opened;
  };
  const writer = crypto.randomUUID();
  const desk = new LineUpDesk({
    store,
    outbound,
    clock: systemClock,
    patternCells,
    writer,
    isTrial: use === 'trial',
  });
  return {
    call: (call) => desk.call(call),
    async [Symbol.asyncDispose]() {
      await desk[Symbol.asyncDispose]();
      await outbound[Symbol.asyncDispose]();
      await (await opened)?.[Symbol.asyncDispose]();
    },
  };
});
