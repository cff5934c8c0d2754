// This file tests what Xtream clients are told, by a decoder as strict as they are.
import { afterEach, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChannelConfig } from '../../src/config/config.ts';
import type { ToldProgramme } from '../../src/guide/programmes.ts';
import type { Film, Series } from '../../src/lineup/films.ts';
import { createInProcessApp, loopChannel, urlChannel } from '../support/in-process-app.ts';
import {
  ScriptedRendition,
  scriptedArchives,
  scriptedChannel,
} from '../support/scripted-archive.ts';
import { scriptedUsers } from '../support/scripted-users.ts';
import { type Answered, decodeXtream } from '../support/xtream-decoder.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 1);
const USERS = {
  'al.ice': { password: 'p&ss', maxConnections: 2, expiresAtMs: Date.UTC(2027, 0, 1) },
  old: { password: 'x', refused: 'expired', expiresAtMs: Date.UTC(2025, 0, 1) },
  off: { password: 'x', refused: 'disabled', isEnabled: false },
} as const;

const CHANNELS: readonly ChannelConfig[] = [
  { ...loopChannel('news'), name: 'News 24', number: 7, group: 'UK', guide: 'news.uk' },
  { ...loopChannel('sport'), number: 7.1, archive: { keepMs: 30 * HOUR_MS }, isAdult: true },
  { ...loopChannel('more'), group: 'UK', logo: 'https://logos.example/m.png' },
];

const source = urlChannel('x', 'https://films.example/1.mp4').sources[0] as Film['source'];
const FILM: Film = {
  ...{ id: 'one', name: 'One', source, extension: 'mp4', group: 'Drama' },
  ...{ rating: 7.13, durationS: 5405, addedMs: 1_650_000_000_000, plot: 'Somebody\nleaves' },
};
const WITH_PASSWORD = {
  ...FILM,
  id: 'two',
  poster: 'http://u:p@films.example/p.png',
  isAdult: true,
} as const;
const EPISODES = [2, 1].map((number) => ({
  ...{ ...FILM, id: `s1e${number}`, name: `Part ${number}` },
  ...{ season: 1, number },
}));
const SERIES: Series = {
  ...{ id: 'saga', name: 'Saga', rating: 8, episodes: async () => EPISODES },
};

const showing = (hour: number, title: string): ToldProgramme => ({
  id: String(4_000_000_000 + hour),
  startMs: NOW_MS + hour * HOUR_MS,
  stopMs: NOW_MS + (hour + 1) * HOUR_MS,
  title,
  description: `About ${title}`,
  lang: 'en',
});
const SHOWINGS = Array.from({ length: 12 }, (_, at) => showing(at - 2, `Show ${at} é`));

type App = ReturnType<typeof createInProcessApp>;
let app: App;
afterEach(() => app?.[Symbol.dispose]());

function opened(
  channels = CHANNELS,
  films: readonly Film[] = [FILM, WITH_PASSWORD],
  series: readonly Series[] = [SERIES],
) {
  const held = new ScriptedRendition('v0', NOW_MS - 90 * 60_000).fill(1350);
  const users = scriptedUsers(USERS);
  app = createInProcessApp(
    channels,
    {},
    {
      archives: scriptedArchives({ sport: scriptedChannel([held]) }),
      xtream: {
        users,
        catalogue: {
          films: () => films,
          series: () => series,
          detailsOf: async (film) => ({ ...film, genre: 'As its account says' }),
        },
        programmesOf: async (_, { fromMs, toMs, limit }) =>
          SHOWINGS.filter((each) => each.stopMs > fromMs && each.startMs < toMs).slice(0, limit),
      },
    },
  );
  return { users };
}

const query = (more: Record<string, string> = {}, name = 'al.ice', password = 'p&ss') =>
  new URLSearchParams({ username: name, password, ...more }).toString();

async function asked(what: Answered, more: Record<string, string> = {}): Promise<unknown> {
  const action = what === 'login' || what === 'panel' ? {} : { action: what };
  const path = what === 'panel' ? 'panel_api' : 'player_api';
  const answer = await app.ask(`/${path}.php?${query({ ...action, ...more })}`, {
    host: 'tv.local:8080',
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return decodeXtream(what, await answer.text());
}

describe('the login', () => {
  test('says who has logged in, as he wrote it, and where', async () => {
    opened();
    expect(await asked('login')).toEqual({
      user_info: {
        username: 'al.ice',
        password: 'p&ss',
        message: '',
        auth: 1,
        status: 'Active',
        exp_date: '1798761600',
        is_trial: '0',
        active_cons: '0',
        created_at: '1700000000',
        max_connections: '2',
        allowed_output_formats: ['m3u8', 'ts'],
      },
      server_info: {
        url: 'tv.local',
        port: '8080',
        https_port: '443',
        server_protocol: 'http',
        rtmp_port: '0',
        timezone: 'UTC',
        timestamp_now: NOW_MS / 1000,
        time_now: '2026-01-01 00:00:00',
        process: true,
      },
    });
  });

  const publicUrls: readonly (readonly [string, object])[] = [
    ['https://tv.example.com/', { url: 'tv.example.com', port: '80', https_port: '443' }],
    ['https://tv.example.com:8443/tv', { url: 'tv.example.com', https_port: '8443' }],
    ['http://[::1]:81', { url: '[::1]', port: '81', server_protocol: 'http' }],
  ];
  test.each(publicUrls)('tells of %s', async (url, wanted) => {
    opened();
    app.state.publicUrl = url;
    expect(await asked('login')).toMatchObject({ server_info: wanted });
  });

  test('an action that nobody knows is none', async () => {
    opened();
    expect(await asked('login', { action: 'get_everything' })).toHaveProperty('user_info.auth', 1);
  });

  test('is answered to a form, as Smarters sends it', async () => {
    opened();
    const headers = { host: 'tv.local', 'content-type': 'application/x-www-form-urlencoded' };
    const posted = (body: string) =>
      app.fetch(new Request('http://tv.local/player_api.php', { method: 'POST', headers, body }));
    const login = await posted(query());
    expect(decodeXtream('login', await login.text())).toHaveProperty('user_info.auth', 1);
    const list = await posted(query({ action: 'get_live_categories' }));
    expect(decodeXtream('get_live_categories', await list.text())).toHaveLength(2);
  });

  test('wrong credentials are 200, so that players say so', async () => {
    const { users } = opened();
    for (const [name, password] of [
      ['al.ice', 'wrong'],
      ['nobody', 'p&ss'],
      ['', ''],
      ['__proto__', 'x'],
    ] as const) {
      for (const action of ['login', 'get_live_streams'] as const) {
        const answer = await app.ask(`/player_api.php?${query({ action }, name, password)}`);
        expect([answer.status, await answer.json()]).toEqual([200, { user_info: { auth: 0 } }]);
      }
    }
    expect(users.asked[0]).toEqual({ name: 'al.ice', address: 'viewer' });
  });

  test('who has expired or is disabled is told so, whatever he asks', async () => {
    opened();
    for (const [name, status] of [
      ['old', 'Expired'],
      ['off', 'Disabled'],
    ] as const) {
      const answer = await app.ask(
        `/player_api.php?${query({ action: 'get_live_streams' }, name, 'x')}`,
      );
      const login = decodeXtream('login', await answer.text());
      expect(login).toMatchObject({ user_info: { auth: 1, status, password: 'x' } });
    }
  });

  test('HEAD has the headers, and a Host that is none is refused', async () => {
    opened();
    const head = await app.ask(`/player_api.php?${query()}`, {}, 'HEAD');
    expect([head.status, head.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const bad = await app.ask(`/player_api.php?${query()}`, { host: 'a b' });
    expect([head.headers.get('content-length'), bad.status]).toEqual([null, 400]);
    expect(await bad.text()).not.toContain('p&ss');
  });
});

describe('lists', () => {
  test('of live streams have all keys, numbers that stay and categories', async () => {
    opened();
    expect(await asked('get_live_categories')).toEqual([
      { category_id: '1', category_name: 'UK', parent_id: 0 },
      { category_id: '2', category_name: 'Other', parent_id: 0 },
    ]);
    const streams = (await asked('get_live_streams')) as Record<string, unknown>[];
    expect(streams[0]).toEqual({
      num: 7,
      name: 'News 24',
      stream_type: 'live',
      stream_id: 3,
      stream_icon: '',
      epg_channel_id: 'news.uk',
      added: String(NOW_MS / 1000),
      is_adult: 0,
      category_id: '1',
      category_ids: [1],
      custom_sid: '',
      tv_archive: 0,
      direct_source: '',
      tv_archive_duration: 0,
      thumbnail: '',
    });
    // 7.1 is no integer; thirty hours are in two days
    expect(streams[1]).toMatchObject({ num: 2, epg_channel_id: 'sport', tv_archive: 1 });
    expect(streams[1]).toMatchObject({ tv_archive_duration: 2, category_id: '2', is_adult: 1 });
    expect(streams[2]).toMatchObject({ num: 3, stream_icon: 'http://tv.local:8080/logo/more.png' });
    app.relays.apply([...CHANNELS].reverse());
    const again = (await asked('get_live_streams')) as Record<string, unknown>[];
    expect(again.map((each) => each['stream_id'])).toEqual([5, 4, 3]);
  });

  test('are of one category where one is named', async () => {
    opened();
    const idsOf = async (category: string) =>
      ((await asked('get_live_streams', { category_id: category })) as { stream_id: number }[]).map(
        ({ stream_id }) => stream_id,
      );
    expect(await idsOf('1')).toEqual([3, 5]);
    expect(await idsOf('2')).toEqual([4]);
    expect(await idsOf('*')).toEqual([3, 4, 5]);
    for (const none of ['99', '0', '-1', 'UK', '3']) expect(await idsOf(none)).toEqual([]);
  });

  test('of films and series', async () => {
    opened();
    const [film] = (await asked('get_vod_streams')) as [{ stream_id: number }];
    expect(film).toMatchObject({
      ...{ name: 'One', stream_type: 'movie', rating: '7.1', rating_5based: 3.5 },
      ...{ added: '1650000000', container_extension: 'mp4', tmdb: '' },
    });
    const all = (await asked('get_vod_streams')) as { stream_icon: string; is_adult: number }[];
    expect(all.map(({ stream_icon }) => stream_icon)).toEqual(['', '']);
    expect(all.map(({ is_adult }) => is_adult)).toEqual([0, 1]);
    const vod = String(film.stream_id);
    expect(await asked('get_vod_info', { vod_id: vod })).toMatchObject({
      info: {
        plot: 'Somebody leaves',
        genre: 'As its account says',
        duration: '01:30:05',
        duration_secs: 5405,
      },
      movie_data: { stream_id: film.stream_id, name: 'One' },
    });
    expect(await asked('get_vod_categories')).toMatchObject([{ category_name: 'Drama' }]);
    const [series] = (await asked('get_series')) as [{ series_id: number }];
    expect(await asked('get_series_categories')).toMatchObject([{ category_name: 'Other' }]);
    const info = await asked('get_series_info', { series_id: String(series.series_id) });
    expect(info).toMatchObject({
      seasons: [{ season_number: 1, episode_count: 2 }],
      info: { name: 'Saga', rating: '8', rating_5based: 4 },
      episodes: { '1': [{ episode_num: 1, title: 'Part 1' }, { episode_num: 2 }] },
    });
  });

  test('of a film or a series that is not there have all keys too', async () => {
    opened();
    for (const number of ['', '0', '99999', 'x', '-1', '1e3']) {
      const film = await app.ask(
        `/player_api.php?${query({ action: 'get_vod_info', vod_id: number })}`,
      );
      expect(await film.json()).toMatchObject({ movie_data: { stream_id: 0, name: '' } });
      const series = await app.ask(
        `/player_api.php?${query({ action: 'get_series_info', series_id: number })}`,
      );
      expect(await series.json()).toMatchObject({ seasons: [], episodes: {} });
    }
  });

  test('are empty lists where there is nothing', async () => {
    opened([], [], []);
    for (const what of ['get_live_streams', 'get_vod_streams', 'get_series'] as const) {
      expect(await asked(what)).toEqual([]);
    }
    expect(await asked('panel')).toMatchObject({ available_channels: {} });
  });

  test('of the first panels have everything live in one document', async () => {
    opened();
    const panel = await asked('panel');
    expect(panel).toMatchObject({
      categories: { live: [{ category_name: 'UK' }, { category_name: 'Other' }] },
      available_channels: { '4': { stream_id: 4, category_name: 'Other' } },
    });
    expect(await asked('panel')).toEqual(panel);
  });

  test('of 10,000 are sent in pieces, each of a moment, and stop with their reader', async () => {
    let named = 0;
    const channels = Array.from({ length: 10_000 }, (_, at) => {
      const channel = { ...loopChannel(`c${at}`), group: `Group ${at % 50}` };
      return Object.defineProperty(channel, 'logo', { get: () => void named++ });
    });
    opened(channels);
    const path = `/player_api.php?${query({ action: 'get_live_streams' })}`;
    const whole = await (await app.ask(path)).text();
    expect(decodeXtream('get_live_streams', whole)).toHaveLength(10_000);
    expect(named).toBeGreaterThanOrEqual(10_000);
    const packed = await app.ask(path, { 'accept-encoding': 'gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    const unpacked = Bun.gunzipSync(await packed.bytes());
    expect(new TextDecoder().decode(unpacked)).toBe(whole);
    named = 0;
    const reader = ((await app.ask(path)).body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect((value as Uint8Array).length).toBeLessThan(100_000);
    expect(named).toBeLessThan(1000);
    let turns = 0;
    const turning = setInterval(() => turns++, 0);
    for (let at = 0; at < 20; at++) await reader.read();
    clearInterval(turning);
    expect(turns).toBeGreaterThan(0);
    await reader.cancel();
    expect(named).toBeLessThan(9_000);
  }, 20_000);
});

describe('listings', () => {
  test('are what is on and comes next: four, or as many as are asked for', async () => {
    opened();
    const listings = async (more: Record<string, string> = {}) =>
      (
        (await asked('get_short_epg', { stream_id: '4', ...more })) as {
          epg_listings: Record<string, unknown>[];
        }
      ).epg_listings;
    await asked('get_live_streams');
    const rows = await listings();
    expect(rows).toHaveLength(4);
    expect(rows[0]).toEqual({
      id: String(4_000_000_000 - 2 ** 31),
      epg_id: '4',
      title: Buffer.from('Show 2 é').toString('base64'),
      lang: 'en',
      start: '2026-01-01 00:00:00',
      end: '2026-01-01 01:00:00',
      description: Buffer.from('About Show 2 é').toString('base64'),
      channel_id: 'sport',
      start_timestamp: '1767225600',
      stop_timestamp: '1767229200',
      stream_id: '4',
      now_playing: 1,
      has_archive: 0,
    });
    expect(await listings({ limit: '2' })).toHaveLength(2);
    expect(await listings({ limit: '0' })).toHaveLength(4);
    expect(await listings({ limit: '99' })).toHaveLength(10);
    expect(await listings({ stream_id: '999' })).toEqual([]);
    expect(await listings({ stream_id: '1' })).toEqual([]);
  });

  test('of all that is known say what can be watched again', async () => {
    opened();
    await asked('get_live_streams');
    await app.clock.advance(30 * 60_000);
    const table = (await asked('get_simple_data_table', { stream_id: '4' })) as {
      epg_listings: { start: string; now_playing: number; has_archive: number }[];
    };
    const held = table.epg_listings.map(({ now_playing, has_archive }) => [
      now_playing,
      has_archive,
    ]);
    // What began before the archive did is not held; what is on now began half an hour ago
    expect(held.slice(0, 4)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [0, 0],
    ]);
  });
});

test('whatever things are called, decoders take every row', async () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ maxLength: 40 }),
    fc.constantFrom('\ud800', '"\r\n#EXTINF', '\u2028', '</script>', '\u0000', 'javascript:x', ''),
  );
  const thing = fc.record({ name, group: name, logo: name, guide: name, words: name });
  await fc.assert(
    fc.asyncProperty(
      fc.array(thing, { maxLength: 5 }),
      fc.double(),
      fc.integer(),
      async (things, rating, number) => {
        const about = (each: (typeof things)[number]) => ({
          ...{ name: each.name, group: each.group, poster: each.logo, plot: each.words },
          ...{ cast: each.words, director: each.words, genre: each.words, released: each.words },
          ...{ tmdb: each.words, rating, durationS: number, addedMs: number },
        });
        const channels = things.map(({ words: _, ...each }, at) => ({
          ...loopChannel(`c${at}`),
          ...each,
        }));
        const films = things.map((each, at) => ({
          ...about(each),
          ...{ id: `f${at}`, source, extension: 'mkv' },
        }));
        const episodes = films.map((film, at) => ({ ...film, season: number, number: at - 1 }));
        const series = things.map((each, at) => ({
          ...about(each),
          ...{ id: `s${at}`, episodes: async () => episodes },
        }));
        opened(channels, films, series);
        for (const what of [
          ...['login', 'panel', 'get_live_categories', 'get_live_streams'],
          ...['get_vod_categories', 'get_vod_streams', 'get_series_categories', 'get_series'],
        ] as Answered[]) {
          await asked(what);
        }
        const [film] = (await asked('get_vod_streams')) as { stream_id: number }[];
        if (film !== undefined) await asked('get_vod_info', { vod_id: String(film.stream_id) });
        const [one] = (await asked('get_series')) as { series_id: number }[];
        if (one !== undefined) await asked('get_series_info', { series_id: String(one.series_id) });
        app[Symbol.dispose]();
      },
    ),
    { numRuns: 20 },
  );
}, 30_000);
