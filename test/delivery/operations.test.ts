// This file tests what operators and line-ups are answered.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  createInProcessApp,
  type InProcessApp,
  loopChannel,
  urlChannel,
} from '../support/in-process-app.ts';

const SECRET = 'http://user:pass@up.example/s3cret.m3u8';

let app: InProcessApp;

beforeEach(() => {
  app = createInProcessApp([loopChannel('news'), urlChannel('open', SECRET, { verifyTls: false })]);
});

afterEach(() => app[Symbol.dispose]());

const text = async (path: string) => (await app.ask(path)).text();

describe('operations', () => {
  test('is alive, and ready unless something says otherwise', async () => {
    expect(await text('/healthz')).toBe('ok\n');
    expect(await text('/readyz')).toBe('ready\n');
    app.state.notReady = 'it is stopping';
    expect((await app.ask('/healthz')).status).toBe(200);
    const answer = await app.ask('/readyz');
    expect([answer.status, await answer.text()]).toEqual([
      503,
      'DELIVERY_NOT_READY: Cannot take viewers: it is stopping\n',
    ]);
    expect(await (await app.ask('/api/status')).json()).toMatchObject({ ready: false });
  });

  test('says in all what is watched, held, fetched and wrong', async () => {
    expect(await (await app.ask('/api/status')).json()).toEqual({
      version: '1.2.3',
      ready: true,
      channels: 2,
      watched: 0,
      viewers: 0,
      heldBytes: 0,
      budgetBytes: 1_000_000,
      fetches: {},
      failing: [],
      tiers: [],
      archiveFolders: [],
    });
    const list = await text('/live/news/main/index.m3u8');
    await text(`/live/news/main/${list.split('\n').find((line) => line.endsWith('.ts'))}`);
    await app.ask('/live/open/index.m3u8');
    expect(await (await app.ask('/api/status')).json()).toMatchObject({
      watched: 1,
      viewers: 1,
      heldBytes: 9,
      fetches: { 'playlist NET_CONNECT': 1 },
      failing: ['open'],
    });
  });

  test('describes every channel, those nobody asked for too, without opening them', async () => {
    const channels = (await (await app.ask('/api/channels')).json()) as { id: string }[];
    expect(channels.map(({ id }) => id)).toEqual(['news', 'open']);
    expect(channels[0]).toEqual({
      id: 'news',
      name: 'Channel news',
      number: null,
      group: null,
      mode: 'buffered',
      viewers: 0,
      fetches: {},
      stallsAvoided: 0,
      stream: {},
      sources: [],
      switches: {},
      error: null,
      archive: null,
      renditions: [],
    } as never);
    expect(app.loopsOpened).toBe(0);
  });

  test('describes what is being watched', async () => {
    const list = await text('/live/news/main/index.m3u8');
    const name = list.split('\n').find((line) => line.endsWith('.ts'));
    await text(`/live/news/main/${name}`);
    const channel = await (await app.ask('/api/channels/news')).json();
    expect(channel).toMatchObject({
      viewers: 1,
      renditions: [
        { id: 'main', state: 'following', targetDurationS: 4, segments: 4, heldBytes: 9 },
      ],
    });
    expect((await app.ask('/api/channels/none')).status).toBe(404);
  });

  test('never shows where a channel comes from', async () => {
    await app.ask('/live/open/index.m3u8');
    const asked = [
      '/api/status',
      '/api/channels',
      '/api/channels/open',
      '/metrics',
      '/playlist.m3u',
    ];
    for (const path of [...asked, '/live/open/index.m3u8', '/proxy/open/index.m3u8']) {
      const shown = await text(path);
      for (const secret of ['user', 'pass', 's3cret', 'up.example']) {
        expect(shown).not.toContain(secret);
      }
    }
    expect(await (await app.ask('/api/channels/open')).json()).toMatchObject({
      error: { code: 'NET_CONNECT', message: 'the source is not to be reached (NET_CONNECT)' },
    });
  });

  test('lets no page of another site read what operators ask', async () => {
    const asked = ['/api/status', '/api/channels', '/api/channels/none', '/metrics', '/healthz'];
    for (const path of asked) {
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await app.ask(path, {}, method);
        expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      }
    }
    for (const path of ['/playlist.m3u', '/live/none/index.m3u8']) {
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await app.ask(path, {}, method);
        expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      }
    }
  });

  test('counts, per channel and in all', async () => {
    const list = await text('/live/news/main/index.m3u8');
    const name = list.split('\n').find((line) => line.endsWith('.ts'));
    await text(`/live/news/main/${name}`);
    await app.ask('/live/open/index.m3u8');
    const lines = (await text('/metrics')).split('\n');
    const wanted = [
      'weir_channel_viewers{channel="news"} 1',
      'weir_channel_viewers{channel="open"} 0',
      'weir_upstream_fetches_total{channel="open",what="playlist",outcome="NET_CONNECT"} 1',
      'weir_ring_bytes{channel="news",rendition="main"} 9',
      'weir_ring_held_bytes 9',
      'weir_ring_budget_bytes 1000000',
      'weir_tls_unverified{channel="open"} 1',
      'weir_loops 1',
      'weir_connections{what="open"} 1',
      'weir_connections_closed_total{why="idle"} 2',
      '# TYPE weir_connections_closed_total counter',
      'process_start_time_seconds 5',
      `weir_build_info{version="1.2.3",bun="${Bun.version}"} 1`,
    ];
    for (const line of wanted) expect(lines).toContain(line);
    expect(lines).toContain('weir_channels 2');
    expect(lines.filter((line) => line.startsWith('weir_tls_unverified{'))).toHaveLength(1);
    for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) .+|\w+(\{.*\})? [\d.e+-]+|)$/);
  });
});

describe('metrics of very many channels', () => {
  test('have a series for those somebody asked for', async () => {
    const channels = Array.from({ length: 1001 }, (_, index) => loopChannel(`c${index}`));
    using many = createInProcessApp(channels);
    await many.ask('/live/c7/index.m3u8');
    const lines = (await (await many.ask('/metrics')).text()).split('\n');
    expect(lines).toContain('weir_channels 1001');
    const viewers = lines.filter((line) => line.startsWith('weir_channel_viewers{'));
    expect(viewers).toEqual(['weir_channel_viewers{channel="c7"} 0']);
  });
});

describe('line-up', () => {
  test('lists every channel where this request reached us, and is kept by no cache', async () => {
    const answer = await app.ask('/playlist.m3u', { host: 'tv.example:8080' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const list = await answer.text();
    expect(list).toStartWith('#EXTM3U');
    expect(list).toContain('http://tv.example:8080/live/news/index.m3u8');
    expect(list).toContain('http://tv.example:8080/proxy/open/index.m3u8');
    expect(app.loopsOpened).toBe(0);
  });

  test('begins with the public address where there is one', async () => {
    app.state.publicUrl = 'https://tv.public/';
    const list = await (await app.ask('/playlist.m3u', { host: 'inside:8080' })).text();
    expect(list).toContain('https://tv.public/live/news/index.m3u8');
    expect(list).not.toContain('inside');
  });

  for (const host of ['a b', 'a/b', 'a"b', 'a:99999']) {
    test(`refuses the Host header ${host}`, async () => {
      expect((await app.ask('/playlist.m3u', { host })).status).toBe(400);
    });
  }

  const FORM = 'application/x-www-form-urlencoded';
  const POSTS: readonly (readonly [path: string, body: string, type: string, path: string])[] = [
    ['/playlist.m3u?mode=proxy', '', '', '/proxy/open/index.m3u8'],
    ['/playlist.m3u', 'mode=proxy', FORM, '/proxy/open/index.m3u8'],
    [
      '/playlist.m3u?mode=buffered',
      'mode=proxy',
      `${FORM}; charset=utf-8`,
      '/live/open/index.m3u8',
    ],
    ['/playlist.m3u', 'mode=buffered', 'text/plain', '/proxy/open/index.m3u8'],
    ['/playlist.m3u', '{"mode":"x"}', 'application/json', '/proxy/open/index.m3u8'],
    ['/playlist.m3u', 'mode=%zz&'.repeat(2000), FORM, '/proxy/open/index.m3u8'],
    ['/program.m3u', 'name=channel', FORM, '/channel.m3u8?fid=open'],
  ];
  test.each(POSTS)('POST of %s with %p as %p is answered', async (path, body, type, wanted) => {
    const init = { method: 'POST', body, headers: { 'content-type': type } };
    const answer = await app.fetch(new Request(`http://tv.example${path}`, init));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'audio/x-mpegurl']);
    expect(await answer.text()).toContain(`\n${wanted}\n`);
  });

  test('says that POST is to be had there', async () => {
    const answer = await app.ask('/playlist.m3u', {}, 'PUT');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
  });

  test('refuses a parameter that means nothing', async () => {
    expect((await app.ask('/playlist.m3u?mode=sideways')).status).toBe(400);
  });

  test("program.m3u lists them under one of the ancestor's names", async () => {
    const list = await (await app.ask('/program.m3u?name=channel3&hd=720&host=tv.example')).text();
    expect(list).toContain('http://tv.example/channel3.m3u8?fid=news&hd=720');
    expect(list).toContain('http://tv.example/online.m3u8?fid=open&hd=720');
    expect((await app.ask('/program.m3u?name=other')).status).toBe(400);
  });
});
