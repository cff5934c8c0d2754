// This file watches endless streams in the mode proxy: each viewer's connection is his own.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { listenEndless, restOf } from '../support/endless-server.ts';
import { decodeWithFfmpeg, hasProgram, probe } from '../support/programs.ts';
import { CODE, PICTURE, SOUND, StreamOrigin } from '../support/stream-origin.ts';
import { StreamWriter, writeFrames } from '../support/ts-stream.ts';
import { Weir } from '../support/weir.ts';

const MIB = 2 ** 20;
const PACKET_BYTES = 188;
const STALLED = 20;
/** The runtime has read up to 3 MB of each answer before it is held back; the rest is warming up. */
const GROWTH_MAX = (40 + STALLED * 4) * MIB;
/** A key frame each: with fewer, what comes before the first cannot be decoded. */
const ALL_KEYS = [...CODE, '-g', '1'];

async function until(isTrue: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isTrue()) return true;
    await Bun.sleep(50);
  }
  return false;
}

async function metricOf(weir: Weir, name: string): Promise<number> {
  const text = await (await fetch(weir.url('/metrics'))).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} ([\\d.]+)$`, 'm').exec(text)?.[1] ?? 0);
}

describe.skipIf(!hasProgram('ffmpeg'))('/proxy/{channel}.ts', () => {
  let origin: StreamOrigin;
  let weir: Weir;
  beforeAll(async () => {
    origin = new StreamOrigin({ args: [...PICTURE, ...SOUND, ...ALL_KEYS] });
    const source = `{ url: '${origin.url}', provider: small }`;
    weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
providers: { small: { max_connections: 1 } }
channels:
  - { id: tv, mode: proxy, sources: ['${origin.url}'] }
  - { id: one, mode: proxy, sources: [${source}] }
  - { id: other, mode: proxy, sources: [${source}] }
  - { id: gone, mode: proxy, sources: ['http://127.0.0.1:9/gone.ts'] }
`,
    });
  }, 30_000);
  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
  });

  const watch = async (path: string) => {
    const leave = new AbortController();
    const response = await fetch(weir.url(path), { signal: leave.signal });
    return { response, reader: response.body?.getReader(), leave: () => leave.abort() };
  };

  test('is what ffmpeg and ffprobe take for television', async () => {
    const [decoded, streams] = await Promise.all([
      decodeWithFfmpeg(weir.url('/proxy/tv.ts'), 12),
      probe(weir.url('/proxy/tv.ts')),
    ]);
    expect(decoded.errors).toEqual([]);
    expect(decoded.durationS).toBeGreaterThan(11);
    expect(decoded.jumps).toEqual([]);
    expect(streams.map((stream) => stream['codec_name']).sort()).toEqual(['aac', 'h264']);
    expect(origin.requests).toBe(2);
    expect(await until(() => origin.open === 0)).toBe(true);
  }, 90_000);

  test('begins with a packet, says what players look for, and is closed with its viewer', async () => {
    const before = origin.requests;
    const { response, reader, leave } = await watch('/proxy/tv.ts');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'video/mp2t',
      'cache-control': 'no-store',
      'accept-ranges': 'none',
      'x-accel-buffering': 'no',
    });
    expect(response.headers.get('content-length')).toBeNull();
    const { value } = (await reader?.read()) ?? {};
    expect([value?.[0], value?.[PACKET_BYTES] ?? 0x47]).toEqual([0x47, 0x47]);
    expect([origin.open, origin.requests - before]).toEqual([1, 1]);
    expect(await metricOf(weir, 'weir_proxy_ts_viewers')).toBe(1);
    leave();
    expect(await until(() => origin.open === 0)).toBe(true);
    expect(await metricOf(weir, 'weir_proxy_ts_viewers')).toBe(0);
  }, 30_000);

  test('HEAD asks nothing, and what is not there is refused before the first byte', async () => {
    const before = origin.requests;
    expect((await fetch(weir.url('/proxy/tv.ts'), { method: 'HEAD' })).status).toBe(200);
    expect(origin.requests).toBe(before);
    const answer = await fetch(weir.url('/proxy/gone.ts'));
    expect([answer.status, await answer.text()]).toEqual([
      502,
      'DELIVERY_UPSTREAM: Cannot send it: the source is not to be reached (NET_CONNECT)\n',
    ]);
  });

  test('one connection more than the provider allows is refused; who leaves makes room', async () => {
    const before = origin.requests;
    const first = await watch('/proxy/one.ts');
    await first.reader?.read();
    const refused = await fetch(weir.url('/proxy/other.ts'));
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(refused.headers.get('x-hdhomerun-error')).toBe('805 All Tuners In Use');
    expect(await refused.text()).toContain('all connections that the source allows are in use');
    // Zapping: the next channel is asked for while the last one is let go of
    let zapped = watch('/proxy/other.ts');
    first.leave();
    expect(
      await until(async () => {
        const { response } = await zapped;
        if (response.status !== 200) zapped = watch('/proxy/other.ts');
        return response.status === 200;
      }),
    ).toBe(true);
    const second = await zapped;
    await second.reader?.read();
    expect([origin.open, origin.requests - before]).toEqual([1, 2]);
    second.leave();
    expect(await until(() => origin.open === 0)).toBe(true);
    expect(await until(async () => (await metricOf(weir, 'weir_provider_connections')) === 0)).toBe(
      true,
    );
  }, 30_000);

  test('is listed as such, also by what a viewer is told that asks for the list', async () => {
    const text = await (await fetch(weir.url('/playlist.m3u'))).text();
    expect(text).toContain(`${weir.url('/proxy/gone.ts')}\n`);
    expect(text).toContain(`${weir.url('/proxy/tv/index.m3u8')}\n`);
  });
});

describe('viewers that do not read an endless stream', () => {
  test('hold their upstream back, take no memory, and are closed when they leave', async () => {
    const media = writeFrames(new StreamWriter(), 90_000, 50).take();
    await using server = await listenEndless('chunked', { block: media });
    await using weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
channels:
  - { id: fast, mode: proxy, sources: ['http://127.0.0.1:${server.port}/fast'] }
`,
    });
    await (await fetch(weir.url('/metrics'))).text();
    const beforeBytes = weir.rssBytes();
    const stalled: Socket[] = [];
    for (let count = 0; count < STALLED; count++) {
      const socket = connect(weir.port, '127.0.0.1');
      socket.write('GET /proxy/fast.ts HTTP/1.1\r\nHost: weir\r\n\r\n');
      socket.pause();
      stalled.push(socket);
    }
    const isOpen = (count: number) => async () =>
      (await metricOf(weir, 'weir_proxy_ts_viewers')) === count;
    expect(await until(isOpen(STALLED))).toBe(true);
    const sentBytes = await restOf(server.counter);
    // A collector may come late where others have much to do
    expect(await until(() => weir.rssBytes() - beforeBytes < GROWTH_MAX)).toBe(true);
    // Buffers of four sockets' ends each, which are the kernel's
    expect(sentBytes / STALLED).toBeLessThan(32 * MIB);
    for (const socket of stalled) socket.destroy();
    expect(await until(isOpen(0))).toBe(true);
    expect(await until(() => server.open.size === 0)).toBe(true);
  }, 60_000);
});
