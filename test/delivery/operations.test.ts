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
    expect(await (await app.ask('/api/status')).json()).toEqual({ version: '1.2.3', ready: false });
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
      sources: [],
      switches: {},
      error: null,
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
    for (const path of ['/api/channels', '/api/channels/open', '/metrics', '/playlist.m3u']) {
      const shown = await text(path);
      for (const secret of ['user', 'pass', 's3cret']) expect(shown).not.toContain(secret);
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
    expect(lines.filter((line) => line.startsWith('weir_tls_unverified{'))).toHaveLength(1);
    for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) .+|\w+(\{.*\})? [\d.e+-]+|)$/);
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

  test('refuses a parameter that means nothing', async () => {
    expect((await app.ask('/playlist.m3u?mode=sideways')).status).toBe(400);
  });

  test("program.m3u lists them under one of the ancestor's names", async () => {
    const list = await (await app.ask('/program.m3u?name=channel3&hd=720&host=tv.example')).text();
    expect(list).toContain('http://tv.example/channel3.m3u8?fid=news&hd=720');
    expect(list).toContain('http://tv.example/channel3.m3u8?fid=open&hd=720');
    expect((await app.ask('/program.m3u?name=other')).status).toBe(400);
  });
});
