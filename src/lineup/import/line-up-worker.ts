// This file is the entry of the thread that reads line-ups.
import { answerCalls } from '../../base/answer-calls.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import {
  type OpenSharedStore,
  openSharedForCommand,
  openSharedForTrial,
  openSharedOffline,
  openSharedStore,
} from '../../channel/open-shared.ts';
import { createOutbound } from '../../net/outbound-client.ts';
import { LineUpDesk } from './line-up-desk.ts';
import type { LineUpCall, LineUpThreadSettings } from './line-up-messages.ts';
import { WaitingLineUps } from './waiting-line-ups.ts';

const OPEN = {
  server: openSharedStore,
  command: openSharedForCommand,
  trial: openSharedForTrial,
  offline: openSharedOffline,
} as const;

answerCalls<LineUpThreadSettings, LineUpCall>((settings) => {
  const { allowPrivate, userAgent, patternCells, use } = settings;
  const outbound = createOutbound({ clock: systemClock, allowPrivate, userAgent });
  const open = OPEN[use];
  let opened: Promise<OpenSharedStore> | undefined;
  const store = () => {
    // What is wrong with it was said by the serving thread, which opened it too
    opened ??= open(settings, { clock: systemClock, random: systemRandom, log: silentLog });
    return opened;
  };
  const waiting = async () => {
    // A command ends where it cannot keep what it read
    if (use === 'command' || use === 'trial') return undefined;
    const shared = await store();
    const copy = use === 'server' ? shared.copy : shared;
    return copy && new WaitingLineUps(copy, () => shared.stats().isUp);
  };
  const writer = crypto.randomUUID();
  const desk = new LineUpDesk({
    store,
    waiting,
    outbound,
    clock: systemClock,
    patternCells,
    writer,
    isTrial: use === 'trial' || use === 'offline',
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
