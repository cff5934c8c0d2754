// This file tests that accounts at panels become channels, films and series, however the panel writes JSON.
import { describe, expect, test } from 'bun:test';
import { loadConfig } from '../../../src/config/load.ts';
import type { AccountSetting } from '../../../src/config/resolve-lineups.ts';
import type { Film } from '../../../src/lineup/films.ts';
import { LineUpWorld, lineUpSetting } from '../../support/line-up-world.ts';
import { MemorySharedStore } from '../../support/memory-shared-store.ts';
import type { Script } from '../../support/outbound-script.ts';
import { createTempFolder } from '../../support/temp-folder.ts';

const SECRET = 'c4n4ry/ä';
const account: AccountSetting = {
  url: 'http://panel.example:8080',
  username: 'me',
  password: SECRET,
  shown: 'http://panel.example:8080 of me',
};
const setting = { ...lineUpSetting(account.url), account, shown: account.shown };
const API = `${account.url}/player_api.php?${new URLSearchParams({ username: 'me', password: SECRET })}`;
const USER = `me/${encodeURIComponent(SECRET)}`;

type Panel = Readonly<Record<string, unknown>>;

const LOGIN = { user_info: { auth: 1, status: 'Active', max_connections: '2' } };

/** By action; '' is the login. A text is answered as it is, a number is the status. */
function panelScript(panel: Panel): Script {
  const actions = ['', 'get_live_categories', 'get_live_streams', 'get_vod_categories'].concat([
    'get_vod_streams',
    'get_series_categories',
    'get_series',
    'get_series_info&series_id=7',
    'get_vod_info&vod_id=9',
  ]);
  return Object.fromEntries(
    actions.map((action) => {
      const said = panel[action] ?? (action === '' ? LOGIN : []);
      const answer =
        typeof said === 'number'
          ? { status: said }
          : { body: typeof said === 'string' ? said : JSON.stringify(said) };
      return [action === '' ? API : `${API}&action=${action}`, answer] as const;
    }),
  );
}

async function started(panel: Panel): Promise<LineUpWorld> {
  const world = new LineUpWorld({ script: panelScript(panel) });
  await world.start([setting]);
  return world;
}

const WHOLE: Panel = {
  '': { user_info: { ...LOGIN.user_info, auth: '1', allowed_output_formats: ['m3u8', 'rtmp'] } },
  get_live_categories: [{ category_id: '1', category_name: 'UK', parent_id: 0 }],
  get_live_streams: {
    '0': {
      num: '5',
      name: 'BBC One',
      stream_id: '101',
      stream_icon: null,
      epg_channel_id: 'bbc1.uk',
      category_id: 1,
    },
    '1': {
      num: 6,
      name: 'ITV',
      stream_id: 102,
      stream_icon: 'http://l.example/i.png',
      epg_channel_id: null,
      category_id: null,
      category_ids: [1],
      is_adult: '1',
    },
    '2': null,
    '3': { name: 'no id' },
    '4': { name: 'none', stream_id: -1 },
    '5': { name: 'half', stream_id: 1.5 },
  },
  get_vod_categories: {},
  get_vod_streams: [
    {
      stream_id: 9,
      name: 'A Film',
      container_extension: 'MKV',
      rating: '7.1',
      added: '1700000000',
      stream_icon: 'http://l.example/f.jpg',
      tmdb: 12,
    },
    { stream_id: 10, name: 'Odd', container_extension: '../x', rating: 'bad', added: 0 },
    { stream_id: 11, name: null, is_adult: 1 },
  ],
  get_series: [
    {
      series_id: 7,
      name: 'A Series',
      cover: '',
      plot: 'They meet.',
      releaseDate: '2020-01-02',
      rating: 8,
      episode_run_time: '45',
    },
  ],
  'get_series_info&series_id=7': {
    episodes: {
      '1': [
        {
          id: '9001',
          episode_num: '2',
          title: 'Second',
          container_extension: 'mp4',
          info: [],
          season: null,
        },
        { id: 'x' },
      ],
      '2': { a: { id: 9002, episode_num: 1, season: 2, info: { duration_secs: 60, plot: 'P' } } },
    },
  },
};

describe('an account at a panel', () => {
  test('makes channels, films and series of what it says', async () => {
    await using world = await started(WHOLE);
    expect(world.lineUps.channels).toMatchObject([
      {
        id: 'bbc1-uk',
        name: 'BBC One',
        number: 5,
        group: 'UK',
        guide: 'bbc1.uk',
        sources: [
          {
            url: `http://panel.example:8080/live/${USER}/101.m3u8`,
            provider: `account ${setting.key}`,
          },
        ],
      },
      { id: 'itv', number: 6, group: 'UK', logo: 'http://l.example/i.png', isAdult: true },
    ]);
    expect(world.lineUps.accountLimits).toEqual(new Map([[`account ${setting.key}`, 2]]));
    const { catalogue } = world.lineUps;
    expect(catalogue.films()).toMatchObject([
      {
        id: 'a-film',
        name: 'A Film',
        extension: 'mkv',
        rating: 7.1,
        addedMs: 1_700_000_000_000,
        poster: 'http://l.example/f.jpg',
        tmdb: '12',
        source: { kind: 'url', url: `http://panel.example:8080/movie/${USER}/9.mkv` },
      },
      { id: 'odd', extension: 'mp4' },
      { id: '11', name: '11', isAdult: true },
    ]);
    const [series] = catalogue.series();
    expect(series).toMatchObject({
      id: 'a-series',
      plot: 'They meet.',
      released: '2020-01-02',
      rating: 8,
      durationS: 45 * 60,
    });
    const asked = world.outbound.requests.length;
    const episodes = await series?.episodes();
    expect(episodes).toMatchObject([
      { id: 'a-series-9001', name: 'Second', season: 1, number: 2 },
      { id: 'a-series-9002', name: 'Episode 1', season: 2, number: 1, durationS: 60, plot: 'P' },
    ]);
    expect(await series?.episodes()).toEqual(episodes as never);
    expect(world.outbound.requests.length).toBe(asked + 1);
    expect(world.lineUps.status()[0]?.kept).toMatchObject({
      channels: 2,
      films: 4,
      problems: {
        first: [{ line: 3, message: 'Row of get_live_streams without a usable stream_id' }, {}, {}],
        counts: { 'bad-row': 3 },
      },
    });
  });

  test.each<[string, unknown, Readonly<Record<string, unknown>>]>([
    [
      'all of it',
      {
        info: {
          ...{ movie_image: 'http://l.example/other.jpg', description: 'They leave.', cast: null },
          ...{ actors: 'A, B', genre: 'Drama', releasedate: '2019-05-01', duration_secs: '5400' },
          ...{ tmdb_id: 77, rating: '8', youtube_trailer: 'x' },
        },
        movie_data: { stream_id: 9 },
      },
      {
        ...{ poster: 'http://l.example/f.jpg', plot: 'They leave.', cast: 'A, B', genre: 'Drama' },
        ...{ released: '2019-05-01', durationS: 5400, tmdb: '77', rating: 8 },
      },
    ],
    ['nothing', { info: [], movie_data: [] }, { rating: 7.1, tmdb: '12' }],
    ['that it knows no such film', 404, { rating: 7.1 }],
    ['that it is down', 503, { rating: 7.1 }],
    ['no JSON', '<html>', { rating: 7.1 }],
  ])('one that says %s of a film', async (_, said, known) => {
    await using world = await started({ ...WHOLE, 'get_vod_info&vod_id=9': said });
    const { catalogue } = world.lineUps;
    const [film] = catalogue.films() as [Film];
    const asked = world.outbound.requests.length;
    expect(await catalogue.detailsOf(film)).toMatchObject({ ...film, ...known });
    expect(await catalogue.detailsOf(film)).toMatchObject({ ...film, ...known });
    expect(world.outbound.requests.length).toBe(asked + 1);
    expect(world.outbound.requests.at(-1)?.limits.totalMs).toBeLessThan(20_000);
  });

  test.each([1, '1', true])('takes the login where that says auth %p', async (auth) => {
    await using world = await started({
      ...WHOLE,
      '': { user_info: { ...LOGIN.user_info, auth } },
    });
    expect(world.ids).toEqual(['bbc1-uk', 'itv']);
  });

  test('a new password changes no channel and no film', async () => {
    const store = (await started(WHOLE)).store.beside();
    const other = { ...account, password: 'other' };
    const api = API.replace(new URLSearchParams({ p: SECRET }).toString().slice(2), 'other');
    const script = Object.fromEntries(
      Object.entries(panelScript(WHOLE)).map(([url, answer]) => [url.replace(API, api), answer]),
    );
    await using world = new LineUpWorld({ script, store });
    await world.start([{ ...setting, account: other }]);
    await world.settle();
    expect(world.ids).toEqual(['bbc1-uk', 'itv']);
    expect(world.lineUps.catalogue.films().map(({ id }) => id)).toEqual(['a-film', 'odd', '11']);
    expect(world.lineUps.channels[0]?.sources[0]).toMatchObject({
      url: 'http://panel.example:8080/live/me/other/101.m3u8',
    });
  });

  test.each<[string, Panel, string, string]>([
    ['a wrong password', { '': { user_info: { auth: 0 } } }, 'LINEUP_ACCOUNT', 'password is wrong'],
    [
      'an account that has ended',
      { '': { user_info: { auth: 1, status: 'Expired' } } },
      'LINEUP_ACCOUNT',
      'it is expired',
    ],
    ['nothing at all', { '': [] }, 'LINEUP_ACCOUNT', 'password is wrong'],
    ['a page', { '': '<html>' }, 'LINEUP_ACCOUNT', 'no JSON'],
    ['a panel that is down', { '': 503 }, 'LINEUP_STATUS', 'status 503'],
    [
      'one that loses its channels',
      { ...WHOLE, get_live_streams: 404 },
      'LINEUP_STATUS',
      'status 404',
    ],
    ['one without anything', {}, 'LINEUP_EMPTY', 'no entry'],
  ])('%s is said, without the password', async (_, panel, code, words) => {
    await using world = await started(panel);
    const { error } = world.lineUps.status()[0] ?? {};
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(JSON.stringify(error)).not.toContain('c4n4ry');
  });

  const streams = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ stream_id: 100 + n, name: `Channel ${n}` }));
  const films = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ stream_id: 9000 + n, name: `Film ${n}` }));
  test.each<[string, Panel, string | undefined]>([
    ['no channels', { get_live_streams: [] }, '0 channels, wanted at least half of the 12 it had'],
    ['false for channels', { get_live_streams: false }, '0 channels'],
    ['fewer than half of its channels', { get_live_streams: streams(5) }, '5 channels'],
    ['half of its channels', { get_live_streams: streams(6) }, undefined],
    ['no films', { get_vod_streams: [] }, '3 films, wanted at least half of the 40 it had'],
    ['429 for films', { get_vod_streams: 429 }, '3 films'],
    ['512 for films', { get_vod_streams: 512 }, '3 films'],
    ['half of the JSON of its films', { get_vod_streams: '[{"stream_id": 900' }, '3 films'],
    ['the login for films', { get_vod_streams: LOGIN }, '3 films'],
    ['no series, of which there were a few', { get_series: [] }, undefined],
  ])('one that says %s after more: what was there stays or not', async (_, less, words) => {
    const most = {
      get_live_streams: streams(12),
      get_vod_streams: films(37),
      get_series: [1, 2, 3].map((n) => ({ series_id: n, name: `Series ${n}` })),
    };
    const store = (await started(most)).store.beside();
    await using world = new LineUpWorld({ script: panelScript({ ...most, ...less }), store });
    await world.start([setting]);
    await world.lineUps.refresh();
    const { error } = world.lineUps.status()[0] ?? {};
    if (words === undefined) return expect(error).toBeUndefined();
    expect(error).toMatchObject({
      code: 'LINEUP_SHRUNK',
      message: expect.stringContaining(words),
    });
    expect(world.ids.length).toBe(12);
    expect(world.lineUps.catalogue.films().length).toBe(37);
  });

  test('one that leaves out its groups takes no channel away that a rule takes by its group', async () => {
    const news = streams(12).map((row) => ({ ...row, category_id: '1' }));
    const most = {
      get_live_categories: [{ category_id: '1', category_name: 'News' }],
      get_live_streams: [
        ...news,
        ...streams(30).map((row) => ({ ...row, stream_id: row.stream_id + 500 })),
      ],
    };
    const group = [{ kind: 'text', text: 'News' } as const];
    const rules = { ...setting.rules, include: { group, name: [], guide: [] } };
    const store = new MemorySharedStore();
    for (const [categories, count, code] of [
      [most.get_live_categories, 12, undefined],
      [429, 12, 'LINEUP_SHRUNK'],
      [[], 12, 'LINEUP_SHRUNK'],
    ] as const) {
      const script = panelScript({ ...most, get_live_categories: categories });
      await using world = new LineUpWorld({ script, store: store.beside() });
      await world.start([{ ...setting, rules }]);
      await world.lineUps.refresh();
      expect(world.ids.length).toBe(count);
      expect(world.lineUps.status()[0]?.error?.code).toBe(code as string);
    }
    // Other rules are another matter
    await using world = new LineUpWorld({ script: panelScript(most), store: store.beside() });
    const none = {
      ...rules,
      include: { group: [{ kind: 'text', text: 'X' } as const], name: [], guide: [] },
    };
    await world.start([{ ...setting, rules: none }]);
    await world.settle();
    expect(world.ids).toEqual([]);
  });

  test.each([403, 500, 512, '<html>', '{'])(
    'films that a panel answers %p for are none',
    async (no) => {
      await using world = await started({ ...WHOLE, get_vod_streams: no, get_series: '' });
      expect(world.ids).toEqual(['bbc1-uk', 'itv']);
      expect(world.lineUps.catalogue.films()).toEqual([]);
    },
  );
});

describe('films in a list', () => {
  const entry = (name: string, url: string, more = '-1') => `#EXTINF:${more},${name}\n${url}\n`;
  test('are no channels; episodes make series', async () => {
    const body = `#EXTM3U
${entry('News', 'http://h.example/live/u/p/1.ts')}${entry('A Film (2020)', 'http://h.example/movie/u/p/2.mkv?t=1')}${entry('Show S01E02 Second', 'http://h.example/series/u/p/3.mp4')}${entry('Show S01E01', 'http://h.example/series/u/p/4.mp4')}${entry('Other 2x03', 'http://h.example/x/5.mp4', '1500')}${entry('Short', 'http://h.example/jingle', '10')}${entry('Long', 'http://h.example/long', '5400')}${entry('Sport 1x2', 'http://h.example/live/u/p/6.ts')}`;
    const url = 'http://list.example/a.m3u';
    await using world = new LineUpWorld({ script: { [url]: { body } } });
    await world.start([lineUpSetting(url)]);
    expect(world.lineUps.channels.map(({ id, number }) => [id, number])).toEqual([
      ['news', 1],
      ['short', 2],
      ['sport-1x2', 3],
    ]);
    const { catalogue } = world.lineUps;
    expect(
      catalogue.films().map(({ id, extension, durationS }) => [id, extension, durationS]),
    ).toEqual([
      ['a-film-2020', 'mkv', undefined],
      ['long', 'mp4', 5400],
    ]);
    const shown = await Promise.all(
      catalogue
        .series()
        .map(async ({ id, name, episodes }) => [
          id,
          name,
          (await episodes()).map(({ season, number }) => `${season}x${number}`).join(' '),
        ]),
    );
    expect(shown).toEqual([
      ['show', 'Show', '1x2 1x1'],
      ['other', 'Other', '2x3'],
    ]);
    const films = catalogue.films();
    await world.lineUps.refresh();
    expect(catalogue.films().map(({ id }) => id)).toEqual(films.map(({ id }) => id));
  });
});

describe('lineups of the configuration', () => {
  async function load(text: string) {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', text);
    const input = { workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] };
    return await loadConfig(input);
  }

  test('an account is known by panel and user, and its password is never shown', async () => {
    const { config, settings } = await load(
      `lineups: [{ xtream: 'http://panel.example:8080/', username: me, password: c4n4ry, sort: name }]`,
    );
    expect(config.lineUps).toMatchObject([
      { key: 'http://panel.example:8080 of me', account: { url: 'http://panel.example:8080' } },
    ]);
    expect(JSON.stringify([settings, config.lineUps[0]?.shown])).not.toContain('c4n4ry');
  });

  test.each([
    ['{}', 'no place, wanted one of url, path, xtream'],
    ['{ url: http://h/a, path: b }', 'url and path together, wanted one of url, path, xtream'],
    ['{ xtream: http://h, username: a }', 'lineups[0].password: missing, wanted it beside xtream'],
    ['{ url: http://h/a, password: c4n4ry }', 'lineups[0].password: no effect here'],
    ['{ url: http://h/a, provider: x }', '"x" is no provider'],
    ['{ url: http://h/a, include: { name: /(/ } }', 'wanted a text, or a pattern such as /^UK/i'],
    ['{ url: http://h/a, exclude: { name: /x/g } }', 'wanted a text, or a pattern such as /^UK/i'],
    [
      '{ url: http://h/a, name: p }\n  - { url: http://h/b, name: p }',
      'weir.yaml:3:30: lineups[1].name: "p" is the name of lineups[0] too, wanted another',
    ],
  ])('%s is refused', async (entry, words) => {
    const failed = load(`lineups:\n  - ${entry}\n`);
    expect(failed).rejects.toThrow(words);
    expect(String(await failed.catch(String))).not.toContain('c4n4ry');
  });

  test('a password that is none is not missing too', async () => {
    const failed = await load(
      `lineups:\n  - { xtream: http://h, username: a, password: {} }\n`,
    ).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ problems: [{ key: 'lineups[0].password' }] });
    expect(String(failed)).toContain('a section, wanted 1 to 200 characters');
  });

  test('two accounts at one address have keys of their own', async () => {
    const { config } = await load(`lineups:
  - http://h.example/get.php?username=a
  - http://h.example/get.php?username=b
  - { url: 'http://h.example/get.php?username=c', name: third }
  - { url: 'http://h.example/get.php?username=d', name: 'http://h.example/get.php 3' }
  - http://h.example/get.php?username=e
`);
    expect(config.lineUps.map(({ key }) => key)).toEqual([
      'http://h.example/get.php',
      'http://h.example/get.php 2',
      'third',
      'http://h.example/get.php 3',
      'http://h.example/get.php 4',
    ]);
    // They are told apart by it wherever they are named: a metric twice is none at all
    expect(config.lineUps.map(({ shown }) => shown)).toEqual([
      'http://h.example/get.php?username=***',
      'http://h.example/get.php?username=*** 2',
      'third',
      'http://h.example/get.php 3',
      'http://h.example/get.php?username=*** 3',
    ]);
  });
});
