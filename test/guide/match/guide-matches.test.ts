// This file tests that channels are fed by what is found or chosen, and that nobody waits for it.
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ChannelConfig } from '../../../src/config/config.ts';
import type { GuideCall } from '../../../src/guide/guide-messages.ts';
import type { Guides } from '../../../src/guide/guides.ts';
import { saveChoices } from '../../../src/guide/match/guide-choices.ts';
import { keptMatches } from '../../../src/guide/match/kept-matches.ts';
import { feedOf, guideChannelsOf, matchWantedOf } from '../../../src/lineup/guide-channels.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { GuideWorld, xmltvTime } from '../../support/guide-world.ts';
import { loopChannel } from '../../support/in-process-app.ts';
import { MemorySharedStore } from '../../support/memory-shared-store.ts';
import type { Script } from '../../support/outbound-script.ts';
import { until } from '../../support/until.ts';

const FIRST = 'http://guide.example/first.xml';
const SECOND = 'http://guide.example/second.xml';
const HOUR = 3600_000;

let world: GuideWorld;
let guides: Guides;
let clock: FakeClock;
let shared: MemorySharedStore;
let channels: readonly ChannelConfig[];
let calls: GuideCall['what'][];

function guideOf(...names: readonly (readonly [id: string, name: string])[]): string {
  const now = clock.nowMs();
  return `<tv>${names
    .map(
      ([id, name]) =>
        `<channel id="${id}"><display-name>${name}</display-name></channel><programme start="${xmltvTime(now - HOUR / 2)}" stop="${xmltvTime(now + HOUR / 2)}" channel="${id}"><title>${name} now</title><desc>D</desc></programme>`,
    )
    .join('')}</tv>`;
}

beforeEach(async () => {
  world = await GuideWorld.create();
  clock = new FakeClock();
  shared = new MemorySharedStore();
  calls = [];
  const script: Script = {
    [FIRST]: () => ({ body: guideOf(['BBC1.uk', 'BBC One'], ['film', 'Film Four']) }),
    [SECOND]: () => ({ body: guideOf(['b1', 'BBC 1 HD'], ['news', 'BBC News'], ['d1', 'Dave']) }),
  };
  channels = [
    { ...loopChannel('bbc1'), name: 'UK: BBC One FHD', guide: 'none.uk' },
    { ...loopChannel('bbc1-later'), name: 'BBC One +1' },
    { ...loopChannel('film'), name: 'Whatever' },
    { ...loopChannel('other'), name: 'Other' },
  ];
  guides = world.open(clock, script, (desk) => ({
    thread: {
      call: (call) => {
        calls.push(call.what);
        return desk.call(call);
      },
    },
    lineUp: {
      shared,
      wanted: () => matchWantedOf(channels, []),
      document: (feeds) => guideChannelsOf(channels, feeds),
    },
  }));
  await guides.refresh();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

async function nowOn(): Promise<Record<string, string | undefined>> {
  const feeds = channels.map((channel) => feedOf(channel, guides));
  const airings = await guides.onAir(feeds, clock.nowMs());
  return Object.fromEntries(airings.map(({ channel, now }) => [channel, now?.title]));
}

test('channels are fed by id and name, of each guide by its own', async () => {
  expect(guides.matches().map(({ found }) => found?.by)).toEqual(['name', 'name', 'id', undefined]);
  const from = guides.matches().map((match) => Object.values(match.from));
  expect(from).toEqual([['BBC1.uk', 'b1'], ['BBC1.uk', 'b1'], ['film'], []]);
  expect(await nowOn()).toEqual({
    'none.uk': 'BBC One now',
    // An hour later it has not begun
    'bbc1-later': undefined,
    film: 'Film Four now',
    other: undefined,
  });
});

test('the document of all is there before anybody asks, in the names of the line-up', async () => {
  expect(calls.filter((what) => what === 'document').length).toBeGreaterThan(0);
  calls.length = 0;
  const { path } = await guides.document(guideChannelsOf(channels, guides), 7);
  expect(calls).toEqual([]);
  const text = gunzipSync(await Bun.file(path).bytes()).toString();
  expect(text).toContain('<channel id="none.uk"><display-name>UK: BBC One FHD</display-name>');
  expect(text).toMatch(/channel="none.uk"[^>]*><title>BBC One now/);
  expect(text).toMatch(/channel="bbc1-later"[^>]*><title>BBC One now/);
});

test('and again at midnight', async () => {
  calls.length = 0;
  await clock.advance(24 * HOUR);
  expect(await until(() => calls.includes('document'), 10_000)).toBe(true);
});

test('what an operator chooses elsewhere is taken up, and taken back', async () => {
  const elsewhere = shared.beside();
  await saveChoices(
    elsewhere,
    new Map([
      ['other', { guideId: 'NEWS' }],
      ['film', { guideId: null }],
    ]),
  );
  expect(await until(() => guides.matches()[3]?.found?.by === 'choice', 10_000)).toBe(true);
  expect(await nowOn()).toMatchObject({ other: 'BBC News now', film: undefined });
  expect(guides.matches()[2]).toMatchObject({ said: null });
  await saveChoices(
    elsewhere,
    new Map([
      ['other', undefined],
      ['film', undefined],
    ]),
  );
  expect(await until(() => guides.matches()[3]?.found === undefined, 10_000)).toBe(true);
  expect(await nowOn()).toMatchObject({ other: undefined, film: 'Film Four now' });
});

test('channels that come later are matched, too', async () => {
  channels = [...channels, { ...loopChannel('dave'), name: 'DAVE HD' }];
  await guides.lineUpChanged();
  expect(await nowOn()).toMatchObject({ dave: 'Dave now' });
});

test('what was to feed a channel, and is nowhere, is told', async () => {
  const other = { ...loopChannel('other'), guide: 'tpyo.uk' };
  channels = [other, { ...loopChannel('odd'), guide: 'gone.uk' }];
  const matches = await keptMatches(
    world.folder.path,
    [FIRST, SECOND],
    matchWantedOf(channels, [other]).map((each) => ({ ...each, choice: { guideId: 'chosen.uk' } })),
  );
  expect(matches.map(({ said }) => said)).toEqual(['tpyo.uk', 'chosen.uk']);
});

test('who only looks finds the same in what is kept', async () => {
  const wanted = matchWantedOf(channels, []);
  expect(await keptMatches(world.folder.path, [FIRST, SECOND], wanted)).toEqual(guides.matches());
  expect(await keptMatches(world.folder.path, ['http://other'], wanted)).toEqual([]);
  expect(await keptMatches(join(world.folder.path, 'none'), [FIRST], wanted)).toEqual([]);
});
