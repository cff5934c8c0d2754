// This file is the entry of the thread that imports guides and writes them for line-ups.
import { answerCalls } from '../base/answer-calls.ts';
import { systemClock } from '../base/clock.ts';
import { createOutbound } from '../net/outbound-client.ts';
import { GuideDesk } from './guide-desk.ts';
import type { GuideCall, GuideSettings } from './guide-messages.ts';

answerCalls<GuideSettings, GuideCall>(({ dataDir, allowPrivate, userAgent, second }) => {
  const outbound = createOutbound({ clock: systemClock, allowPrivate, userAgent });
  const deps = { dataDir, outbound, clock: systemClock };
  const desk = new GuideDesk(second === undefined ? deps : { ...deps, second: new URL(second) });
  return {
    call: (call) => desk.call(call),
    async [Symbol.asyncDispose]() {
      await desk[Symbol.asyncDispose]();
      await outbound[Symbol.asyncDispose]();
    },
  };
});
