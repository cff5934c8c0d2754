// This file tests what becomes of requests that are none, and of answers that broke.
import { describe, expect, test } from 'bun:test';
import type { Log, LogFields } from '../../src/base/log.ts';
import { silentLog } from '../../src/base/log.ts';
import { createDoor } from '../../src/delivery/door.ts';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';
import { exchange } from './raw-client.ts';

const HOSTS = ['nas', 'tv', 'pi', 'a', 'x.y', 'tv:80', 'tv:8080', '[::1]:8080', 'NAS', 'a_b'];

/** The whole application behind a real server. */
async function withServer(run: (ask: (head: string) => Promise<string>) => Promise<void>) {
  using app = createInProcessApp([loopChannel('news')]);
  const { fetch } = app;
  await using server = Bun.serve({ hostname: '127.0.0.1', port: 0, development: false, fetch });
  await run((head) => exchange(server.port as number, `${head}\r\nConnection: close\r\n\r\n`));
}

const statusOf = (answer: string) => Number(answer.split(' ')[1]);

describe('a request', () => {
  test('finds every route by however short a host', async () => {
    await withServer(async (ask) => {
      const paths = [
        '/healthz',
        '/live/news/main/index.m3u8',
        '/playlist.m3u?group=',
        '/api/status',
      ];
      for (const host of HOSTS) {
        for (const path of paths) {
          const answer = await ask(`GET ${path} HTTP/1.1\r\nHost: ${host}`);
          expect({ host, path, status: statusOf(answer) }).toEqual({ host, path, status: 200 });
        }
        expect(statusOf(await ask(`GET /none HTTP/1.1\r\nHost: ${host}`))).toBe(404);
      }
    });
  });

  test('of HTTP/1.0 and with an empty Host is answered too', async () => {
    await withServer(async (ask) => {
      for (const head of ['GET /healthz HTTP/1.0', 'GET /healthz HTTP/1.1\r\nHost:']) {
        expect(await ask(head)).toEndWith('\r\n\r\nok\n');
      }
      const lineUp = await ask('GET /playlist.m3u?u=http://a HTTP/1.0');
      expect(lineUp).toContain('\n/live/news/index.m3u8\n');
      expect(statusOf(await ask('HEAD /live/news/index.m3u8 HTTP/1.0'))).toBe(200);
    });
  });

  const BAD = [
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'u@b',
    'a"b',
    'a\\b',
    'a, b',
    'a.example\r\nHost: b.example',
  ];
  test.each(BAD)('with the Host %p is refused on every route', async (host) => {
    await withServer(async (ask) => {
      for (const path of ['/healthz', '/live/news/index.m3u8', '/playlist.m3u', '/none']) {
        const answer = await ask(`GET ${path} HTTP/1.1\r\nHost: ${host}`);
        expect(statusOf(answer)).toBe(400);
        expect(answer).toContain('DELIVERY_HOST: ');
        expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
      }
    });
  });

  const ESCAPES = ['%zz', '%', '%f', '%ff', '%c0%af', '%ed%a0%80', '%e2%82'];
  test.each(ESCAPES)('for an address with %p is not found, in every place', async (code) => {
    using app = createInProcessApp([loopChannel('news')]);
    const paths = [
      `/live/${code}/index.m3u8`,
      `/live/${code}/main/index.m3u8`,
      `/live/news/${code}/index.m3u8`,
      `/live/news/main/${code}`,
      `/proxy/${code}/index.m3u8`,
      `/proxy/news/${code}`,
      `/host/${code}/index.m3u8`,
      `/host/news/${code}`,
      `/redirect/${code}`,
      `/api/channels/${code}`,
      `/${code}`,
    ];
    for (const path of paths) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await app.ask(path, { accept: 'application/json' }, method);
        expect([path, method, answer.status]).toEqual([path, method, 404]);
        if (method === 'HEAD') continue;
        const isApi = path.startsWith('/api/');
        expect(answer.headers.get('access-control-allow-origin')).toBe(isApi ? null : '*');
        expect((await answer.json()).code).toBe('DELIVERY_UNKNOWN_ADDRESS');
      }
    }
    for (const name of ['online', 'channel', 'channel3']) {
      expect((await app.ask(`/${name}.m3u8?fid=${code}`)).status).toBe(404);
    }
  });
});

describe('HEAD', () => {
  test('has the length of GET where that is known, and else none', async () => {
    await withServer(async (ask) => {
      const head = async (path: string) =>
        (await ask(`HEAD ${path} HTTP/1.1\r\nHost: tv`)).toLowerCase();
      const path = '/live/news/main/index.m3u8';
      expect(await head(path)).not.toContain('content-length: ');
      const get = async () => ask(`GET ${path} HTTP/1.1\r\nHost: tv`);
      await get();
      const list = (await get()).split('\r\n\r\n')[1] as string;
      expect(await head(path)).toContain(`\r\ncontent-length: ${list.length}\r\n`);
      expect(await head(path)).toMatch(/\r\netag: "\w+"\r\n/);
      const name = list.split('\n').find((line) => line.endsWith('.ts'));
      expect(await head(`/live/news/main/${name}`)).not.toContain('content-length: ');
      await ask(`GET /live/news/main/${name} HTTP/1.1\r\nHost: tv`);
      expect(await head(`/live/news/main/${name}`)).toContain('\r\ncontent-length: 9\r\n');
      expect(await head('/none')).toStartWith('http/1.1 404');
    });
  });
});

describe('a handler that throws', () => {
  const logged: { readonly message: string; readonly fields: LogFields | undefined }[] = [];
  const log: Log = {
    ...silentLog,
    error: (message, fields) => void logged.push({ message, fields }),
  };
  const mistake = () => {
    throw new TypeError("null is not an object (evaluating 'secret.internals')");
  };
  const ROWS: readonly (readonly [how: string, route: () => Response | Promise<Response>])[] = [
    ['at once', mistake],
    ['later', () => Promise.resolve().then(mistake)],
    ['inside the router', () => Promise.resolve(new Response('secret.internals', { status: 500 }))],
  ];
  for (const [how, route] of ROWS) {
    test(`${how} is logged and answered without its words`, async () => {
      const answer = await createDoor(route, log)(new Request('http://tv/live/a/b?token=1'));
      expect([answer.status, await answer.text()]).toEqual([
        500,
        'BASE_UNEXPECTED: Cannot answer: a mistake of ours, which the log describes\n',
      ]);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      const last = logged.at(-1);
      expect(last).toMatchObject({
        message: 'request not answered',
        fields: { path: '/live/a/b' },
      });
      expect(String(last?.fields?.['error'])).toContain('secret.internals');
    });
  }
});
