// This file tests the modes that hold nothing, and the ancestor's names for them.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
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
  const channels = [urlChannel('tv', LIST), urlChannel('multi', MASTER), loopChannel('news')];
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
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain('/none');
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

describe('host', () => {
  test('moves bodies to the host asked for, and remembers it below', async () => {
    expect(await uris('/host/tv/index.m3u8?host=cdn.example:81')).toEqual([
      'http://cdn.example:81/tv/a.ts?t=1',
    ]);
    expect(await uris('/host/tv/index.m3u8?host=https://cdn.example/p')).toEqual([
      'https://cdn.example/p/tv/a.ts?t=1',
    ]);
    const [first = ''] = await uris('/host/multi/index.m3u8?host=cdn.example');
    expect(first).toEndWith('.m3u8?host=http%3A%2F%2Fcdn.example');
    expect(await uris(`/host/multi/${first}`)).toEqual(['http://cdn.example/a.ts?t=1']);
    for (const { url } of app.outbound.requests) expect(new URL(url).host).toBe('up.example');
  });

  test('leaves them where they are without one', async () => {
    expect(await uris('/host/tv/index.m3u8')).toEqual(['http://up.example/tv/a.ts?t=1']);
  });

  for (const query of ['host=a%20b', 'host=a%0Ab', 'host=ftp://x', 'host=u@h', 'quality=x']) {
    test(`refuses ?${query}`, async () => {
      expect((await app.ask(`/host/tv/index.m3u8?${query}`)).status).toBe(400);
      expect(app.outbound.requests).toHaveLength(0);
    });
  }
});

describe('where it leads', () => {
  const ROWS: readonly (readonly [path: string, location: string])[] = [
    ['/redirect/tv', LIST],
    ['/redirect/news', '../live/news/index.m3u8'],
    ['/redirect/news?quality=720', '../live/news/index.m3u8?quality=720'],
    ['/proxy/news/index.m3u8', '../../live/news/index.m3u8'],
    ['/host/news/index.m3u8?host=a', '../../live/news/index.m3u8?host=a'],
    ['/channel2.m3u8?fid=tv&hd=720&host=a', 'host/tv/index.m3u8?hd=720&host=a'],
    ['/channel2.m3u8?fid=tv', 'host/tv/index.m3u8'],
    ['/channel3.m3u8?fid=tv', LIST],
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
    expect(await uris('/channel.m3u8?fid=tv&host=cdn.example')).toEqual([
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
