// This file tests what is answered where the endless stream of a source is asked for unbuffered.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  createInProcessApp,
  type InProcessApp,
  loopChannel,
  urlChannel,
} from '../support/in-process-app.ts';
import { StreamWriter, writeFrames } from '../support/ts-stream.ts';

const STREAM = 'http://up.example/tv.ts?token=secret';
const SLUG = 'http://up.example/slug';
const media = writeFrames(new StreamWriter(), 90_000, 50).take();

let app: InProcessApp;
let status: number;

beforeEach(() => {
  status = 200;
  const channels = [
    urlChannel('tv', STREAM),
    urlChannel('slug', SLUG),
    urlChannel('list', 'http://up.example/list.m3u8'),
    urlChannel('page', 'http://up.example/page'),
    urlChannel('down', 'http://up.example/none'),
    loopChannel('news'),
  ];
  app = createInProcessApp(channels, {
    [STREAM]: () => ({ status, body: media, headers: { 'set-cookie': 'a=b', server: 'up' } }),
    [SLUG]: { body: '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n' },
    'http://up.example/page': { body: '<html>' },
  });
});

afterEach(() => app[Symbol.dispose]());

describe('/proxy/{channel}.ts', () => {
  for (const headers of [{}, { range: 'bytes=1000-' }, { range: 'bytes=0-1' }]) {
    test(`is 200 and what upstream sends, whatever range: ${JSON.stringify(headers)}`, async () => {
      const answer = await app.ask('/proxy/tv.ts', headers);
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toEqual({
        'accept-ranges': 'none',
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'Content-Length, Content-Range, Date, ETag',
        'cache-control': 'no-store',
        'content-type': 'video/mp2t',
        'x-accel-buffering': 'no',
      });
      expect(Buffer.compare(await answer.bytes(), media)).toBe(0);
      expect(app.outbound.requests.map(({ url, range }) => [url, range])).toEqual([
        [STREAM, undefined],
      ]);
    });
  }

  test('gets each viewer a connection of its own', async () => {
    const answers = await Promise.all([app.ask('/proxy/tv.ts'), app.ask('/proxy/tv.ts')]);
    expect(app.outbound.requests).toHaveLength(2);
    for (const answer of answers) await answer.bytes();
  });

  test('HEAD asks nothing of upstream', async () => {
    for (const id of ['tv', 'slug', 'down']) {
      const answer = await app.ask(`/proxy/${id}.ts`, {}, 'HEAD');
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
      expect(answer.headers.get('content-length')).toBeNull();
    }
    expect((await app.ask('/proxy/none.ts', {}, 'HEAD')).status).toBe(404);
    expect(app.outbound.requests).toHaveLength(0);
  });

  const LED: readonly (readonly [path: string, location: string, asked: number])[] = [
    ['/proxy/list.ts', '../live/list.ts', 0],
    ['/proxy/list.ts?quality=720', '../live/list.ts?quality=720', 0],
    ['/proxy/news.ts', '../live/news.ts', 0],
    ['/proxy/slug.ts', '../live/slug.ts', 1],
  ];
  for (const [path, location, asked] of LED) {
    test(`${path} leads to the one that is made once for all`, async () => {
      const answer = await app.ask(path);
      expect([answer.status, answer.headers.get('location')]).toEqual([302, location]);
      expect(await answer.text()).toContain('has no endless stream to pass on');
      expect(app.outbound.requests).toHaveLength(asked);
    });
  }

  const REFUSED: readonly (readonly [number, number, string])[] = [
    [404, 404, 'the source answers 404 (SOURCE_STATUS)'],
    [410, 404, 'the source answers 410 (SOURCE_STATUS)'],
    [403, 502, 'the source answers 403 (SOURCE_STATUS)'],
    [503, 502, 'the source answers 503 (SOURCE_STATUS)'],
  ];
  for (const [upstream, wanted, why] of REFUSED) {
    test(`is ${wanted} with the reason where upstream answers ${upstream}`, async () => {
      status = upstream;
      const answer = await app.ask('/proxy/tv.ts');
      expect([answer.status, await answer.text()]).toEqual([
        wanted,
        `DELIVERY_UPSTREAM: Cannot send it: ${why}\n`,
      ]);
    });
  }

  for (const upstream of [423, 429, 458, 509]) {
    test(`says that all is in use where upstream answers ${upstream}`, async () => {
      status = upstream;
      const { status: answered, headers } = await app.ask('/proxy/tv.ts');
      const said = [headers.get('retry-after'), headers.get('x-hdhomerun-error')];
      expect([answered, ...said]).toEqual([503, '5', '805 All Tuners In Use']);
    });
  }

  const BAD: readonly (readonly [path: string, status: number, code: string])[] = [
    ['/proxy/down.ts', 502, 'DELIVERY_UPSTREAM: '],
    ['/proxy/page.ts', 502, 'DELIVERY_UPSTREAM: '],
    ['/proxy/nobody.ts', 404, 'DELIVERY_UNKNOWN_CHANNEL: '],
    ['/proxy/tv.ts?quality=high', 400, 'DELIVERY_QUALITY: '],
    ['/proxy/tv.avi', 404, 'DELIVERY_UNKNOWN_ADDRESS: '],
    ['/proxy/tv', 404, 'DELIVERY_UNKNOWN_ADDRESS: '],
  ];
  for (const [path, wanted, code] of BAD) {
    test(`${path} is ${wanted}, and tells nothing of upstream`, async () => {
      const answer = await app.ask(path);
      const text = await answer.text();
      expect(answer.status).toBe(wanted);
      expect(text).toStartWith(code);
      expect(text).not.toContain('up.example');
    });
  }

  test('counts viewers, bytes and failures', async () => {
    await (await app.ask('/proxy/tv.ts')).bytes();
    status = 500;
    await app.ask('/proxy/tv.ts');
    const lines = (await (await app.ask('/metrics')).text()).split('\n');
    const wanted = [
      'weir_channel_viewers{channel="tv"} 1',
      'weir_proxy_ts_viewers{channel="tv"} 0',
      `weir_proxy_ts_bytes_total{channel="tv"} ${media.length}`,
      'weir_upstream_fetches_total{channel="tv",what="stream",outcome="ok"} 1',
      'weir_upstream_fetches_total{channel="tv",what="stream",outcome="SOURCE_STATUS"} 1',
    ];
    for (const line of wanted) expect(lines).toContain(line);
  });
});
