// This file goes back in a channel that weir records, with real players, from a tier on disk.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';
import { Chromium, chromiumPath } from '../support/browser.ts';
import { FfmpegOrigin } from '../support/ffmpeg-origin.ts';
import { madeHls } from '../support/made-media.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { recordArchive } from '../support/recorded-archive.ts';
import { RewindPage } from '../support/rewind-page.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';

const hasFfmpeg = hasProgram('ffmpeg') && hasProgram('ffprobe');
const chromium = chromiumPath();
const MIN = 60_000;

/** Twenty minutes were recorded before; then it goes on. */
const SEGMENT_S = 1;
const COUNT = 1200;
const VIEWERS = 100;
const LOOP_S = 30;
const WORDS =
  `-f lavfi -i testsrc2=size=160x90:rate=10:duration=${LOOP_S} -f lavfi -i sine=duration=${LOOP_S} ` +
  '-c:v libx264 -preset ultrafast -bf 2 -g 10 -sc_threshold 0 -threads 1 -c:a aac -b:a 32k ' +
  '-pix_fmt yuv420p';

/** A tier on a machine that is busy may be late: players ask again. */
async function askedAgain(address: URL): Promise<Response> {
  for (;;) {
    const answer = await fetch(address);
    if (answer.status !== 503) return answer;
    await Bun.sleep(1000 * Number(answer.headers.get('retry-after')));
  }
}

describe.skipIf(!hasFfmpeg)('weir with an archive', () => {
  let folder: TempFolder;
  let origin: FfmpegOrigin;
  let weir: Weir;
  let startMs: number;

  beforeAll(async () => {
    folder = await createTempFolder();
    const dataDir = join(folder.path, 'data');
    const tierDir = join(folder.path, 'tier');
    const { segments } = await madeHls(WORDS.split(' '));
    const loop = segments as Uint8Array<ArrayBuffer>[];
    origin = await FfmpegOrigin.start({ isSmall: true, segmentS: 2 });
    startMs = await recordArchive({
      ...{ dataDir, tierDir, channel: 'news', loop, segmentS: SEGMENT_S, count: COUNT },
      endMs: Math.floor(Date.now() / 1000) * 1000,
    });
    weir = await Weir.start({
      dataDir,
      yaml: `
allow_private: [127.0.0.0/8]
overflow: [{ disk: { path: ${tierDir}, size: 1GiB }, age: 1d }]
channels:
  - { id: news, archive: 2h, sources: ['${origin.url('/v0/index.m3u8')}'] }
`,
    });
  }, 120_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  }, 30_000);

  const url = (path: string) => weir.url(path);
  const span = (fromMs: number, seconds: number) => `from=${fromMs / 1000}&duration=${seconds}`;

  test('goes on recording where it had stopped, without a viewer', async () => {
    const grown = await until(async () => {
      const days = await (await fetch(url('/archive/news/days'))).json();
      const { to } = days as { to: string };
      return Date.parse(to) > startMs + (COUNT * SEGMENT_S + 6) * 1000;
    }, 60_000);
    expect(grown).toBe(true);
  }, 70_000);

  test('ffmpeg decodes a list and a file of it without a word, over loops of the clock', async () => {
    for (const path of [`/archive/news/index.m3u8?`, '/archive/news.ts?']) {
      const address = url(path + span(startMs + 5 * MIN, 100));
      const words = [
        'ffmpeg',
        '-nostdin',
        '-v',
        'warning',
        '-i',
        address,
        '-f',
        'framemd5',
        '-map',
        '0:v',
        '-',
      ];
      const { code, stdout, stderr } = await runProgram(words, 60_000);
      const frames = stdout.split('\n').filter((line) => /^\d/.test(line)).length;
      // Where the clock of a list begins anew, so do the counters, and ffmpeg says that
      const isList = path.includes('m3u8');
      const anew = /DTS|discontinuity|Opening|orrupt/;
      const said = stderr.split('\n').filter((line) => line !== '' && !(isList && anew.test(line)));
      expect({ path, code, said, frames }).toEqual({ path, code: 0, said: [], frames: 1000 });
    }
    const address = url(`/archive/news.ts?${span(startMs, 600)}`);
    const probe = await runProgram(
      [
        'ffprobe',
        '-v',
        'warning',
        '-show_entries',
        'format=duration,size',
        '-of',
        'csv=p=0',
        address,
      ],
      60_000,
    );
    expect(probe.stderr).toBe('');
    const [duration, size] = probe.stdout.trim().split(',').map(Number);
    expect(Math.abs((duration as number) - 600)).toBeLessThan(2);
    const head = await fetch(address, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(size));
  }, 150_000);

  test.skipIf(!hasProgram('curl'))(
    'curl takes the file in parts, and up again where it broke off',
    async () => {
      const address = url(`/archive/news.ts?${span(startMs + MIN, 60)}`);
      const at = (name: string) => join(folder.path, name);
      const curl = async (...words: string[]) => {
        const { code, stderr } = await runProgram(['curl', '-sSf', ...words, address], 30_000);
        expect([code, stderr]).toEqual([0, '']);
      };
      await curl('-o', at('whole.ts'));
      const whole = await Bun.file(at('whole.ts')).bytes();
      const third = Math.floor(whole.length / 3);
      await curl('-o', at('a'), '-r', `0-${third - 1}`);
      await curl('-o', at('b'), '-r', `${third}-${2 * third}`);
      await curl('-o', at('c'), '-r', `${2 * third + 1}-`);
      const parts = await Promise.all(['a', 'b', 'c'].map((name) => Bun.file(at(name)).bytes()));
      expect(Buffer.compare(Buffer.concat(parts), whole)).toBe(0);
      await Bun.write(at('broken.ts'), whole.subarray(0, third));
      await curl('-C', '-', '-o', at('broken.ts'));
      expect(Buffer.compare(await Bun.file(at('broken.ts')).bytes(), whole)).toBe(0);
    },
    60_000,
  );

  test(`${VIEWERS} viewers at as many times of it are answered all they are told of`, async () => {
    const before = origin.requests.length;
    const viewers = Array.from({ length: VIEWERS }, async (_, viewer) => {
      const at = startMs + viewer * 11_000;
      const delayS = (Date.now() - at) / 1000;
      const how = [
        `/live/news/index.m3u8?at=${at / 1000}`,
        `/live/news/index.m3u8?delay=${delayS}`,
        `/archive/news/index.m3u8?${span(at, 20)}`,
      ];
      const address = url(how[viewer % 3] as string);
      const answer = await fetch(address);
      const text = await answer.text();
      expect([viewer, answer.status]).toEqual([viewer, 200]);
      const list = parsePlaylist(text, { uri: address });
      if (list.kind !== 'media') throw new Error('no media playlist');
      const named = list.segments.filter(({ gap }) => !gap);
      expect(named.length).toBeGreaterThan(0);
      let came = 0;
      for (const { uri } of named.slice(0, 20)) {
        const body = await askedAgain(new URL(uri, address));
        const bytes = await body.bytes();
        expect([viewer, uri, body.status, bytes[0]]).toEqual([viewer, uri, 200, 0x47]);
        came++;
      }
      return came;
    });
    const came = await Promise.all(viewers);
    expect(Math.min(...came)).toBeGreaterThan(3);
    // It goes on being recorded, and no more than that
    const asked = origin.requests.slice(before).filter((path) => !path.endsWith('.m3u8'));
    expect(new Set(asked).size).toBe(asked.length);
  }, 120_000);

  test.skipIf(chromium === undefined)(
    'hls.js watches live, goes back ten minutes, plays on, starts over and returns to live',
    async () => {
      await using browser = await Chromium.start(chromium as string);
      await using page = await RewindPage.open(browser.browser);
      const live = url('/live/news/index.m3u8');
      const first = await page.play(live, 3);
      const back = await page.play(`${live}?delay=10m`, 6);
      const agoMs = Date.now() - back.toMs;
      const over = await page.play(`${live}?at=${(startMs + 2 * MIN) / 1000}`, 6);
      const again = await page.play(live, 3);
      for (const leg of [first, back, over, again]) expect(leg.fatalErrors).toEqual([]);
      expect(agoMs).toBeGreaterThan(10 * MIN);
      expect(agoMs).toBeLessThan(12 * MIN);
      expect(back.toMs - back.fromMs).toBeGreaterThan(4000);
      expect(Math.abs(over.fromMs - (startMs + 2 * MIN))).toBeLessThan(5000);
      expect(again.playedS).toBeGreaterThanOrEqual(3);
    },
    120_000,
  );
});
