// This file tests that Xtream clients are told the same programmes by the API and by XMLTV.
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import type { Guides } from '../../src/guide/guides.ts';
import { programmesOf } from '../../src/lineup/guide-channels.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { GUIDE_PLACE, GuideWorld, xmltvTime } from '../support/guide-world.ts';
import { createInProcessApp, type InProcessApp, loopChannel } from '../support/in-process-app.ts';
import { scriptedUsers } from '../support/scripted-users.ts';
import { decodeXtream } from '../support/xtream-decoder.ts';

const WHO = 'username=anna&password=secret';
const CHANNELS = [
  { ...loopChannel('one'), guide: 'one.guide' },
  { ...loopChannel('later'), guide: 'one.guide', guideShiftMs: 3_600_000 },
];

let world: GuideWorld;
let guides: Guides;
let app: InProcessApp;

function xmltvOf(clock: FakeClock): string {
  const time = (hours: number) => xmltvTime(clock.nowMs() + hours * 3_600_000);
  const shows = [-1.5, -0.5, 0.5, 1.5].map(
    (hours, at) =>
      `<programme start="${time(hours)}" stop="${time(hours + 1)}" channel="one.guide">` +
      `<title lang="en">Show ${at} &amp; é</title><desc>About it</desc></programme>`,
  );
  return `<tv>${shows.join('')}</tv>`;
}

beforeEach(async () => {
  world = await GuideWorld.create();
  const create = (clock: FakeClock): Guides => {
    guides = world.open(clock, { [GUIDE_PLACE]: () => ({ body: xmltvOf(clock) }) });
    return guides;
  };
  app = createInProcessApp(
    CHANNELS,
    {},
    {
      createGuides: create,
      xtream: {
        users: scriptedUsers({ anna: { password: 'secret' } }),
        programmesOf: (channel, wanted) => programmesOf(guides, channel, wanted),
      },
    },
  );
  app.state.publicUrl = 'http://weir.local';
  await guides.refresh();
});

afterEach(async () => {
  app[Symbol.dispose]();
  await world[Symbol.asyncDispose]();
});

test('xmltv.php is /epg.xml, for this client alone', async () => {
  const plain = await app.ask(`/xmltv.php?${WHO}`);
  const text = await plain.text();
  expect(text).toBe(await (await app.ask('/epg.xml')).text());
  expect(plain.headers.get('cache-control')).toBe('private, no-cache');
  expect(plain.headers.get('content-type')).toBe('application/xml; charset=utf-8');
  const packed = await app.ask(`/xmltv.php?${WHO}`, { 'accept-encoding': 'gzip' });
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(gunzipSync(await packed.bytes()).toString()).toBe(text);
  const tag = plain.headers.get('etag') as string;
  expect((await app.ask(`/xmltv.php?${WHO}`, { 'if-none-match': tag })).status).toBe(304);
  const line = await (await app.ask(`/get.php?${WHO}`)).text();
  expect(line).toStartWith(`#EXTM3U x-tvg-url="http://weir.local/xmltv.php?${WHO}"`);
});

test('of a channel of very many programmes the oldest are left out, and not what is on', async () => {
  const ONE = { epg_listings: [] as { start_timestamp: string; now_playing: number }[] };
  using many = createInProcessApp(
    [{ ...loopChannel('one'), guide: 'one.guide', archive: { keepMs: 7 * 86_400_000 } }],
    {},
    {
      xtream: {
        users: scriptedUsers({ anna: { password: 'secret' } }),
        // Five minutes each, a week back and a week to come
        programmesOf: async (_, { fromMs, toMs, limit }) => {
          const lastsMs = 300_000;
          const first = Math.floor((fromMs - lastsMs) / lastsMs) + 1;
          const count = Math.min(limit, Math.ceil(toMs / lastsMs) - first);
          return Array.from({ length: count }, (_, at) => {
            const startMs = (first + at) * lastsMs;
            return {
              id: `${first + at}`,
              startMs,
              stopMs: startMs + lastsMs,
              title: 'T',
              description: '',
            };
          });
        },
      },
    },
  );
  const streams = await many.ask(`/player_api.php?${WHO}&action=get_live_streams`);
  const [{ stream_id }] = (await streams.json()) as [{ stream_id: number }];
  const path = `/player_api.php?${WHO}&action=get_simple_data_table&stream_id=${stream_id}`;
  const { epg_listings: rows } = (await (await many.ask(path)).json()) as typeof ONE;
  expect(rows.filter(({ now_playing }) => now_playing === 1)).toHaveLength(1);
  const starts = rows.map(({ start_timestamp }) => Number(start_timestamp));
  // One after another, none twice, up to the most that is told
  expect(starts.map((start) => start - (starts[0] as number))).toEqual(
    Array.from({ length: 1000 }, (_, at) => at * 300),
  );
});

test('what is on is told alike, by ids that are the same everywhere', async () => {
  const ask = async (what: 'get_live_streams' | 'get_short_epg', more = '') => {
    const answer = await app.ask(`/player_api.php?${WHO}&action=${what}${more}`);
    return decodeXtream(what, await answer.text());
  };
  const streams = (await ask('get_live_streams')) as {
    stream_id: number;
    epg_channel_id: string;
  }[];
  const xml = await (await app.ask(`/xmltv.php?${WHO}`)).text();
  const told = [...xml.matchAll(/<channel id="([^"]*)"/g)].map(([, id]) => id);
  expect(streams.map(({ epg_channel_id }) => epg_channel_id)).toEqual(told as string[]);
  const titles = [];
  for (const { stream_id } of streams) {
    const { epg_listings } = (await ask('get_short_epg', `&stream_id=${stream_id}`)) as {
      epg_listings: { title: string; now_playing: number; lang: string }[];
    };
    expect(epg_listings[0]).toMatchObject({ now_playing: 1, lang: 'en' });
    titles.push(Buffer.from(epg_listings[0]?.title as string, 'base64').toString());
  }
  // An hour later there is what was on an hour ago
  expect(titles).toEqual(['Show 1 & é', 'Show 0 & é']);
});
