// This file tests that what was on is had by the time at which the guide has it begin.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { Guides } from '../../src/guide/guides.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { GUIDE_PLACE, GuideWorld } from '../support/guide-world.ts';
import { createInProcessApp, type InProcessApp, loopChannel } from '../support/in-process-app.ts';
import {
  ScriptedRendition,
  scriptedArchives,
  scriptedChannel,
} from '../support/scripted-archive.ts';

const START_MS = Date.UTC(2026, 10, 21, 18);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Two hours of news, and films around them that the archive does not hold. */
const GUIDE = `<tv>
<programme start="20261121100000 +0000" stop="20261121110000 +0000" channel="n"><title>Long ago</title></programme>
<programme start="20261121183000 +0000" stop="20261121190000 +0000" channel="n"><title>News</title><desc>All of it</desc></programme>
<programme start="20261121190000 +0000" stop="20261121203000 +0000" channel="n"><title>On</title></programme>
<programme start="20261121203000 +0000" stop="20261121213000 +0000" channel="n"><title>To come</title></programme>
</tv>`;

const main = new ScriptedRendition('main', START_MS).fill(1800);

let world: GuideWorld;
let guides: Guides;
let app: InProcessApp;

beforeEach(async () => {
  world = await GuideWorld.create();
  const archives = scriptedArchives({
    news: scriptedChannel([main]),
    later: scriptedChannel([main]),
  });
  const create = (clock: FakeClock): Guides => {
    guides = world.open(clock, { [GUIDE_PLACE]: () => ({ body: GUIDE }) });
    return guides;
  };
  const channels = [
    { ...loopChannel('news'), guide: 'n' },
    { ...loopChannel('later'), guide: 'n', guideShiftMs: HOUR },
    loopChannel('bare'),
  ];
  app = createInProcessApp(channels, {}, { createGuides: create, archives });
  app.clock.stepWall(START_MS + 2 * HOUR - app.clock.nowMs());
  await guides.refresh();
});

afterEach(async () => {
  app[Symbol.dispose]();
  await world[Symbol.asyncDispose]();
});

const NEWS_S = (START_MS + 30 * MINUTE) / 1000;
const ask = (path: string) => app.ask(path);
const span = (fromMs: number, toMs: number, channel = 'news') =>
  `/archive/${channel}/index.m3u8?from=${fromMs / 1000}&to=${toMs / 1000}`;

/** A list by a programme leads to its segments as one by times does, from one folder further in. */
async function expectSame(path: string, other: string): Promise<void> {
  const [one, two] = [await ask(path), await ask(other)];
  expect({ path, status: one.status }).toEqual({ path, status: 200 });
  expect((await one.text()).replaceAll('\n../', '\n')).toBe(await two.text());
  expect(one.headers.get('cache-control')).toBe(two.headers.get('cache-control'));
}

describe('/archive/{channel}/programme/{start}', () => {
  const news = span(START_MS + 29 * MINUTE, START_MS + 65 * MINUTE);
  const written = [
    ...[`${NEWS_S}`, `${NEWS_S}.m3u8`, '2026-11-21T18:30:00Z', '20261121183000', '202611211830'],
    ...['20261121183000%20%2B0000.m3u8', '20261121193000%20%2B0100', '2026-11-21T19:30:00%2B01:00'],
  ];
  test('is the archive from a little before it to a little after', async () => {
    for (const start of written) await expectSame(`/archive/news/programme/${start}`, news);
  });

  test('with as much around it as is asked for', async () => {
    const [from, to] = [START_MS + 30 * MINUTE, START_MS + HOUR];
    await expectSame(`/archive/news/programme/${NEWS_S}?pad=0`, span(from, to));
    await expectSame(
      `/archive/news/programme/${NEWS_S}?pad=2m`,
      span(from - 2 * MINUTE, to + 2 * MINUTE),
    );
    await expectSame(`/archive/news/programme/${NEWS_S}?pad=0,10m`, span(from, to + 10 * MINUTE));
  });

  test('names segments where they lie', async () => {
    const text = await (await ask(`/archive/news/programme/${NEWS_S}`)).text();
    const [first = ''] = text.split('\n').filter((line) => line.endsWith('.ts'));
    const url = new URL(first, `http://tv.example/archive/news/programme/${NEWS_S}`);
    expect(url.pathname).toStartWith('/archive/news/main/');
    expect((await ask(url.pathname)).status).toBe(200);
  });

  test('of a channel that is shifted by its own time', async () => {
    await expectSame(
      `/archive/later/programme/${NEWS_S + 3600}`,
      span(START_MS + 89 * MINUTE, START_MS + 2 * HOUR, 'later'),
    );
    expect((await ask(`/archive/later/programme/${NEWS_S}`)).status).toBe(404);
  });

  test('as one file is what the archive sends of that time', async () => {
    const one = await ask(`/archive/news/programme/${NEWS_S}.ts`);
    const two = await ask(news.replace('/index.m3u8', '.ts'));
    expect(one.status).toBe(two.status);
    expect(one.headers.get('content-type')).toBe(two.headers.get('content-type'));
  });

  const refused = [
    ['no-such', NEWS_S, 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['bare', NEWS_S, 404, 'DELIVERY_NO_PROGRAMME'],
    ['news', NEWS_S + 300, 404, 'DELIVERY_NO_PROGRAMME'],
    ['news', '20261121203000', 404, 'DELIVERY_NO_PROGRAMME'],
    ['news', '20261121100000', 404, 'DELIVERY_NOT_ARCHIVED'],
    ['news', 'soon', 400, 'DELIVERY_PARAMETER'],
    ['news', `${NEWS_S}?pad=lots`, 400, 'DELIVERY_PARAMETER'],
    ['news', `${NEWS_S}?pad=2h`, 400, 'DELIVERY_PARAMETER'],
    ['news', `${NEWS_S}?pad=1m,1m,1m`, 400, 'DELIVERY_PARAMETER'],
    ['news', `${NEWS_S}?quality=much`, 400, 'DELIVERY_QUALITY'],
  ] as const;
  test.each(refused)('of %s at %s is answered %i', async (channel, start, status, code) => {
    const answer = await ask(`/archive/${channel}/programme/${start}`);
    const text = await answer.text();
    expect({ status: answer.status, text }).toEqual({
      status,
      text: expect.stringContaining(code),
    });
  });
});

describe('/api/guide/channel/{channel}', () => {
  test('tells programmes, and where what is held of them can be watched', async () => {
    const from = START_MS / 1000 - 12 * 3600;
    const answer = await ask(`/api/guide/channel/news?from=${from}&to=2026-11-22T00:00:00Z`);
    const { guide, programmes } = (await answer.json()) as {
      guide: string;
      programmes: readonly { title: string; catchup?: string; start: string }[];
    };
    expect(guide).toBe('n');
    expect(programmes.map(({ title, catchup }) => [title, catchup])).toEqual([
      ['Long ago', undefined],
      ['News', `/archive/news/programme/${NEWS_S}.m3u8`],
      ['On', `/archive/news/programme/${NEWS_S + 1800}.m3u8`],
      ['To come', undefined],
    ]);
    expect(programmes[1]).toMatchObject({
      start: '2026-11-21T18:30:00.000Z',
      description: 'All of it',
    });
    for (const { catchup } of programmes) {
      if (catchup !== undefined) expect((await ask(catchup)).status).toBe(200);
    }
  });

  test('of the next day where no span is said, and of none that is no span', async () => {
    const { programmes } = (await (await ask('/api/guide/channel/news')).json()) as {
      programmes: readonly { title: string }[];
    };
    expect(programmes.map(({ title }) => title)).toEqual(['On', 'To come']);
    expect((await ask('/api/guide/channel/news?from=soon')).status).toBe(400);
    expect((await ask('/api/guide/channel/news?from=0&to=2026-01-01T00:00:00Z')).status).toBe(400);
    expect((await ask('/api/guide/channel/news?from=2000&to=1000')).status).toBe(400);
    expect((await ask('/api/guide/channel/none')).status).toBe(404);
  });
});
