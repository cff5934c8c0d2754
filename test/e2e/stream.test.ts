// This file relays endless MPEG-TS that ffmpeg makes and decodes what comes out as HLS.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { decodeWithFfmpeg, hasProgram } from '../support/programs.ts';
import { played, StreamOrigin } from '../support/stream-origin.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';

type Listed = { readonly targetS: number; readonly durations: number[]; readonly names: string[] };

function read(playlist: string): Listed {
  return {
    targetS: Number(/TARGETDURATION:(\d+)/.exec(playlist)?.[1]),
    durations: [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map(([, text]) => Number(text)),
    names: playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
  };
}

const IDLE_STOP_MS = 3000;
/** What a machine that is busy may take longer; a second is what it takes where none else works. */
const SLACK_MS = 10_000;
describe.skipIf(!hasProgram('ffmpeg'))('an endless stream', () => {
  let origin: StreamOrigin;
  let weir: Weir;

  beforeAll(async () => {
    origin = new StreamOrigin({ args: await played() });
    weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
prefetch: { idle_stop: ${IDLE_STOP_MS / 1000}s }
channels:
  - { id: live, sources: [{ url: '${origin.url}', segment: 2s }] }
  - { id: piped, mode: proxy, sources: ['${origin.url}'] }
`,
    });
  }, 90_000);
  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
  });

  const list = async () => read(await (await fetch(weir.url('/live/live/index.m3u8'))).text());

  test('is one channel to fifty viewers over one connection, and ffmpeg decodes it', async () => {
    expect((await list()).durations.length).toBeGreaterThan(0);
    const lists: Listed[] = [];
    const viewers = Array.from({ length: 50 }, async () => {
      for (let look = 0; look < 8; look++) {
        const listed = await list();
        lists.push(listed);
        const name = listed.names.at(-1) ?? '';
        expect((await fetch(weir.url(`/live/live/${name}`))).status).toBe(200);
        await Bun.sleep(1500);
      }
    });
    const [decoded] = await Promise.all([
      decodeWithFfmpeg(weir.url('/live/live/index.m3u8'), 20),
      ...viewers,
    ]);
    expect(decoded.errors).toEqual([]);
    expect(decoded.durationS).toBeGreaterThan(15);
    expect(decoded.jumps).toEqual([]);
    for (const { durations, targetS } of lists) {
      for (const seconds of durations) expect(Math.round(seconds)).toBeLessThanOrEqual(targetS);
    }
    expect(lists.at(-1)?.durations.at(-1)).toBe(2);
    expect([origin.mostOpen, origin.requests, origin.open]).toEqual([1, 1, 1]);
  }, 90_000);

  test('goes on over a discontinuity where the origin was cut off', async () => {
    const before = origin.requests;
    const { names } = await list();
    origin.cutOff();
    let playlist = '';
    for (let look = 0; look < 40 && !playlist.includes('#EXT-X-DISCONTINUITY\n'); look++) {
      await Bun.sleep(250);
      playlist = await (await fetch(weir.url('/live/live/index.m3u8'))).text();
    }
    expect(playlist).toContain('#EXT-X-DISCONTINUITY\n');
    expect(names.some((name) => playlist.includes(name))).toBe(true);
    expect(origin.requests).toBe(before + 1);
    expect(origin.mostOpen).toBe(1);
  }, 30_000);

  test('tells what it saw', async () => {
    const metrics = await (await fetch(weir.url('/metrics'))).text();
    expect(metrics).toContain('weir_stream_connects_total{channel="live"} 2\n');
    expect(metrics).toContain('weir_stream_continuity_errors_total{channel="live"} 0\n');
  });

  test('is closed after idle_stop, and no sooner', async () => {
    await list();
    const startMs = performance.now();
    expect(await until(() => origin.open === 0, IDLE_STOP_MS + SLACK_MS)).toBe(true);
    expect(performance.now() - startMs).toBeGreaterThan(IDLE_STOP_MS - 1000);
  }, 30_000);

  test('starts again over one connection', async () => {
    const before = origin.requests;
    expect((await list()).durations.length).toBeGreaterThan(0);
    expect([origin.requests - before, origin.mostOpen]).toEqual([1, 1]);
    expect(await until(() => origin.open === 0, IDLE_STOP_MS + SLACK_MS)).toBe(true);
  }, 30_000);

  test('has no playlist to be passed on: proxy mode leads to the buffer', async () => {
    const answer = await fetch(weir.url('/proxy/piped/index.m3u8'), { redirect: 'manual' });
    expect(answer.status).toBe(302);
    const location = new URL(answer.headers.get('location') ?? '', answer.url);
    expect(location.pathname).toBe('/live/piped/index.m3u8');
    expect(await until(() => origin.open === 0, SLACK_MS)).toBe(true);
  });
});
