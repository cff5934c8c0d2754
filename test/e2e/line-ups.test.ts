// This file has a running weir take line-ups in, whose tokens and names change while people watch.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FfmpegOrigin } from '../support/ffmpeg-origin.ts';
import { probe, runProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { Weir, weirCommand } from '../support/weir.ts';

let origin: FfmpegOrigin;
let folder: TempFolder;
let weir: Weir;
let token = 'first';
let prefix = '';

const entry = (name: string, url: string, more = '') =>
  `#EXTINF:-1 ${more},${prefix}${name}\n${url}\n`;
const media = () => origin.url(`/v0/index.m3u8?token=${token}`);

/** Two providers: each list has the channel, under a name of its own, and others. */
const lists = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: ({ url }) => {
    const { pathname } = new URL(url);
    const others = ['A', 'B', 'C'].map((name) =>
      entry(name, `http://192.0.2.1${pathname}/${name}.m3u8?t=${token}`),
    );
    if (pathname === '/one.m3u') {
      return new Response(`#EXTM3U\n${others.join('')}${entry('News', media(), 'tvg-chno="40"')}`);
    }
    const second = `#EXTM3U\n${entry('News HD', media().replace('/v0', '/v1'))}`;
    return new Response(Bun.gzipSync(second + others.join('')));
  },
});

beforeAll(async () => {
  origin = await FfmpegOrigin.start();
  folder = await createTempFolder();
  const at = `http://127.0.0.1:${lists.port}`;
  await folder.write(
    'weir.yaml',
    `allow_private: [127.0.0.0/8]
lineups:
  - { url: '${at}/one.m3u', rename: { from: '/^Neu: /' } }
  - { url: '${at}/two.m3u.gz', rename: { from: '/^Neu: /' }, merge: true }
`,
  );
  weir = await Weir.start({ args: ['--config', `${folder.path}/weir.yaml`] });
}, 60_000);
afterAll(async () => {
  await weir?.[Symbol.asyncDispose]();
  await origin?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
  await lists.stop(true);
});

const playlist = async () => await (await fetch(weir.url('/playlist.m3u'))).text();
const status = async () =>
  (await (await fetch(weir.url('/api/lineups'))).json()) as { readAt: string; merged: number }[];

describe('line-ups', () => {
  test('two of them make one list, and the same address plays with other tokens and names', async () => {
    const before = await playlist();
    expect(before.match(/^http.*$/gm)?.map((url) => new URL(url).pathname)).toEqual([
      '/live/a/index.m3u8',
      '/live/b/index.m3u8',
      '/live/c/index.m3u8',
      '/live/news/index.m3u8',
    ]);
    expect(before).toContain('tvg-chno="40" tvg-name="News"');
    expect((await status()).map(({ merged }) => merged)).toEqual([0, 4]);
    const news = weir.url('/live/news/index.m3u8');
    const codecs = async () => (await probe(news)).map((stream) => stream['codec_name']).sort();
    expect(await codecs()).toEqual(['aac', 'h264']);

    token = 'second';
    prefix = 'Neu: ';
    const [{ readAt } = { readAt: '' }] = await status();
    weir.signal('SIGHUP');
    const isRead = async () => (await status()).every((each) => each.readAt > readAt);
    expect(await until(isRead, 20_000)).toBe(true);
    expect(await playlist()).toBe(before);
    const asked = origin.requests.length;
    expect(await codecs()).toEqual(['aac', 'h264']);
    expect(origin.requests.length).toBeGreaterThan(asked);
  }, 90_000);

  test('what `weir import` keeps is taken up by the weir that runs', async () => {
    const config = ['--config', `${folder.path}/weir.yaml`, '--data', weir.dataDir];
    token = 'third';
    const before = await status();
    const trial = [...weirCommand(), 'import', '--dry-run', ...config];
    expect((await runProgram(trial, 30_000)).stdout).toContain('Nothing was changed.');
    expect(await status()).toEqual(before);
    expect((await runProgram([...weirCommand(), 'import', ...config], 30_000)).code).toBe(0);
    const isTaken = async () =>
      (await status()).every(({ readAt }, at) => readAt > (before[at]?.readAt ?? ''));
    expect(await until(isTaken, 20_000)).toBe(true);
    expect(weir.output).not.toContain('third');
  }, 90_000);

  test('a start while both are down has all channels', async () => {
    const before = await playlist();
    const { dataDir } = weir;
    await weir.stop();
    await lists.stop(true);
    await using again = await Weir.start({
      args: ['--config', `${folder.path}/weir.yaml`],
      dataDir,
      port: weir.port,
    });
    const now = await (await fetch(again.url('/playlist.m3u'))).text();
    expect(now).toBe(before);
    const streams = await probe(again.url('/live/news/index.m3u8'));
    expect(streams.length).toBe(2);
  }, 90_000);
});
