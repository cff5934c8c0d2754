// This file relays endless MPEG-TS that ffmpeg makes and decodes what comes out as HLS.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { decodeWithFfmpeg, hasProgram, runProgram } from '../support/programs.ts';
import { CODE, PICTURE, SOUND, StreamOrigin } from '../support/stream-origin.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { Weir } from '../support/weir.ts';

type Listed = { readonly targetS: number; readonly durations: number[]; readonly names: string[] };

function read(playlist: string): Listed {
  return {
    targetS: Number(/TARGETDURATION:(\d+)/.exec(playlist)?.[1]),
    durations: [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map(([, text]) => Number(text)),
    names: playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
  };
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds() && performance.now() < endMs) await Bun.sleep(10);
}

const IDLE_STOP_MS = 5000;
/** Longer than all tests here take. */
const RECORDED_S = 240;
const AT_ONCE = [...PICTURE, ...SOUND].filter((word) => word !== '-re');

/** Made beforehand: an encoder is not live any more on a machine that has much else to do. */
async function record(folder: TempFolder): Promise<string> {
  const file = `${folder.path}/live.ts`;
  const cmd = ['ffmpeg', '-nostdin', '-v', 'error', ...AT_ONCE, ...CODE, '-t', String(RECORDED_S)];
  const { code, stderr } = await runProgram([...cmd, file], 60_000);
  if (code !== 0) throw new Error(`Cannot record: ffmpeg said ${stderr}`);
  return file;
}

describe.skipIf(!hasProgram('ffmpeg'))('an endless stream', () => {
  let folder: TempFolder;
  let origin: StreamOrigin;
  let weir: Weir;

  beforeAll(async () => {
    folder = await createTempFolder();
    origin = new StreamOrigin({ args: ['-re', '-i', await record(folder), '-c', 'copy'] });
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
    await folder?.[Symbol.asyncDispose]();
  });

  const list = async () => read(await (await fetch(weir.url('/live/live/index.m3u8'))).text());

  test('is one channel to fifty viewers over one connection, and ffmpeg decodes it', async () => {
    const startMs = performance.now();
    expect((await list()).durations.length).toBeGreaterThan(0);
    expect(performance.now() - startMs).toBeLessThan(10_000);
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

  test('is closed within a second of idle_stop', async () => {
    await list();
    const startMs = performance.now();
    await until(() => origin.open === 0, IDLE_STOP_MS + 3000);
    const tookMs = performance.now() - startMs;
    expect(origin.open).toBe(0);
    expect(tookMs).toBeGreaterThan(IDLE_STOP_MS - 1000);
    expect(tookMs).toBeLessThan(IDLE_STOP_MS + 1000);
  }, 30_000);

  test('starts again over one connection', async () => {
    const before = origin.requests;
    expect((await list()).durations.length).toBeGreaterThan(0);
    expect([origin.requests - before, origin.mostOpen]).toEqual([1, 1]);
    await until(() => origin.open === 0, IDLE_STOP_MS + 3000);
  }, 30_000);

  test('has no playlist to be passed on: proxy mode leads to the buffer', async () => {
    const answer = await fetch(weir.url('/proxy/piped/index.m3u8'), { redirect: 'manual' });
    expect(answer.status).toBe(302);
    const location = new URL(answer.headers.get('location') ?? '', answer.url);
    expect(location.pathname).toBe('/live/piped/index.m3u8');
    await until(() => origin.open === 0, 1000);
    expect(origin.open).toBe(0);
  });
});
