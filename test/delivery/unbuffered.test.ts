// This file tests the modes that hold nothing, and the ancestor's names for them.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { UrlSource } from '../../src/config/config.ts';
import {
  createInProcessApp,
  type InProcessApp,
  loopChannel,
  urlChannel,
} from '../support/in-process-app.ts';

const LIST = 'http://up.example/tv/list.m3u8?token=secret';
const MASTER = 'http://up.example/master.m3u8';
const MEDIA =
  '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:4,\na.ts?t=1\n';
const VARIANTS =
  '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080\nhi.m3u8\n' +
  '#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\nlo.m3u8\n';

let app: InProcessApp;
let segmentStatus: number;

beforeEach(() => {
  segmentStatus = 200;
  const upstream = {
    [LIST]: { body: MEDIA },
    [MASTER]: { body: VARIANTS },
    'http://up.example/hi.m3u8': { body: MEDIA },
    'http://up.example/tv/a.ts?t=1': () => ({
      status: segmentStatus,
      body: '0123456789',
      headers: { 'content-type': 'video/mp2t', etag: '"x"', 'set-cookie': 'a=b', server: 'up' },
    }),
  };
  const told = { ...urlChannel('told', LIST), mode: 'redirect' } as const;
  const channels = [urlChannel('tv', LIST), told, urlChannel('multi', MASTER), loopChannel('news')];
  app = createInProcessApp([...channels, urlChannel('down', 'http://up.example/none')], upstream);
});

afterEach(() => app[Symbol.dispose]());

async function uris(path: string): Promise<string[]> {
  const text = await (await app.ask(path)).text();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const segmentPath = async () => `/proxy/tv/${(await uris('/proxy/tv/index.m3u8'))[0]}`;

describe('proxy', () => {
  test('gives out nothing of upstream but sealed names', async () => {
    const answer = await app.ask('/proxy/tv/index.m3u8');
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(text).not.toContain('up.example');
    expect(text).not.toContain('secret');
    expect(text).toMatch(/URI="[\w-]+\.ts"/);
    expect(text).toMatch(/\n[\w-]+\.ts\n/);
    expect(await (await app.ask('/proxy/tv/index.m3u8')).text()).toBe(text);
  });

  test('passes a body on, with the headers that mean something to a player', async () => {
    const answer = await app.ask(await segmentPath());
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
    expect(answer.headers.get('content-type')).toBe('video/mp2t');
    expect(answer.headers.get('etag')).toBe('"x"');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('server')).toBeNull();
    expect(app.outbound.requests.at(-1)?.url).toBe('http://up.example/tv/a.ts?t=1');
  });

  const RANGES: readonly (readonly [string, number, string])[] = [
    ['bytes=2-4', 206, '234'],
    ['bytes=7-', 206, '789'],
    ['bytes=1-2,4-5', 200, '0123456789'],
    ['bytes=-3', 200, '0123456789'],
    ['lines=1-2', 200, '0123456789'],
  ];
  for (const [range, status, text] of RANGES) {
    test(`passes ${range} on where it is one from a place on`, async () => {
      const answer = await app.ask(await segmentPath(), { range });
      expect([answer.status, await answer.text()]).toEqual([status, text]);
    });
  }

  test('passes no range on for what the client holds a part of', async () => {
    const headers = { range: 'bytes=2-4', 'if-range': '"x"' };
    expect((await app.ask(await segmentPath(), headers)).status).toBe(200);
  });

  for (const [status, wanted] of [
    [404, 404],
    [410, 404],
    [403, 502],
    [500, 502],
    [302, 502],
  ] as const) {
    test(`answers ${wanted} where upstream answers ${status}`, async () => {
      const path = await segmentPath();
      segmentStatus = status;
      const answer = await app.ask(path);
      expect([answer.status, (await answer.text()).startsWith('DELIVERY_UPSTREAM: ')]).toEqual([
        wanted,
        true,
      ]);
    });
  }

  test('answers 502 where upstream is not there, and does not show its address', async () => {
    const answer = await app.ask('/proxy/down/index.m3u8');
    expect([answer.status, await answer.text()]).toEqual([
      502,
      'DELIVERY_UPSTREAM: Cannot send it: the source is not to be reached (NET_CONNECT)\n',
    ]);
  });

  test('follows a list of lists', async () => {
    const [first = ''] = await uris('/proxy/multi/index.m3u8');
    expect(first).toMatch(/^[\w-]+\.m3u8$/);
    const below = await app.ask(`/proxy/multi/${first}`);
    expect(await below.text()).toMatch(/\n[\w-]+\.ts\n/);
    expect(await uris('/proxy/multi/index.m3u8?quality=400')).toHaveLength(1);
  });

  test('opens no name that this channel did not give out', async () => {
    const path = await segmentPath();
    const before = app.outbound.requests.length;
    const forged = [
      path.replace('/tv/', '/multi/'),
      path.replace('/tv/', '/news/'),
      path.replace('/tv/', '/none/'),
      path.replace('/proxy/', '/host/'),
      `/proxy/tv/A${path.slice('/proxy/tv/A'.length)}`.replace('.ts', 'A.ts'),
      '/proxy/tv/http%3A%2F%2F127.0.0.1%2F',
    ];
    for (const each of forged) expect((await app.ask(each)).status).toBe(404);
    expect(app.outbound.requests).toHaveLength(before);
  });

  test('shares one fetch among those who poll at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => app.ask('/proxy/tv/index.m3u8')));
    expect(app.outbound.requests).toHaveLength(1);
  });
});

describe('HEAD', () => {
  test('of a proxied body says its type and no length, and asks nothing of upstream', async () => {
    const path = await segmentPath();
    const before = app.outbound.requests.length;
    const answer = await app.ask(path, {}, 'HEAD');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
    expect(answer.headers.get('content-length')).toBeNull();
    expect(answer.headers.get('transfer-encoding')).toBe('chunked');
    expect(app.outbound.requests).toHaveLength(before);
  });

  test('of a playlist varies as GET does, and refuses what GET refuses', async () => {
    const answer = await app.ask('/proxy/tv/index.m3u8', {}, 'HEAD');
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    expect(answer.headers.get('content-length')).toBeNull();
    expect((await app.ask('/proxy/tv/index.m3u8?quality=x', {}, 'HEAD')).status).toBe(400);
    expect((await app.ask('/proxy/none/index.m3u8', {}, 'HEAD')).status).toBe(404);
  });
});

describe('host', () => {
  test('moves bodies to the host asked for, and remembers it below', async () => {
    expect(await uris('/host/told/index.m3u8?host=cdn.example:81')).toEqual([
      'http://cdn.example:81/tv/a.ts?t=1',
    ]);
    expect(await uris('/host/told/index.m3u8?host=https://cdn.example/p')).toEqual([
      'https://cdn.example/p/tv/a.ts?t=1',
    ]);
    const [first = ''] = await uris('/host/multi/index.m3u8?host=cdn.example');
    expect(first).toEndWith('.m3u8?host=http%3A%2F%2Fcdn.example');
    expect(await uris(`/host/multi/${first}`)).toEqual(['http://cdn.example/a.ts?t=1']);
    for (const { url } of app.outbound.requests) expect(new URL(url).host).toBe('up.example');
  });

  test('leaves them where they are without one', async () => {
    expect(await uris('/host/told/index.m3u8')).toEqual(['http://up.example/tv/a.ts?t=1']);
  });

  for (const query of ['host=a%20b', 'host=a%0Ab', 'host=ftp://x', 'host=u@h', 'quality=x']) {
    test(`refuses ?${query}`, async () => {
      expect((await app.ask(`/host/told/index.m3u8?${query}`)).status).toBe(400);
      expect(app.outbound.requests).toHaveLength(0);
    });
  }
});

describe('where it leads', () => {
  const ROWS: readonly (readonly [path: string, location: string])[] = [
    ['/redirect/told', LIST],
    ['/redirect/multi', MASTER],
    ['/redirect/news', '../live/news/index.m3u8'],
    ['/redirect/news?quality=720', '../live/news/index.m3u8?quality=720'],
    ['/proxy/news/index.m3u8', '../../live/news/index.m3u8'],
    ['/host/news/index.m3u8?host=a', '../../live/news/index.m3u8?host=a'],
    ['/channel2.m3u8?fid=tv&hd=720&host=a', 'host/tv/index.m3u8?hd=720&host=a'],
    ['/channel2.m3u8?fid=tv', 'host/tv/index.m3u8'],
    ['/channel3.m3u8?fid=told', LIST],
    ['/channel3.m3u8?fid=news', 'live/news/index.m3u8?fid=news'],
  ];
  for (const [path, location] of ROWS) {
    test(`${path} to ${location}`, async () => {
      const answer = await app.ask(path);
      expect([answer.status, answer.headers.get('location')]).toEqual([302, location]);
      expect(app.outbound.requests).toHaveLength(0);
    });
  }
});

describe('an address that is not to be told', () => {
  const SECRETS: readonly (readonly [what: string, url: string, more: Partial<UrlSource>])[] = [
    ['a user', 'http://user@up.example/a.m3u8', {}],
    ['a password', 'http://:pass@up.example/a.m3u8', {}],
    ['a query', 'http://up.example/a.m3u8?t=1', {}],
    ['a fragment', 'http://up.example/a.m3u8#t', {}],
    ['a path of credentials', 'http://up.example/live/joe/pw1/101.m3u8', {}],
    ['a path of credentials alone', 'http://up.example/joe/pw1/101', {}],
    ['a header', 'http://up.example/a.m3u8', { headers: { 'x-key': 'k' } }],
    ['a proxy', 'http://up.example/a.m3u8', { proxy: 'http://proxy.example:3128' }],
    ['a provider', 'http://up.example/a.m3u8', { provider: 'acme' }],
  ];
  for (const [what, url, more] of SECRETS) {
    test(`for ${what} is told by no mode`, async () => {
      using secret = createInProcessApp([{ ...urlChannel('tv', url, more), mode: 'buffered' }], {
        [url]: { body: MEDIA },
      });
      const asked = ['/redirect/tv', '/host/tv/index.m3u8', '/host/tv/index.m3u8?host=cdn.example'];
      const older = ['/channel3.m3u8?fid=tv', '/channel.m3u8?fid=tv&host=cdn.example'];
      for (const path of [...asked, ...older]) {
        const answer = await secret.ask(path);
        const text = await answer.text();
        expect([answer.status, answer.headers.get('location')]).toEqual([403, null]);
        expect(text).toStartWith('DELIVERY_MODE: ');
        expect(text).not.toContain('up.example');
        expect((await secret.ask(path, {}, 'HEAD')).status).toBe(403);
      }
      for (const mode of ['redirect', 'host']) {
        const list = await (await secret.ask(`/playlist.m3u?mode=${mode}`)).text();
        expect(list).toContain('\n/live/tv/index.m3u8\n');
      }
      for (const name of ['channel2', 'channel3']) {
        const list = await (await secret.ask(`/program.m3u?name=${name}`)).text();
        expect(list).toContain('/online.m3u8?fid=tv\n');
      }
      expect(secret.outbound.requests).toEqual([]);
    });
  }

  test('is told by the mode that the channel has, without user and password', async () => {
    const url = 'http://user:pass@up.example/tv/list.m3u8?token=secret';
    const bare = 'http://up.example/tv/list.m3u8?token=secret';
    const upstream = { [url]: { body: MEDIA } };
    const host = { ...urlChannel('host', url), mode: 'host' } as const;
    const redirect = { ...urlChannel('redirect', url), mode: 'redirect' } as const;
    using open = createInProcessApp([host, redirect], upstream);
    expect((await open.ask('/redirect/redirect')).headers.get('location')).toBe(bare);
    expect((await open.ask('/redirect/host')).status).toBe(403);
    for (const id of ['host', 'redirect']) {
      const text = await (await open.ask(`/host/${id}/index.m3u8`)).text();
      expect(text).toContain('\nhttp://up.example/tv/a.ts?t=1\n');
      expect(text).not.toContain('pass');
    }
  });

  test('is no secret where only the player is described', async () => {
    const headers = { 'user-agent': 'VLC', referer: 'http://a', origin: 'http://a' };
    using plain = createInProcessApp([urlChannel('tv', MASTER, { headers })]);
    expect((await plain.ask('/redirect/tv')).headers.get('location')).toBe(MASTER);
  });

  test('is not moved to by a token of a mode that was taken back', async () => {
    const [name = ''] = await uris('/host/told/index.m3u8?host=x');
    expect(name).toStartWith('http://x/');
    const [below = ''] = await uris('/proxy/multi/index.m3u8');
    app.relays.apply([{ ...urlChannel('multi', `${MASTER}?t=1`), mode: 'buffered' }]);
    expect((await app.ask(`/host/multi/${below}`)).status).toBe(403);
  });
});

describe('what is counted', () => {
  test('viewers and fetches of the mode proxy, failures by their code', async () => {
    await app.ask(await segmentPath());
    segmentStatus = 500;
    await app.ask(await segmentPath());
    await app.ask('/proxy/down/index.m3u8');
    const lines = (await (await app.ask('/metrics')).text()).split('\n');
    const wanted = [
      'weir_channel_viewers{channel="tv"} 1',
      'weir_channel_viewers{channel="news"} 0',
      'weir_upstream_fetches_total{channel="tv",what="playlist",outcome="ok"} 2',
      'weir_upstream_fetches_total{channel="tv",what="segment",outcome="ok"} 1',
      'weir_upstream_fetches_total{channel="tv",what="segment",outcome="SOURCE_STATUS"} 1',
      'weir_upstream_fetches_total{channel="down",what="playlist",outcome="NET_CONNECT"} 1',
    ];
    for (const line of wanted) expect(lines).toContain(line);
    expect(await (await app.ask('/api/channels/tv')).json()).toMatchObject({
      viewers: 1,
      fetches: { 'segment ok': 1, 'segment SOURCE_STATUS': 1 },
    });
  });

  test('viewers of the mode host, by their polls of segment lists', async () => {
    await app.ask('/host/multi/index.m3u8');
    expect(await (await app.ask('/api/channels/multi')).json()).toMatchObject({ viewers: 0 });
    await app.ask('/host/told/index.m3u8');
    expect(await (await app.ask('/api/channels/told')).json()).toMatchObject({ viewers: 1 });
  });
});

describe("the ancestor's names", () => {
  test('online.m3u8 is the buffered mode', async () => {
    const [first = ''] = await uris('/online.m3u8?fid=news');
    expect(first).toMatch(/^live\/news\/main\/\d+-\w+\.ts$/);
    expect((await app.ask(`/${first}`)).status).toBe(200);
    const [hosted = ''] = await uris('/online.m3u8?fid=news&host=cdn.example');
    expect(hosted).toBe(`http://cdn.example/${first}`);
  });

  test('channel.m3u8 is proxy, or host where one is named', async () => {
    const [first = ''] = await uris('/channel.m3u8?fid=tv');
    expect(first).toMatch(/^proxy\/tv\/[\w-]+\.ts$/);
    expect((await app.ask(`/${first}`)).status).toBe(200);
    expect(await uris('/channel.m3u8?fid=told&host=cdn.example')).toEqual([
      'http://cdn.example/tv/a.ts?t=1',
    ]);
  });

  for (const name of ['online', 'channel', 'channel2', 'channel3']) {
    test(`${name}.m3u8 says what it wants`, async () => {
      expect((await app.ask(`/${name}.m3u8`)).status).toBe(400);
      expect((await app.ask(`/${name}.m3u8?fid=tv&host=a%20b`)).status).toBe(400);
      const unknown = (await app.ask(`/${name}.m3u8?fid=none`)).status;
      expect(unknown).toBe(name === 'channel2' ? 302 : 404);
    });
  }
});
