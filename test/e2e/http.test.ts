// This file asks a running weir what players, caches and operators ask it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { exchange } from '../delivery/raw-client.ts';
import { FaultyOrigin } from '../support/faulty-origin.ts';
import { LiveChannel, type LiveRendition } from '../support/live-origin.ts';
import { delayed } from '../support/origin/fault.ts';
import { Weir } from '../support/weir.ts';

const TWO: readonly LiveRendition[] = [
  { name: 'low', width: 640, height: 360, bandwidth: 800_000 },
  { name: 'high', width: 1280, height: 720, bandwidth: 2_500_000 },
];

const origin = new FaultyOrigin();
const single = new LiveChannel(origin, { name: 'single' });
const variants = new LiveChannel(origin, { name: 'variants', renditions: TWO });
const probed = new LiveChannel(origin, { name: 'probed' });
const idle = new LiveChannel(origin, { name: 'idle' });
const headed = new LiveChannel(origin, { name: 'headed' });
const finished = new LiveChannel(origin, { name: 'finished' });
finished.end();

const yaml = (extra = '') => `
allow_private: [127.0.0.0/8]
prefetch: { idle_stop: 2s }
log: { format: json, level: debug }
channels:
  - { id: single, name: 'One, "two"', number: 7, group: News, sources: ['${single.mediaUrl()}'] }
  - { id: variants, sources: ['${variants.multivariantUrl}'] }
  - { id: probed, sources: ['${probed.mediaUrl()}'] }
  - { id: idle, sources: ['${idle.mediaUrl()}'] }
  - { id: headed, sources: ['${headed.mediaUrl()}'] }
  - { id: finished, sources: ['${finished.mediaUrl()}'] }
${extra}`;

let weir: Weir;
beforeAll(async () => {
  weir = await Weir.start({ yaml: yaml() });
}, 30_000);
afterAll(async () => {
  await weir?.[Symbol.asyncDispose]();
  origin[Symbol.dispose]();
});

const get = (path: string, init: RequestInit = {}) =>
  fetch(weir.url(path), { redirect: 'manual', ...init });

const textOf = async (path: string) => (await get(path)).text();

const namesIn = (playlist: string) =>
  playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

const asked = (channel: LiveChannel, kind: 'segments' | 'playlists') =>
  origin.requests.filter(({ path }) => channel[kind]().test(path)).length;

/** Waits until `holds` does; a test that waits in vain fails by its expectation after. */
async function until(holds: () => boolean | Promise<boolean>, withinMs = 5000): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!(await holds()) && Date.now() < endMs) await Bun.sleep(25);
}

describe('demand', () => {
  test('a lone look at the playlist starts no prefetch, a second request does', async () => {
    const first = await textOf('/live/probed/index.m3u8');
    expect(namesIn(first).length).toBeGreaterThanOrEqual(3);
    await Bun.sleep(300);
    expect({ segments: asked(probed, 'segments'), playlists: asked(probed, 'playlists') }).toEqual({
      segments: 0,
      playlists: 1,
    });
    await textOf('/live/probed/index.m3u8');
    await until(() => asked(probed, 'segments') >= 3);
    expect(asked(probed, 'segments')).toBeGreaterThanOrEqual(3);
  });

  test('everything upstream ends within a second of idle_stop', async () => {
    await textOf('/live/idle/index.m3u8');
    await textOf('/live/idle/index.m3u8');
    await until(() => asked(idle, 'segments') > 0);
    await Bun.sleep(3200);
    const before = origin.requests.filter(({ path }) => path.startsWith('/idle/')).length;
    await Bun.sleep(2500);
    expect(origin.requests.filter(({ path }) => path.startsWith('/idle/')).length).toBe(before);
    const [described] = (await (await get('/api/channels')).json()).filter(
      (row: { id: string }) => row.id === 'idle',
    );
    expect(described.renditions.every((row: { state: string }) => row.state === 'cold')).toBe(true);
  }, 15_000);

  test('HEAD asks nothing of upstream', async () => {
    const paths = ['index.m3u8', 'main/index.m3u8', 'main/100-abc.ts'];
    for (const path of paths) await get(`/live/headed/${path}`, { method: 'HEAD' });
    await get('/redirect/headed', { method: 'HEAD' });
    await get('/playlist.m3u', { method: 'HEAD' });
    expect(origin.requests.filter(({ path }) => path.startsWith('/headed/'))).toEqual([]);
  });

  test('only the variant that is watched is fetched', async () => {
    const list = await textOf('/live/variants/index.m3u8');
    const low = namesIn(list).find((line) => line.startsWith('360p')) as string;
    for (let i = 0; i < 3; i++) await textOf(`/live/variants/${low}`);
    await until(() => asked(variants, 'segments') >= 3);
    const fetched = origin.requests.filter(({ path }) => variants.segments().test(path));
    expect(new Set(fetched.map(({ path }) => path.split('/')[2]))).toEqual(new Set(['low']));
  });
});

describe('playlists', () => {
  test('carry what players and caches need, and are relative throughout', async () => {
    const response = await get('/live/single/index.m3u8', {
      headers: { 'accept-encoding': 'identity' },
    });
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('public, max-age=1');
    expect(text).toStartWith('#EXTM3U\n#EXT-X-VERSION:3\n');
    for (const name of namesIn(text)) expect(name).toMatch(/^main\/\d+-[a-z0-9]{1,8}\.ts$/);
  });

  test('answer 304 to their ETag and gzip to who accepts it', async () => {
    await textOf('/live/finished/index.m3u8');
    const plain = await get('/live/finished/index.m3u8', {
      headers: { 'accept-encoding': 'identity' },
    });
    const text = await plain.text();
    const etag = plain.headers.get('etag') as string;
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await get('/live/finished/index.m3u8', {
        headers: { 'if-none-match': header },
      });
      expect({ header, status: again.status }).toEqual({ header, status: 304 });
    }
    const zipped = await get('/live/finished/index.m3u8', {
      headers: { 'accept-encoding': 'gzip' },
      decompress: false,
    } as RequestInit);
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(zipped.headers.get('vary')).toContain('Accept-Encoding');
    expect(Buffer.from(Bun.gunzipSync(await zipped.arrayBuffer())).toString()).toBe(text);
  });

  test('?quality= and ?hd= pick the best variant not above', async () => {
    const rows = [
      ['quality=720', 'high'],
      ['hd=720', 'high'],
      ['quality=719', 'low'],
      ['quality=100', 'low'],
      ['quality=9999', 'high'],
    ] as const;
    const folder = { low: '360p-800k/', high: '720p-2500k/' };
    for (const [query, wanted] of rows) {
      const [name] = namesIn(await textOf(`/live/variants/index.m3u8?${query}`));
      expect({ query, name: name?.startsWith(folder[wanted]) }).toEqual({ query, name: true });
    }
    expect((await get('/live/variants/index.m3u8?quality=hd')).status).toBe(400);
  });

  test('of a finished stream list everything, and every segment comes', async () => {
    const text = await textOf('/live/finished/index.m3u8');
    expect(text).toContain('#EXT-X-ENDLIST');
    expect(text).toContain('#EXT-X-PLAYLIST-TYPE:VOD');
    for (const name of namesIn(text)) {
      const body = new Uint8Array(await (await get(`/live/finished/${name}`)).arrayBuffer());
      const hash = new Bun.CryptoHasher('sha256').update(body).digest('hex');
      expect(finished.identify(hash)).toBeDefined();
    }
  });
});

describe('segments', () => {
  const newest = async () => {
    await textOf('/live/single/index.m3u8');
    return `/live/single/${namesIn(await textOf('/live/single/index.m3u8')).at(-1)}`;
  };

  test('never change, and say so', async () => {
    const path = await newest();
    await (await get(path)).arrayBuffer();
    const response = await get(path);
    const body = await response.arrayBuffer();
    expect(response.headers.get('content-type')).toBe('video/mp2t');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(response.headers.get('content-length')).toBe(String(body.byteLength));
    const etag = response.headers.get('etag') as string;
    expect((await get(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const head = await get(path, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(body.byteLength));
  });

  test('are sent in part to who asks for a part', async () => {
    const path = await newest();
    const whole = new Uint8Array(await (await get(path)).arrayBuffer());
    const size = whole.byteLength;
    const rows = [
      ['bytes=0-99', 206, 0, 100],
      ['bytes=100-', 206, 100, size],
      ['bytes=-188', 206, size - 188, size],
      [`bytes=0-${size * 2}`, 206, 0, size],
      ['bytes=5-2', 200, 0, size],
      ['bytes=0-1,4-5', 200, 0, size],
      ['lines=1-2', 200, 0, size],
    ] as const;
    for (const [range, status, from, to] of rows) {
      const response = await get(path, { headers: { range } });
      const part = new Uint8Array(await response.arrayBuffer());
      expect({ range, status: response.status, size: part.byteLength }).toEqual({
        range,
        status,
        size: to - from,
      });
      expect(Buffer.compare(part, whole.subarray(from, to))).toBe(0);
    }
    const beyond = await get(path, { headers: { range: `bytes=${size}-` } });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${size}`);
  });

  test('are refused in the words of the client', async () => {
    await newest();
    const rows = [
      ['/live/nothing/index.m3u8', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
      ['/live/single/other/index.m3u8', 404, 'DELIVERY_UNKNOWN_RENDITION'],
      ['/live/single/main/1-abc.ts', 410, 'DELIVERY_SEGMENT_GONE'],
      ['/live/single/main/999999999-abc.ts', 404, 'DELIVERY_UNKNOWN_SEGMENT'],
      ['/live/%zz/index.m3u8', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
      ['/live/single/%c0%af/1-abc.ts', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
      ['/live/single/main/..%2f..%2fetc%2fpasswd', 404, 'DELIVERY_UNKNOWN_SEGMENT'],
      ['/proxy/single/AAAA.ts', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
      ['/nothing', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ] as const;
    for (const [path, status, code] of rows) {
      const json = await get(path, { headers: { accept: 'application/json' } });
      expect({ path, status: json.status, code: (await json.json()).code }).toEqual({
        path,
        status,
        code,
      });
      const text = await get(path, { headers: { accept: '*/*' } });
      expect(await text.text()).toStartWith(`${code}: `);
    }
    const posted = await get('/live/single/index.m3u8', { method: 'POST' });
    expect({ status: posted.status, allow: posted.headers.get('allow') }).toEqual({
      status: 405,
      allow: 'GET, HEAD, OPTIONS',
    });
    const preflight = await get('/live/single/index.m3u8', { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Range');
  });
});

describe('the host', () => {
  const ask = (path: string, host: string) =>
    exchange(weir.port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

  test('may be as short as people call a machine at home', async () => {
    for (const host of ['nas', 'tv', 'pi', 'a', 'x.y', 'tv:80', 'tv:8080']) {
      for (const path of ['/', '/healthz', '/live/single/index.m3u8', '/playlist.m3u']) {
        const answer = await ask(path, host);
        expect({ host, path, status: answer.slice(9, 12) }).toEqual({ host, path, status: '200' });
      }
    }
    expect(await ask('/playlist.m3u', 'tv')).toContain('\nhttp://tv/live/single/index.m3u8\n');
  });

  test('is one, and a name', async () => {
    for (const host of ['a.example\r\nHost: b.example', 'a b', 'a/b', 'a@b']) {
      for (const path of ['/', '/healthz', '/live/single/index.m3u8', '/playlist.m3u', '/none']) {
        expect(await ask(path, host)).toStartWith('HTTP/1.1 400 ');
      }
    }
  });
});

describe('the unbuffered modes', () => {
  test('proxy pipes segments through under sealed names', async () => {
    const text = await textOf('/proxy/single/index.m3u8');
    expect(text).not.toContain(String(new URL(single.mediaUrl()).port));
    const [name] = namesIn(text) as [string];
    expect(name).toMatch(/^[A-Za-z0-9_-]+\.ts$/);
    const response = await get(`/proxy/single/${name}`);
    const body = new Uint8Array(await response.arrayBuffer());
    const hash = new Bun.CryptoHasher('sha256').update(body).digest('hex');
    expect(single.identify(hash)).toBeDefined();
    const part = await get(`/proxy/single/${name}`, { headers: { range: 'bytes=0-187' } });
    expect((await part.arrayBuffer()).byteLength).toBeLessThanOrEqual(body.byteLength);
    expect((await get(`/proxy/variants/${name}`)).status).toBe(404);
  });

  test('proxy follows variants', async () => {
    const [variant] = namesIn(await textOf('/proxy/variants/index.m3u8')) as [string];
    const [segment] = namesIn(await textOf(`/proxy/variants/${variant}`)) as [string];
    expect((await get(`/proxy/variants/${segment}`)).status).toBe(200);
  });

  test('host writes the named host and nothing is fetched from it', async () => {
    const upstream = new URL(single.mediaUrl());
    const [plain] = namesIn(await textOf('/host/single/index.m3u8')) as [string];
    expect(plain).toStartWith(`${upstream.origin}/single/`);
    const [moved] = namesIn(await textOf('/host/single/index.m3u8?host=cdn.example.com/tv'));
    expect(moved).toStartWith('http://cdn.example.com/tv/single/');
    for (const host of ['a"b', 'x%0d%0ay', 'javascript:alert(1)', '..']) {
      const path = `/host/single/index.m3u8?host=${encodeURIComponent(host)}`;
      expect({ host, status: (await get(path)).status }).toEqual({ host, status: 400 });
    }
  });

  test('redirect leads to the upstream', async () => {
    const response = await get('/redirect/single');
    expect([response.status, response.headers.get('location')]).toEqual([302, single.mediaUrl()]);
  });

  test('the older names lead to the same things', async () => {
    const online = namesIn(await textOf('/online.m3u8?fid=single&hd=720'));
    expect(online[0]).toMatch(/^live\/single\/main\/\d+-/);
    const hosted = namesIn(await textOf('/online.m3u8?fid=single&host=tv.example.com'));
    expect(hosted[0]).toStartWith('http://tv.example.com/live/single/main/');
    const proxied = namesIn(await textOf('/channel.m3u8?fid=single')) as [string];
    expect((await get(`/${proxied[0]}`)).status).toBe(200);
    const second = await get('/channel2.m3u8?fid=single&host=cdn.example.com');
    expect(second.status).toBe(302);
    const third = await get('/channel3.m3u8?fid=single');
    expect(third.headers.get('location')).toBe(single.mediaUrl());
    expect((await get('/online.m3u8')).status).toBe(400);
  });
});

describe('the line-up', () => {
  test('names every channel in the one safe form', async () => {
    const response = await get('/playlist.m3u');
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('audio/x-mpegurl');
    expect(text.split('\n')[0]).toBe('#EXTM3U');
    expect(text).toContain(`http://127.0.0.1:${weir.port}/live/single/index.m3u8`);
    expect(text).toContain('tvg-chno="7"');
    expect((await textOf('/playlist.m3u?group=News')).match(/#EXTINF/g)?.length).toBe(1);
    expect(await textOf('/playlist.m3u?mode=proxy')).toContain('/proxy/single/index.m3u8');
    expect(await textOf('/program.m3u?name=online')).toContain('/online.m3u8?fid=single');
    expect((await get('/playlist.m3u?mode=teleport')).status).toBe(400);
  });
});

describe('operations', () => {
  test('health, readiness, metrics and the page answer', async () => {
    expect(await textOf('/healthz')).toBe('ok\n');
    expect((await get('/readyz')).status).toBe(200);
    const metrics = await textOf('/metrics');
    for (const name of ['weir_channel_viewers', 'weir_upstream_fetches_total', 'weir_ring_bytes']) {
      expect(metrics).toContain(`\n${name}{`);
    }
    expect(metrics).toContain('weir_event_loop_lag_seconds ');
    const page = await textOf('/');
    expect(page).toContain('<title>weir</title>');
    const script = /src="([^"]+)"/.exec(page)?.[1] as string;
    expect((await get(new URL(script, weir.url('/')).pathname)).status).toBe(200);
  });

  test('a changed file is taken up, a broken one changes nothing', async () => {
    await Bun.write(
      weir.configFile,
      yaml(`  - { id: added, sources: ['${single.mediaUrl()}'] }\n`),
    );
    await until(async () => (await get('/api/channels/added')).status === 200);
    expect((await get('/live/added/index.m3u8')).status).toBe(200);
    await Bun.write(weir.configFile, yaml('  - { id: broken, sauces: [] }\n'));
    await until(() => weir.output.includes('sauces'));
    expect(weir.output).toContain('sauces');
    expect((await get('/api/channels/added')).status).toBe(200);
    await Bun.write(weir.configFile, yaml());
    await until(async () => (await get('/api/channels/added')).status === 404);
    expect((await get('/api/channels/added')).status).toBe(404);
  }, 20_000);
});

describe('a restart', () => {
  test('goes on with the same numbers and names, after SIGTERM and after kill -9', async () => {
    const again = new LiveChannel(origin, { name: 'again' });
    const own = `allow_private: [127.0.0.0/8]\nchannels: [{ id: again, sources: ['${again.mediaUrl()}'] }]\n`;
    const dataDir = `${weir.dataDir}-again`;
    let before = new Map<string, string>();
    let highest = -1;
    for (const end of ['stop', 'kill', 'stop'] as const) {
      await using run = await Weir.start({ yaml: own, dataDir });
      const list = async () => (await fetch(run.url('/live/again/index.m3u8'))).text();
      await list();
      const text = await list();
      const names = namesIn(text);
      const sequence = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
      expect(sequence).toBeGreaterThanOrEqual(highest);
      highest = sequence;
      const now = new Map<string, string>();
      for (const name of names) {
        const body = await (await fetch(run.url(`/live/again/${name}`))).arrayBuffer();
        now.set(name, new Bun.CryptoHasher('sha256').update(body).digest('hex'));
      }
      for (const [name, hash] of before) if (now.has(name)) expect(now.get(name)).toBe(hash);
      before = now;
      await Bun.sleep(700);
      if (end === 'kill') await run.kill();
    }
  }, 30_000);

  test('SIGTERM lets an answer in flight end', async () => {
    const slow = new LiveChannel(origin, { name: 'slow' });
    const own = `allow_private: [127.0.0.0/8]\nchannels: [{ id: slow, sources: ['${slow.mediaUrl()}'] }]\n`;
    const run = await Weir.start({ yaml: own });
    const [name] = namesIn(await (await fetch(run.url('/live/slow/index.m3u8'))).text()) as [
      string,
    ];
    origin.on(slow.segments(), delayed(800));
    const answer = fetch(run.url(`/live/slow/${name}`));
    await Bun.sleep(300);
    const stopped = run.stop();
    const body = new Uint8Array(await (await answer).arrayBuffer());
    const hash = new Bun.CryptoHasher('sha256').update(body).digest('hex');
    expect(slow.identify(hash)).toBeDefined();
    const exit = await stopped;
    expect(exit.code).toBe(0);
    await run[Symbol.asyncDispose]();
  }, 20_000);
});
