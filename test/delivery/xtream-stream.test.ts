// This file tests what users play by number: live channels, what was shown, films, and their lists.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { isUserName, TAKEN_NAMES } from '../../src/access/user-store.ts';
import { createDoor } from '../../src/delivery/door.ts';
import { loggedPath } from '../../src/delivery/logged-path.ts';
import type { Film, Series } from '../../src/lineup/films.ts';
import { settle } from '../support/fake-clock.ts';
import {
  createInProcessApp,
  type InProcessApp,
  loopChannel,
  urlChannel,
} from '../support/in-process-app.ts';
import type { ScriptedAnswer } from '../support/outbound-script.ts';
import { readAsJellyfin } from '../support/player-parsers/jellyfin.ts';
import {
  ScriptedRendition,
  scriptedArchives,
  scriptedChannel,
} from '../support/scripted-archive.ts';
import { scriptedUsers } from '../support/scripted-users.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const LIST = 'http://up.example/list.m3u8';
const STREAM = 'http://up.example/tv.ts';
const FILM = 'http://films.example/1.mkv';
const MEDIA = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n';
const USERS = {
  alice: { password: 'p@ss' },
  one: { password: 'pw', maxConnections: 1 },
  // Called like a channel, and like a part of our own addresses
  news: { password: 'v0' },
  live: { password: 'pw' },
  old: { password: 'pw', refused: 'expired' },
  late: { password: 'pw', refused: 'busy' },
} as const;

const CHANNELS = [
  loopChannel('news'),
  { ...loopChannel('sport'), name: 'Sport, "live"', archive: { keepMs: 86_400_000 } },
  { ...urlChannel('proxied', LIST), mode: 'proxy' as const },
  { ...urlChannel('told', LIST), mode: 'redirect' as const },
  { ...urlChannel('hosted', LIST), mode: 'host' as const },
  {
    ...urlChannel('secret', `${LIST}?token=1`, { proxy: 'http://p:1' }),
    mode: 'buffered' as const,
  },
  { ...urlChannel('away', STREAM), mode: 'redirect' as const },
];
/** One group, then the channels. */
const NUMBERS = { news: 2, sport: 3, proxied: 4, told: 5, hosted: 6, secret: 7, away: 8 };

let app: InProcessApp;
let filmAnswer: ScriptedAnswer;

function filmOf(id: string, url: string): Film {
  const source = urlChannel('x', url).sources[0] as Film['source'];
  return { id, name: `Film ${id}`, source, extension: 'mkv' };
}

beforeEach(() => {
  filmAnswer = { body: '0123456789', headers: { 'content-type': 'video/x', etag: '"e"' } };
  const films = [filmOf('one', FILM), filmOf('gone', 'http://films.example/none.mkv')];
  const episode = { ...filmOf('e1', FILM), season: 1, number: 1 };
  const series: Series = { id: 'saga', name: 'Saga', episodes: async () => [episode] };
  const catalogue = { films: () => films, series: () => [series] };
  const held = new ScriptedRendition('v0', NOW_MS - 7_200_000).fill(1800);
  app = createInProcessApp(
    CHANNELS,
    { [LIST]: { body: MEDIA }, [FILM]: () => filmAnswer },
    {
      archives: scriptedArchives({ sport: scriptedChannel([held]) }),
      xtream: { users: scriptedUsers(USERS), catalogue },
    },
  );
});

afterEach(() => app[Symbol.dispose]());

const problem = async (answer: Response) => [answer.status, (await answer.text()).split(':')[0]];

describe('a stream', () => {
  const forms = [
    '/live/alice/p%40ss/2.ts',
    '/alice/p%40ss/2.ts',
    '/alice/p%40ss/2',
    '/live/alice/p%40ss/2',
  ];
  test.each(forms)('%s is one endless MPEG-TS', async (path) => {
    const head = await app.ask(path, {}, 'HEAD');
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
    expect(app.loopsOpened).toBe(0);
    const answer = await app.ask(path, { range: 'bytes=0-' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(app.loopsOpened).toBe(1);
    await answer.body?.cancel();
  });

  test.each(['/live/alice/p@ss/2.m3u8', '/alice/p@ss/2.m3u8'])('%s is a list', async (path) => {
    const head = await app.ask(path, {}, 'HEAD');
    expect([head.status, head.headers.get('content-type')]).toEqual([
      ...[200, 'application/vnd.apple.mpegurl'],
    ]);
    expect(app.loopsOpened).toBe(0);
    const text = await (await app.ask(path)).text();
    expect(text).toMatch(/\n\/live\/news\/[\w-]+\/1-[\w]+\.ts\n/);
    app.state.publicUrl = 'https://tv.example/under/';
    expect(await (await app.ask(path)).text()).toMatch(/\n\/under\/live\/news\/[\w-]+\/1-/);
  });

  const refused: readonly (readonly [string, string, number, string])[] = [
    ['a wrong password', '/live/alice/wrong/2.ts', 403, 'DELIVERY_USER'],
    ['nobody', '/live/nobody/p@ss/2.m3u8', 403, 'DELIVERY_USER'],
    ['an expired user', '/old/pw/2', 403, 'DELIVERY_USER'],
    ['a number that is none', '/live/alice/p@ss/99.ts', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['the number of a group', '/live/alice/p@ss/1.ts', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['a number of too many digits', '/alice/p@ss/12345678901', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['another form', '/alice/p@ss/2.mp4', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['what is no stream', '/wp-admin/css/x.css', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
  ];
  test.each(refused)('refuses %s', async (_, path, status, code) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await app.ask(path, {}, method);
      expect(answer.status).toBe(status);
      const body = await answer.text();
      if (method === 'GET') expect(body).toStartWith(`${code}: `);
      expect(body).not.toMatch(/wrong\/|p@ss/);
    }
  });

  test('is to be asked for again where very many log in at once, which says nothing of the user', async () => {
    const login = '/player_api.php?username=late&password=pw';
    for (const path of ['/live/late/pw/2.ts', '/get.php?username=late&password=pw', login]) {
      const answer = await app.ask(path);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '3']);
      expect(await answer.text()).toStartWith('DELIVERY_UNAVAILABLE: ');
    }
  });

  test('is not at any address while there is no user', async () => {
    using bare = createInProcessApp(CHANNELS);
    for (const path of ['/live/a/b/2.ts', '/a/b/2.m3u8', '/movie/a/b/2.mkv', '/get.php']) {
      expect(await problem(await bare.ask(path))).toEqual([404, 'DELIVERY_UNKNOWN_ADDRESS']);
    }
    const login = await bare.ask('/player_api.php?username=a&password=b');
    expect(await login.json()).toEqual({ user_info: { auth: 0 } });
  });

  test('of a user called like a channel keeps apart from what the channel names', async () => {
    const list = await (await app.ask('/live/news/index.m3u8')).text();
    const name = list.split('\n').find((line) => line.endsWith('.ts')) as string;
    const segment = await app.ask(`/live/news/${name}`);
    expect([segment.status, await segment.text()]).toEqual([200, expect.stringContaining('body')]);
    const rendition = name.split('/')[0] as string;
    expect((await app.ask(`/live/news/${rendition}/index.m3u8`)).status).toBe(200);
    const stream = await app.ask('/live/news/v0/3.m3u8');
    expect(await stream.text()).toContain('/live/sport/');
    expect((await app.ask('/live/news/wrong/3.m3u8')).status).toBe(403);
    expect((await app.ask('/live/pw/3.m3u8')).status).toBe(200);
    expect((await app.ask('/live/news/v0/1-none.ts')).status).toBe(404);
  });

  test('of a user called like the beginning of any address of ours is played, but of those taken', async () => {
    const begins = new Set(app.routes.map((route) => route.split('/')[1] ?? ''));
    const names = [...begins].filter((name) => isUserName(name));
    const users = scriptedUsers(
      Object.fromEntries(names.map((name) => [name, { password: 'pw' }])),
    );
    using other = createInProcessApp(CHANNELS, {}, { xtream: { users } });
    const unplayed: string[] = [];
    for (const name of names) {
      expect((await other.ask(`/live/${name}/pw/2.m3u8`, {}, 'HEAD')).status).toBe(200);
      const short = await other.ask(`/${name}/pw/2.m3u8`, {}, 'HEAD');
      if (short.status !== 200) unplayed.push(name);
    }
    expect(names.length).toBeGreaterThan(20);
    expect(unplayed.sort()).toEqual([...TAKEN_NAMES]);
  });

  test('is asked for, and not posted', async () => {
    const posted = await app.ask('/alice/p@ss/2.ts', {}, 'POST');
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    const api = await app.ask('/player_api.php', {}, 'PUT');
    expect(api.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  });
});

describe('the mode of a channel', () => {
  const ask = (channel: keyof typeof NUMBERS, form: string) =>
    app.ask(`/live/alice/p@ss/${NUMBERS[channel]}.${form}`);

  test('proxy passes its list on', async () => {
    expect(await (await ask('proxied', 'm3u8')).text()).toMatch(/\n\/proxy\/proxied\/[\w-]+\.ts\n/);
  });

  test('host names where upstream has it', async () => {
    expect(await (await ask('hosted', 'm3u8')).text()).toContain('\nhttp://up.example/a.ts\n');
  });

  test('redirect leads to upstream, in the form that it has', async () => {
    const list = await ask('told', 'm3u8');
    expect([list.status, list.headers.get('location')]).toEqual([302, LIST]);
    const stream = await ask('away', 'ts');
    expect([stream.status, stream.headers.get('location')]).toEqual([302, STREAM]);
    for (const [channel, form] of [
      ['told', 'ts'],
      ['hosted', 'ts'],
    ] as const) {
      const answer = await ask(channel, form);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
      await answer.body?.cancel();
    }
    // A list of a stream has to be made: upstream is asked for it, and is not there
    expect((await ask('away', 'm3u8')).status).toBe(503);
  });
});

describe('max_connections', () => {
  const ts = (headers = {}) => app.ask('/live/one/pw/2.ts', headers);
  const active = () => app.xtream.connections.activeCount('one');

  test('counts endless streams exactly, and a box that zaps has the place it leaves', async () => {
    const first = await ts();
    expect([first.status, active()]).toEqual([200, 1]);
    const metrics = await (await app.ask('/metrics')).text();
    expect(metrics).toContain('weir_user_connections{kind="live"} 1');
    const refused = ts();
    await app.clock.advance(2000);
    const answer = await refused;
    expect([answer.status, answer.headers.get('retry-after'), active()]).toEqual([503, '5', 1]);
    expect(answer.headers.get('x-hdhomerun-error')).toBe('805 All Tuners In Use');
    const zapping = ts();
    await settle();
    await first.body?.cancel();
    const second = await zapping;
    expect([second.status, active()]).toEqual([200, 1]);
    await second.body?.cancel();
    expect(active()).toBe(0);
  });

  test('a channel that is not to be had takes no place', async () => {
    app.script.segments = [];
    const answering = ts();
    await app.clock.advance(20_000);
    expect([(await answering).status, active()]).toEqual([503, 0]);
  });

  test('counts who polls a list while he does, wherever he zaps', async () => {
    const list = (number: number) => app.ask(`/live/one/pw/${number}.m3u8`);
    expect((await list(2)).status).toBe(200);
    expect((await list(3)).status).toBe(200);
    expect(active()).toBe(1);
    // The same viewer goes over to the endless stream, and back
    const stream = await ts();
    expect([stream.status, active()]).toEqual([200, 1]);
    const polling = list(2);
    await app.clock.advance(2000);
    expect((await polling).status).toBe(503);
    await stream.body?.cancel();
    expect((await list(2)).status).toBe(200);
    await app.clock.advance(20_001);
    expect(active()).toBe(0);
  });

  test('who takes segments of what a list named is here', async () => {
    const text = await (await app.ask('/live/one/pw/2.m3u8')).text();
    const path = text.split('\n').find((line) => line.startsWith('/live/')) as string;
    await app.clock.advance(15_000);
    expect((await app.ask(path)).status).toBe(200);
    await app.clock.advance(15_000);
    expect(active()).toBe(1);
    await app.clock.advance(6000);
    expect(active()).toBe(0);
  });
});

describe('what was shown', () => {
  const PATH = '/timeshift/alice/p@ss/60/2025-12-31:23-00/3';

  test('is a finished list', async () => {
    const answer = await app.ask(`${PATH}.m3u8`);
    const lines = (await answer.text()).split('\n');
    expect([answer.status, lines.includes('#EXT-X-ENDLIST')]).toEqual([200, true]);
    const named = lines.filter((line) => line.startsWith('/archive/sport/v0/'));
    expect(named).toHaveLength(900);
    expect((await app.ask(named[0] as string)).status).toBe(200);
  });

  test.each([
    '/streaming/timeshift.php?username=alice&password=p@ss&stream=3&start=2025-12-31:23-00&duration=60&extension=m3u8',
    '/timeshift/alice/p@ss/60/2025-12-31:23-00-00/3.m3u8',
    `/timeshift/alice/p@ss/60/${(NOW_MS - 3_600_000) / 1000}/3.m3u8`,
    `/past/alice/p@ss/3.m3u8?from=${(NOW_MS - 3_600_000) / 1000}&to=${NOW_MS / 1000}`,
  ])('%s is the same', async (path) => {
    const answer = await app.ask(path);
    expect(await answer.text()).toBe(await (await app.ask(`${PATH}.m3u8`)).text());
  });

  test.each([
    ['/live/alice/p@ss/3.ts', '../../../past/alice/p%40ss/3.ts'],
    ['/alice/p@ss/3', '../../past/alice/p%40ss/3.ts'],
  ])('of %s is had by utc=, too', async (path, file) => {
    const from = (NOW_MS - 3_600_000) / 1000;
    const answer = await app.ask(`${path}?utc=${from}&lutc=1`);
    const location = answer.headers.get('location') as string;
    expect([answer.status, location]).toEqual([302, `${file}?from=${from}&duration=10800`]);
    expect(app.xtream.connections.activeCount('alice')).toBe(0);
    const { pathname, search } = new URL(location, `http://tv.example${path}`);
    expect((await app.ask(`${pathname}${search}`)).status).toBe(302);
  });

  test('as a file it is of a length, or leads to the list where it can be none', async () => {
    const answer = await app.ask(`${PATH}.ts`);
    // These bytes are no MPEG-TS
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '3.m3u8']);
    const past = await app.ask('/past/alice/p@ss/3.ts?from=1767222000&to=1767225600');
    expect(past.headers.get('location')).toBe('3.m3u8?from=1767222000&to=1767225600');
  });

  const refused: readonly (readonly [string, string, number, string])[] = [
    ['a wrong password', '/timeshift/alice/no/60/2025-12-31:23-00/3.ts', 403, 'DELIVERY_USER'],
    ['no time', '/timeshift/alice/p@ss/60/2025-02-31:23-00/3.ts', 400, 'DELIVERY_PARAMETER'],
    ['no length', '/timeshift/alice/p@ss/0/2025-12-31:23-00/3.ts', 400, 'DELIVERY_PARAMETER'],
    [
      'what is not kept',
      '/timeshift/alice/p@ss/60/2025-12-31:23-00/2.ts',
      404,
      'DELIVERY_NOT_ARCHIVED',
    ],
    [
      'what is gone',
      '/timeshift/alice/p@ss/60/2024-12-31:23-00/3.ts',
      404,
      'DELIVERY_NOT_ARCHIVED',
    ],
    [
      'no number',
      '/timeshift/alice/p@ss/60/2025-12-31:23-00/x.ts',
      404,
      'DELIVERY_UNKNOWN_ADDRESS',
    ],
    [
      'no fields',
      '/streaming/timeshift.php?username=alice&password=p@ss',
      404,
      'DELIVERY_UNKNOWN_ADDRESS',
    ],
  ];
  test.each(refused)('refuses %s', async (_, path, status, code) => {
    expect(await problem(await app.ask(path))).toEqual([status, code]);
  });
});

describe('a film', () => {
  /** Numbered once it was listed. */
  async function numberOf(action: 'get_vod_streams' | 'get_series_info', at = 0): Promise<number> {
    const query = `username=alice&password=p@ss&action=${action}`;
    if (action === 'get_vod_streams') {
      const rows = (await (await app.ask(`/player_api.php?${query}`)).json()) as {
        stream_id: number;
      }[];
      return rows[at]?.stream_id as number;
    }
    const series = (await (
      await app.ask('/player_api.php?username=alice&password=p@ss&action=get_series')
    ).json()) as { series_id: number }[];
    const info = await app.ask(`/player_api.php?${query}&series_id=${series[0]?.series_id}`);
    const { episodes } = (await info.json()) as { episodes: Record<string, { id: string }[]> };
    return Number(episodes['1']?.[0]?.id);
  }

  test('is sent whole, with its length and the type of its extension', async () => {
    const answer = await app.ask(`/movie/alice/p@ss/${await numberOf('get_vod_streams')}.mkv`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/x-matroska']);
    expect([answer.headers.get('content-length'), await answer.text()]).toEqual([
      '10',
      '0123456789',
    ]);
    expect(app.xtream.connections.activeCount('alice')).toBe(0);
  });

  test('an episode too, after a new start', async () => {
    const number = await numberOf('get_series_info');
    const answer = await app.ask(`/series/alice/p@ss/${number}.mkv`);
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
  });

  const ranges: readonly (readonly [string, Record<string, string>, string])[] = [
    ['a part', { range: 'bytes=2-4' }, '234'],
    ['from somewhere', { range: 'bytes=7-' }, '789'],
    ['of what is held', { range: 'bytes=7-', 'if-range': '"e"' }, '789'],
    ['of what is another by now', { range: 'bytes=7-', 'if-range': '"old"' }, '0123456789'],
    ['several parts', { range: 'bytes=0-1,3-4' }, '0123456789'],
    ['a range that is none', { range: 'bytes=4-2' }, '0123456789'],
  ];
  test.each(ranges)('is had in parts: %s', async (_, headers, body) => {
    const answer = await app.ask(`/movie/alice/p@ss/${await numberOf('get_vod_streams')}`, headers);
    expect(await answer.text()).toBe(body);
    expect(answer.status).toBe(body.length === 10 ? 200 : 206);
    expect(answer.headers.get('content-length')).toBe(String(body.length));
    // Of a whole it is not known whether parts of it are to be had
    expect(answer.headers.get('accept-ranges')).toBe(body.length === 10 ? null : 'bytes');
  });

  test('is had whole where upstream calls it by a tag that is weak', async () => {
    filmAnswer = { ...filmAnswer, headers: { etag: 'W/"e"' } };
    const headers = { range: 'bytes=7-', 'if-range': 'W/"e"' };
    const number = await numberOf('get_vod_streams');
    const answer = await app.ask(`/movie/alice/p@ss/${number}.mkv`, headers);
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
  });

  test('of its end, once it is known where that is', async () => {
    filmAnswer = { ...filmAnswer, headers: { 'content-range': 'bytes 0-0/10' } };
    const answer = await app.ask(`/movie/alice/p@ss/${await numberOf('get_vod_streams')}.mkv`, {
      range: 'bytes=-3',
    });
    expect([answer.status, await answer.text()]).toEqual([206, '789']);
  });

  test('HEAD tells its length by its first byte', async () => {
    filmAnswer = { ...filmAnswer, headers: { 'content-range': 'bytes 0-0/4567' } };
    const number = await numberOf('get_vod_streams');
    const head = await app.ask(`/movie/alice/p@ss/${number}.mkv`, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '4567']);
    expect(app.outbound.requests.map(({ range }) => range)).toEqual([{ first: 0, last: 0 }]);
  });

  test('that is not to be had is refused, and takes no place', async () => {
    const gone = await app.ask(`/movie/alice/p@ss/${await numberOf('get_vod_streams', 1)}.mkv`);
    expect(await problem(gone)).toEqual([502, 'DELIVERY_UPSTREAM']);
    const number = await numberOf('get_vod_streams');
    filmAnswer = { status: 404 };
    expect((await app.ask(`/movie/alice/p@ss/${number}.mkv`)).status).toBe(404);
    filmAnswer = { body: '<html>', headers: { 'content-type': 'text/html' } };
    expect((await app.ask(`/movie/alice/p@ss/${number}.mkv`)).status).toBe(404);
    expect((await app.ask(`/movie/alice/wrong/${number}.mkv`)).status).toBe(403);
    expect((await app.ask('/movie/alice/p@ss/2.mkv')).status).toBe(404);
    expect(app.xtream.connections.activeCount('alice')).toBe(0);
  });

  test('is one connection however often its viewer seeks', async () => {
    const number = await numberOf('get_vod_streams');
    const path = `/movie/one/pw/${number}.mkv`;
    const [first, second] = [await app.ask(path), await app.ask(path, { range: 'bytes=5-' })];
    expect([first.status, second.status]).toEqual([200, 206]);
    expect(app.xtream.connections.activeCount('one')).toBe(1);
    await first.body?.cancel();
    expect(app.xtream.connections.activeCount('one')).toBe(1);
    await second.body?.cancel();
    expect(app.xtream.connections.activeCount('one')).toBe(0);
  });
});

describe('the line-up of a user', () => {
  const PATH = '/get.php?username=alice&password=p@ss&type=m3u_plus';
  const HOST = { host: 'tv.local:8080' };

  test('names streams by number, and the past where there is one', async () => {
    const answer = await app.ask(`${PATH}&output=ts`, HOST);
    expect(answer.headers.get('content-type')).toBe('audio/x-mpegurl');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const text = await answer.text();
    expect(text).toContain('\nhttp://tv.local:8080/live/alice/p%40ss/2.ts\n');
    expect(text).toContain(
      'catchup-days="1" catchup-source="http://tv.local:8080/past/alice/p%40ss/3.ts?from={utc}&to={utcend}"',
    );
    expect(readAsJellyfin(text).length).toBe(CHANNELS.length);
  });

  test.each(['m3u8', 'hls'])('has lists with output=%s', async (output) => {
    const text = await (await app.ask(`${PATH}&output=${output}`, HOST)).text();
    expect(text).toContain('\nhttp://tv.local:8080/live/alice/p%40ss/2.m3u8\n');
    expect(text).toContain('timeshift="1"');
  });

  test('has names and addresses alone with type=m3u', async () => {
    const path = '/get.php?username=alice&password=p@ss&type=m3u';
    const lines = (await (await app.ask(path, HOST)).text()).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      ...['#EXTM3U', '#EXTINF:-1,Channel news', 'http://tv.local:8080/live/alice/p%40ss/2.ts'],
    ]);
    expect(lines).toContain("#EXTINF:-1,Sport\u201a 'live'");
  });

  test('is given to forms and to HEAD, and to nobody else', async () => {
    const headers = { ...HOST, 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ username: 'alice', password: 'p@ss' });
    const init = { method: 'POST', headers, body };
    const posted = await app.fetch(new Request('http://tv.local/get.php', init));
    expect(await posted.text()).toStartWith('#EXTM3U');
    expect((await app.ask(PATH, HOST, 'HEAD')).status).toBe(200);
    expect((await app.ask('/get.php?username=alice&password=x', HOST)).status).toBe(403);
    expect((await app.ask('/xmltv.php?username=alice&password=x', HOST)).status).toBe(403);
    // No guide is configured here
    const guide = await app.ask('/xmltv.php?username=alice&password=p@ss', HOST);
    expect(await problem(guide)).toEqual([404, 'DELIVERY_NO_GUIDE']);
  });
});

describe('a password', () => {
  const paths: readonly (readonly [string, string])[] = [
    ['/live/u/secret/1.ts', '/live/***/***/1.ts'],
    ['/u/secret/1', '/***/***/1'],
    ['/movie/u/secret/12.mkv', '/movie/***/***/12.mkv'],
    ['/timeshift/u/secret/60/2026-01-01:20-00/1.ts', '/timeshift/***/***/60/2026-01-01:20-00/1.ts'],
    ['/live/news/v0/1-abc.ts', '/live/news/v0/1-abc.ts'],
    ['/player_api.php?password=secret', '/player_api.php'],
  ];
  test.each(paths)('is not in the log of %s', (path, logged) => {
    expect(loggedPath(`http://tv.example${path}`)).toBe(logged);
  });

  test('is not in what is logged of a mistake of ours', async () => {
    const lines: string[] = [];
    const log = { error: (...parts: unknown[]) => void lines.push(JSON.stringify(parts)) };
    const door = createDoor(
      () => {
        throw new Error('broken');
      },
      log as unknown as Parameters<typeof createDoor>[1],
    );
    const answer = await door(new Request('http://tv.example/live/u/secret/1.ts'));
    expect(answer.status).toBe(500);
    expect(lines.join()).toContain('***');
    expect(lines.join() + (await answer.text())).not.toContain('secret');
  });
});
