// This file tests what viewers of the buffered mode are answered.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  createInProcessApp,
  type InProcessApp,
  loaded,
  loopChannel,
  urlChannel,
} from '../support/in-process-app.ts';
import { listedKey, listedSegment } from '../support/listed.ts';
import { openScripted } from '../support/scripted-overflow.ts';

const MASTER = 'http://up.example/master.m3u8';
const VARIANTS = [
  '#EXTM3U',
  '#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080',
  'hi.m3u8',
  '#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360',
  'lo.m3u8',
].join('\n');

let app: InProcessApp;

beforeEach(() => {
  const upstream = { [MASTER]: { body: VARIANTS } };
  const gone = urlChannel('down', 'http://up.example/gone.m3u8');
  app = createInProcessApp([loopChannel('news'), urlChannel('multi', MASTER), gone], upstream);
});

afterEach(() => app[Symbol.dispose]());

/** The names that the channel's playlist lists. */
async function names(): Promise<string[]> {
  const text = await (await app.ask('/live/news/main/index.m3u8')).text();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const segmentPath = async (index = 0) => `/live/news/main/${(await names())[index]}`;

describe('playlists', () => {
  test('of a channel lists names under its rendition, that of the rendition plain ones', async () => {
    const answer = await app.ask('/live/news/index.m3u8');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=1');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const plain = await names();
    expect(plain).toHaveLength(4);
    const text = await answer.text();
    for (const name of plain) expect(text).toContain(`\nmain/${name}\n`);
    expect(app.loopsOpened).toBe(1);
  });

  test('are not sent again to who has them', async () => {
    const first = await app.ask('/live/news/main/index.m3u8');
    const etag = first.headers.get('etag') as string;
    expect(etag).toMatch(/^"[^"]+"$/);
    for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await app.ask('/live/news/main/index.m3u8', { 'if-none-match': value });
      expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([
        304,
        etag,
        '',
      ]);
    }
    const packed = await app.ask('/live/news/main/index.m3u8', { 'accept-encoding': 'gzip' });
    const packedTag = packed.headers.get('etag') as string;
    expect(packedTag).not.toBe(etag);
    const asked = { 'accept-encoding': 'gzip', 'if-none-match': packedTag };
    expect((await app.ask('/live/news/main/index.m3u8', asked)).status).toBe(304);
    const plainHeld = { 'accept-encoding': 'gzip', 'if-none-match': etag };
    const held = await app.ask('/live/news/main/index.m3u8', plainHeld);
    expect([held.status, held.headers.get('etag')]).toEqual([304, etag]);
    const refused = { 'accept-encoding': 'gzip;q=0', 'if-none-match': packedTag };
    expect((await app.ask('/live/news/main/index.m3u8', refused)).status).toBe(200);
    const other = await app.ask('/live/news/main/index.m3u8', { 'if-none-match': '"other"' });
    expect(other.status).toBe(200);
    const above = await app.ask('/live/news/index.m3u8', { 'if-none-match': etag });
    expect(above.status).toBe(200);
  });

  test('are packed for who can read that, with the same text', async () => {
    const plain = await app.ask('/live/news/index.m3u8');
    expect(plain.headers.get('content-encoding')).toBeNull();
    for (let times = 0; times < 2; times++) {
      const packed = await app.ask('/live/news/index.m3u8', { 'accept-encoding': 'br, gzip' });
      expect(packed.headers.get('content-encoding')).toBe('gzip');
      expect(packed.headers.get('vary')).toBe('Accept-Encoding');
      const text = new TextDecoder().decode(Bun.gunzipSync(await packed.bytes()));
      expect(text).toBe(await plain.clone().text());
    }
  });

  test('of a channel with variants, all of them or the one asked for', async () => {
    const all = await (await app.ask('/live/multi/index.m3u8')).text();
    expect(all).toContain('\n1080p-5000k/index.m3u8\n');
    expect(all).toContain('\n360p-1000k/index.m3u8\n');
    const one = await (await app.ask('/live/multi/index.m3u8?quality=720')).text();
    expect(one).toMatch(/\n360p-1000k\/\d+-\w+\.ts\n/);
    expect(app.outbound.requests).toHaveLength(1);
  });

  test('503 where the source has nothing, and upstream is not asked again at once', async () => {
    for (let times = 0; times < 3; times++) {
      const answer = await app.ask('/live/down/index.m3u8');
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    }
    expect(app.outbound.requests).toHaveLength(1);
  });

  test('503 after ten seconds where the source names nothing', async () => {
    app.script.segments = undefined;
    const asked = app.ask('/live/news/index.m3u8');
    await app.clock.advance(10_000);
    expect((await asked).status).toBe(503);
  });
});

describe('bodies', () => {
  test('come whole, named and kept for ever', async () => {
    const path = await segmentPath();
    const answer = await app.ask(path);
    expect([answer.status, await answer.text()]).toEqual([200, 'body of 0']);
    expect(answer.headers.get('content-type')).toBe('video/mp2t');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    const etag = answer.headers.get('etag') as string;
    expect(etag).toBe(`"${path.slice(path.lastIndexOf('/') + 1)}"`);
    expect((await app.ask(path, { 'if-none-match': etag })).status).toBe(304);
  });

  const RANGES: readonly (readonly [string, number, string, string | null])[] = [
    ['bytes=0-3', 206, 'body', 'bytes 0-3/9'],
    ['bytes=5-', 206, 'of 0', 'bytes 5-8/9'],
    ['bytes=-1', 206, '0', 'bytes 8-8/9'],
    ['bytes=0-99', 206, 'body of 0', 'bytes 0-8/9'],
    ['bytes=0-1,3-4', 200, 'body of 0', null],
    ['bytes=x', 200, 'body of 0', null],
    [
      'bytes=9-',
      416,
      'DELIVERY_RANGE: Cannot send the range: the segment has 9 bytes\n',
      'bytes */9',
    ],
  ];
  for (const [range, status, text, contentRange] of RANGES) {
    test(`${range}, of what is held and of what is still to come`, async () => {
      const path = await segmentPath();
      for (let times = 0; times < 2; times++) {
        const answer = await app.ask(path, { range });
        expect([answer.status, await answer.text()]).toEqual([status, text]);
        expect(answer.headers.get('content-range')).toBe(contentRange);
      }
    });
  }

  const HELD: readonly (readonly [ifRange: (tag: string) => string, number])[] = [
    [(tag) => tag, 206],
    [(tag) => `W/${tag}`, 200],
    [() => '"other"', 200],
    [() => 'Sat, 01 Jan 2022 00:00:00 GMT', 200],
  ];
  for (const [ifRange, status] of HELD) {
    test(`a part for who holds ${ifRange('"it"')}: ${status}`, async () => {
      const path = await segmentPath();
      const tag = `"${path.slice(path.lastIndexOf('/') + 1)}"`;
      for (let times = 0; times < 2; times++) {
        const answer = await app.ask(path, { range: 'bytes=0-3', 'if-range': ifRange(tag) });
        expect([answer.status, await answer.text()]).toEqual([
          status,
          status === 206 ? 'body' : 'body of 0',
        ]);
      }
    });
  }

  test('are piped while they come', async () => {
    app.script.onWant = (key, emit) => {
      emit({ type: 'chunk', key, offset: 0, bytes: new TextEncoder().encode('body ') });
      app.clock.after(500, () => {
        emit({ type: 'chunk', key, offset: 5, bytes: new TextEncoder().encode('of it') });
        emit(loaded(key, 'body of it'));
      });
    };
    const answer = await app.ask(await segmentPath());
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const first = await reader.read();
    expect(new TextDecoder().decode(first.value)).toBe('body ');
    await app.clock.advance(500);
    const second = await reader.read();
    expect(new TextDecoder().decode(second.value)).toBe('of it');
    expect((await reader.read()).done).toBe(true);
  });

  test('break visibly where what was sent is not how it goes on', async () => {
    app.script.onWant = (key, emit) => {
      emit({ type: 'chunk', key, offset: 0, bytes: new TextEncoder().encode('body ') });
      app.clock.after(500, () => emit({ type: 'broken', key }));
    };
    const answer = await app.ask(await segmentPath());
    const text = answer.text().then(
      () => 'ended well',
      () => 'broke',
    );
    await app.clock.advance(500);
    expect(await text).toBe('broke');
  });

  test('503 for one that does not come says why, and not from where', async () => {
    app.script.onWant = (key, emit) => {
      const message = 'Cannot fetch from http://up.example:81: closed';
      const error = { code: 'NET_TRUNCATED', message, detail: { origin: 'http://up.example:81' } };
      emit({ type: 'failed', key, error });
    };
    const answer = await app.ask(await segmentPath());
    expect([answer.status, await answer.text()]).toEqual([
      503,
      'DELIVERY_UNAVAILABLE: Cannot play now: the segment did not come: ' +
        'what the source sends cannot be used (NET_TRUNCATED)\n',
    ]);
  });

  test('503 for one that does not come in time', async () => {
    app.script.onWant = () => {};
    const asked = app.ask(await segmentPath());
    await app.clock.advance(10_000);
    const answer = await asked;
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });

  test('a key is kept by nobody', async () => {
    app.script.segments = [listedSegment(1, { keys: [listedKey('key-a.key')] })];
    await names();
    const answer = await app.ask('/live/news/main/key-a.key');
    expect([answer.status, await answer.text()]).toEqual([200, 'body of key-a.key']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('errors', () => {
  const ROWS: readonly (readonly [path: string, status: number, code: string])[] = [
    ['/live/none/index.m3u8', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['/live/none/main/index.m3u8', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['/live/none/main/1-a.ts', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['/live/news/none/index.m3u8', 404, 'DELIVERY_UNKNOWN_RENDITION'],
    ['/live/news/main/none.ts', 404, 'DELIVERY_UNKNOWN_SEGMENT'],
    ['/live/news/main/999-a.ts', 404, 'DELIVERY_UNKNOWN_SEGMENT'],
    ['/live/news/index.m3u8?quality=high', 400, 'DELIVERY_QUALITY'],
    ['/live/down/index.m3u8', 503, 'DELIVERY_UNAVAILABLE'],
    ['/live/down/main/1-a.ts', 503, 'DELIVERY_UNAVAILABLE'],
    ['/live/news', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['/live/news/index.m3u8/', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['/live/news/main/index.m3u8/', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['/online.m3u8/?fid=news', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['/playlist.m3u/', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['/live/a%0Ab%22/index.m3u8', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['/nothing', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
  ];
  for (const [path, status, code] of ROWS) {
    test(`${path}: ${status} ${code}, as text or as JSON`, async () => {
      const text = await app.ask(path);
      expect(text.status).toBe(status);
      expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(text.headers.get('cache-control')).toBe('no-store');
      expect(text.headers.get('vary')).toBe('Accept');
      const line = await text.text();
      expect(line).toMatch(new RegExp(`^${code}: Cannot .+\\n$`));
      const json = await app.ask(path, { accept: 'application/json' });
      const message = line.slice(code.length + 2, -1);
      expect([json.status, await json.json()]).toEqual([status, { status, code, message }]);
    });
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    test(`${method} is refused`, async () => {
      const answer = await app.ask('/live/news/index.m3u8', {}, method);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    });
  }

  test('OPTIONS says what a page may ask', async () => {
    const answer = await app.ask('/live/news/index.m3u8', {}, 'OPTIONS');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-headers')).toBe('Range, If-None-Match');
  });
});

describe('HEAD', () => {
  const PATHS = [
    '/live/news/index.m3u8',
    '/live/news/main/index.m3u8',
    '/live/news/main/1-a.ts',
    '/live/multi/index.m3u8',
    '/live/multi/1080p-5000k/1-a.ts',
    '/proxy/multi/index.m3u8',
    '/host/multi/index.m3u8',
    '/redirect/multi',
    '/online.m3u8?fid=news',
    '/channel.m3u8?fid=multi',
    '/playlist.m3u',
    '/api/channels',
  ];
  for (const path of PATHS) {
    test(`${path} asks nothing of upstream`, async () => {
      const answer = await app.ask(path, {}, 'HEAD');
      expect(await answer.text()).toBe('');
      expect(answer.status).toBe(
        path.endsWith('.ts') ? 404 : path === '/redirect/multi' ? 302 : 200,
      );
      await app.clock.advance(5000);
      expect([app.loopsOpened, app.outbound.requests.length]).toEqual([0, 0]);
    });
  }

  test('of a body that is held says what GET would', async () => {
    const path = await segmentPath();
    await app.ask(path);
    const answer = await app.ask(path, {}, 'HEAD');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
  });

  test('of a playlist that is known says all that GET would, of another no length', async () => {
    for (const path of ['/live/news/index.m3u8', '/live/news/main/index.m3u8']) {
      const cold = await app.ask(path, {}, 'HEAD');
      if (app.loopsOpened === 0) expect(cold.headers.get('transfer-encoding')).toBe('chunked');
      expect(cold.headers.get('vary')).toBe('Accept-Encoding');
      await app.ask(path);
      const got = await app.ask(path);
      const head = await app.ask(path, {}, 'HEAD');
      expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(got.headers));
    }
    await app.ask('/live/multi/index.m3u8');
    const all = await app.ask('/live/multi/index.m3u8', {}, 'HEAD');
    expect(all.headers.get('etag')).not.toBeNull();
    const one = await app.ask('/live/multi/index.m3u8?quality=720', {}, 'HEAD');
    expect([one.status, one.headers.get('etag')]).toEqual([200, null]);
    expect((await app.ask('/live/multi/none/index.m3u8', {}, 'HEAD')).status).toBe(404);
    expect((await app.ask('/live/multi/index.m3u8?quality=x', {}, 'HEAD')).status).toBe(400);
  });

  test('of a channel there is not is 404', async () => {
    expect((await app.ask('/live/none/index.m3u8', {}, 'HEAD')).status).toBe(404);
  });
});

describe('what has left the ring and lies in a tier', () => {
  const LIST = 'http://up.example/list.m3u8';
  const text = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n';
  const path = '/live/kept/main/0-x.ts';
  let kept: InProcessApp;

  beforeEach(async () => {
    const channel = { ...urlChannel('kept', LIST), mode: 'buffered' } as const;
    kept = createInProcessApp(
      [channel],
      { [LIST]: { body: text } },
      {
        createOverflow: (clock) => {
          const { overflow } = openScripted(clock);
          const span = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
          const copy = { channel: 'kept', rendition: 'main', name: '0-x.ts', tierName: 'x', span };
          overflow.keep(copy, { body: new Blob(['0123456789']), contentType: 'video/mp2t' });
          return overflow;
        },
      },
    );
    expect((await kept.ask('/live/kept/main/index.m3u8')).status).toBe(200);
  });
  afterEach(() => kept[Symbol.dispose]());

  test('is sent as what is in memory: whole, in part, and to HEAD', async () => {
    const whole = await kept.ask(path);
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
    expect(whole.headers.get('content-type')).toBe('video/mp2t');
    const head = await kept.ask(path, {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.headers.get('etag')).toBe(whole.headers.get('etag'));
    const part = await kept.ask(path, { range: 'bytes=2-4' });
    expect([part.status, await part.text()]).toEqual([206, '234']);
    expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
    const etag = whole.headers.get('etag') ?? '';
    expect((await kept.ask(path, { 'if-none-match': etag })).status).toBe(304);
  });

  test.each(['GET', 'HEAD'])('%s: what is not there is answered as always', async (method) => {
    expect((await kept.ask('/live/kept/main/0-y.ts', {}, method)).status).toBe(410);
    expect((await kept.ask('/live/kept/main/99-y.ts', {}, method)).status).toBe(404);
  });

  test('is counted', async () => {
    await (await kept.ask(path)).text();
    const metrics = await (await kept.ask('/metrics')).text();
    expect(metrics).toContain('weir_tier_recalled_total 1\n');
    expect(metrics).toMatch(/weir_tier_looks_total\{tier="disk",[^}]*outcome="hits"\} 1\n/);
    expect(metrics).toMatch(/weir_tier_state\{tier="disk",[^}]*state="up"\} 1\n/);
    expect(metrics).toMatch(/weir_tier_puts_total\{[^}]*\} 1\n/);
  });
});
