// This file tests that a channel is fed by what a guide calls otherwise, and later or earlier than it says.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { WantedChannel } from '../../src/guide/document.ts';
import type { GuideFeed } from '../../src/guide/feed.ts';
import { GuideDesk } from '../../src/guide/guide-desk.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { scriptedOutbound } from '../support/outbound-script.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';

const PLACE = 'http://guide.example/all.xml';
const HOUR = 3600_000;
const DAY = Math.floor(Date.UTC(2026, 10, 21) / 86_400_000);
const GUIDE = `<tv><channel id="One.uk"><display-name>One</display-name><display-name>101</display-name><icon src="http://h/one.png"/></channel>
<programme start="20261121220000 +0000" stop="20261121233000 +0000" channel="One.uk"><title lang="en">Film &amp; more</title><desc>A &lt;programme start="20261121220000 +0000"
in two lines</desc><new/></programme>
<programme start="20261121233000 +0000" stop="20261122010000 +0000" channel="One.uk" catchup-id="7"><title>News</title></programme></tv>`;

let folder: TempFolder;
let desk: GuideDesk;
let guide = GUIDE;

beforeEach(async () => {
  guide = GUIDE;
  folder = await createTempFolder();
  const outbound = scriptedOutbound({ [PLACE]: () => ({ body: guide }) });
  desk = new GuideDesk({ dataDir: folder.path, outbound, clock: new FakeClock() });
  await read();
});
afterEach(async () => {
  await desk[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const POLICY = { headers: {}, verifyTls: true, allowDowngrade: false };
const read = (id = 'g') =>
  desk.call({ what: 'import', spec: { id, place: PLACE, policy: POLICY } });

async function document(channel: WantedChannel, fromDay = DAY, toDay = DAY + 1) {
  const spec = { key: 'k', guides: ['g', 'h'], channels: [channel], fromDay, toDay };
  const out = await desk.call({ what: 'document', spec, folder: join(folder.path, 'guide') });
  const text = gunzipSync(await Bun.file(out.path).bytes()).toString();
  expect(text.length).toBe(out.textBytes);
  return text;
}

const starts = (text: string) => [...text.matchAll(/<programme (start="\d+)/g)].map(([, at]) => at);

describe('A channel that a guide calls otherwise', () => {
  const fed: WantedChannel = { id: 'a&b', name: 'Own', source: 'One.uk' };

  test('has its programmes and picture under the id and name of the line-up', async () => {
    const text = await document(fed);
    const picture = '<icon src="http://h/one.png"/>';
    expect(text).toContain(
      `<channel id="a&amp;b"><display-name>Own</display-name>${picture}</channel>`,
    );
    expect(await document({ ...fed, logo: 'http://h/own.png' })).toContain(
      '<icon src="http://h/own.png"/>',
    );
    expect(text.replaceAll('channel="a&amp;b"', 'channel="One.uk"')).toContain(
      (await document({ id: 'One.uk', name: 'Own' })).split('</channel>\n')[1] as string,
    );
  });

  test('has those of the new edition after the next import', async () => {
    await document(fed);
    guide = GUIDE.replace('Film', 'Other');
    await read();
    const text = await document(fed);
    expect(text).toContain('Other &amp; more');
    expect(text).not.toContain('Film');
  });

  test('has those of another once that feeds it', async () => {
    await document(fed);
    expect(starts(await document({ ...fed, from: {} }))).toEqual([]);
    expect(starts(await document({ ...fed, from: { g: 'One.uk' } }))).toHaveLength(2);
    expect(starts(await document({ ...fed, from: { g: 'none', h: 'One.uk' } }))).toEqual([]);
  });
});

describe('A channel that is shifted', () => {
  const later: WantedChannel = { id: 'One.uk+1h', name: 'One +1', source: 'One.uk', shiftMs: HOUR };

  test('begins later, over midnight into the next day', async () => {
    expect(starts(await document(later))).toEqual([
      'start="20261121230000',
      'start="20261122003000',
    ]);
    expect(starts(await document(later, DAY, DAY))).toEqual(['start="20261121230000']);
    expect(starts(await document(later, DAY + 1, DAY + 1))).toEqual(['start="20261122003000']);
    expect(await document(later)).toContain(
      'stop="20261122020000 +0000" channel="One.uk+1h" catchup-id="7"><title>News',
    );
  });

  test('or earlier', async () => {
    const early = { ...later, shiftMs: -24 * HOUR };
    expect(starts(await document(early, DAY - 1, DAY - 1))).toHaveLength(2);
    expect(starts(await document({ ...later, shiftMs: -HOUR / 2 }, DAY, DAY))).toEqual([
      'start="20261121213000',
      'start="20261121230000',
    ]);
  });

  const on = (feed: GuideFeed, time: string) =>
    desk.call({ what: 'on-air', guides: ['g'], feeds: [feed], atMs: Date.parse(time) });

  test('is on later', async () => {
    const [air] = await on(later, '2026-11-21T23:10:00Z');
    expect(air).toMatchObject({
      channel: 'One.uk+1h',
      now: { title: 'Film & more', startMs: Date.parse('2026-11-21T23:00:00Z') },
      next: { title: 'News', stopMs: Date.parse('2026-11-22T02:00:00Z') },
    });
    expect((await on(later, '2026-11-21T22:59:00Z'))[0]?.now).toBeUndefined();
  });
});

describe('The programmes of a channel', () => {
  const told = (feed: GuideFeed, from: string, to: string, limit = 10) => {
    const wanted = { fromMs: Date.parse(from), toMs: Date.parse(to), limit };
    return desk.call({ what: 'programmes', guides: ['g'], feed, wanted });
  };
  const feed = { id: 'x', source: 'One.uk' };

  test('are told with what is said of them', async () => {
    const programmes = await told(feed, '2026-11-21T22:00:00Z', '2026-11-22T22:00:00Z');
    expect(programmes).toMatchObject([
      {
        startMs: Date.parse('2026-11-21T22:00:00Z'),
        stopMs: Date.parse('2026-11-21T23:30:00Z'),
        title: 'Film & more',
        description: 'A <programme start="20261121220000 +0000"\nin two lines',
        lang: 'en',
      },
      { title: 'News', description: '' },
    ]);
    expect(programmes[0]?.id).toMatch(/^\d+$/);
    expect(programmes[0]?.id).not.toBe(programmes[1]?.id as string);
  });

  test('are those of the span, however it lies, and no more than wanted', async () => {
    const titles = async (from: string, to: string, limit?: number, shiftMs?: number) =>
      (await told(shiftMs === undefined ? feed : { ...feed, shiftMs }, from, to, limit)).map(
        ({ title }) => title,
      );
    // After midnight, of what began before
    expect(await titles('2026-11-22T00:30:00Z', '2026-11-22T00:40:00Z')).toEqual(['News']);
    expect(await titles('2026-11-22T01:00:00Z', '2026-11-22T02:00:00Z')).toEqual([]);
    expect(await titles('2026-11-21T20:00:00Z', '2026-11-21T22:00:00Z')).toEqual([]);
    expect(await titles('2026-11-21T20:00:00Z', '2026-11-23T22:00:00Z', 1)).toEqual([
      'Film & more',
    ]);
    expect(await titles('2026-11-22T01:00:00Z', '2026-11-22T02:00:00Z', 9, HOUR)).toEqual(['News']);
  });
});
