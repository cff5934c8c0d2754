// This file tests what is told as JSON of all channels: what is on, and what feeds them.
import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { GuideCall } from '../../src/guide/guide-messages.ts';
import type { Guides } from '../../src/guide/guides.ts';
import { saveChoices } from '../../src/guide/match/guide-choices.ts';
import { guideChannelsOf, matchWantedOf } from '../../src/lineup/guide-channels.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { GUIDE_PLACE, GuideWorld, xmltvTime } from '../support/guide-world.ts';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';
import { MemorySharedStore } from '../support/memory-shared-store.ts';

/** More than are asked for at once. */
const COUNT = 450;
const CHANNELS = Array.from({ length: COUNT }, (_, at) => ({
  ...loopChannel(`c${at}`),
  ...(at === 3 ? { guideShiftMs: -3_600_000 } : {}),
}));

let world: GuideWorld;
let guides: Guides;
let calls: GuideCall[];
let app: ReturnType<typeof createInProcessApp>;

beforeEach(async () => {
  world = await GuideWorld.create();
  calls = [];
  const shared = new MemorySharedStore();
  await saveChoices(shared, new Map([['c2', { guideId: null }]]));
  const create = (clock: FakeClock): Guides => {
    const start = xmltvTime(clock.nowMs());
    const showing = (channel: string) =>
      `<programme start="${start}" channel="${channel}"><title>On ${channel}</title></programme>`;
    const body = `<tv>${CHANNELS.filter(({ id }) => id !== 'c1').map(({ id }) => showing(id))}</tv>`;
    guides = world.open(clock, { [GUIDE_PLACE]: { body } }, (desk) => ({
      thread: {
        call: (call) => {
          calls.push(call);
          return desk.call(call);
        },
      },
      lineUp: {
        shared,
        wanted: () => matchWantedOf(CHANNELS, []),
        document: (feeds) => guideChannelsOf(CHANNELS, feeds),
      },
    }));
    return guides;
  };
  app = createInProcessApp(CHANNELS, {}, { createGuides: create });
  await guides.refresh();
  calls = [];
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

async function ask(path: string) {
  const response = await app.fetch(new Request(`http://weir.local${path}`));
  return await response.json();
}

test('what is on is asked for some channels at a time, and once for all who ask', async () => {
  const [one, other] = await Promise.all([ask('/api/guide/now'), ask('/api/guide/now')]);
  expect(other).toEqual(one);
  expect(one).toHaveLength(COUNT);
  expect(one.at(-1)).toMatchObject({
    channel: `c${COUNT - 1}`,
    now: { title: `On c${COUNT - 1}` },
  });
  const sizes = calls.map((call) => (call.what === 'on-air' ? call.feeds.length : call.what));
  expect(sizes).toEqual([200, 200, 50]);
});

test('what feeds the channels, and what was to', async () => {
  const { matched, unmatched, channels } = await ask('/api/guide/match');
  expect([matched, unmatched, channels.length]).toEqual([COUNT - 2, 2, COUNT]);
  expect(channels[0]).toEqual({
    ...{ channel: 'c0', name: 'Channel c0', guide: 'c0', proposals: [] },
    found: { id: 'c0', name: 'c0', score: 1, why: 'the same id', by: 'id' },
  });
  expect(channels[1]).toMatchObject({ channel: 'c1', found: null });
  expect(channels[2]).toMatchObject({ channel: 'c2', found: null, said: null });
  expect(channels[3]).toMatchObject({ channel: 'c3', found: { id: 'c3' }, shift_seconds: -3600 });
});
