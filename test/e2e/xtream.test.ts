// This file plays by number what weir has, as a user that was made by the command, with real programs.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { Chromium, chromiumPath } from '../support/browser.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { RewindPage } from '../support/rewind-page.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { Weir, weirCommand, weirEnv } from '../support/weir.ts';
import { decodeXtream } from '../support/xtream-decoder.ts';

const hasFfprobe = hasProgram('ffprobe');
const chromium = chromiumPath();
const PASSWORD = 'secret@word';

describe.skipIf(!hasFfprobe)('a user', () => {
  let folder: TempFolder;
  let weir: Weir;

  beforeAll(async () => {
    folder = await createTempFolder();
    const dataDir = join(folder.path, 'data');
    weir = await Weir.start({
      dataDir,
      yaml: `
trusted_proxies: 127.0.0.1
overflow: [{ disk: { path: ${join(folder.path, 'tier')}, size: 1GiB }, age: 1d }]
channels:
  - { id: demo, name: Demo, group: Shows, archive: 2h, sources: [{ loop: demo }] }
`,
    });
    for (const limit of [[], ['--connections', '1']]) {
      const name = limit.length === 0 ? 'anna' : 'bert';
      const words = ['user', 'add', name, ...limit, '--password-stdin', '--data', dataDir];
      const stdin = new Blob([PASSWORD]);
      const add = Bun.spawn([...weirCommand(), ...words], { env: weirEnv(), stdin });
      expect(await add.exited).toBe(0);
    }
  }, 60_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  }, 30_000);

  const api = async (query: string): Promise<string> => {
    const who = `username=anna&password=${encodeURIComponent(PASSWORD)}`;
    return await (await fetch(weir.url(`/player_api.php?${who}&${query}`))).text();
  };

  async function streamsOf(path: string): Promise<unknown> {
    const entries = ['-show_entries', 'stream=codec_name', '-of', 'csv=p=0'];
    const words = ['ffprobe', '-v', 'error', '-read_intervals', '%+2', ...entries, weir.url(path)];
    const { code, stdout, stderr } = await runProgram(words, 60_000);
    const codecs = stdout.split('\n').map((line) => line.replace(/,+$/, ''));
    return { path, code, stderr, codecs: [...new Set(codecs)].filter(Boolean).sort() };
  }

  const played = (path: string) => ({ path, code: 0, stderr: '', codecs: ['aac', 'h264'] });

  test('is let in, once the server has heard of it', async () => {
    const isIn = await until(async () => !(await api('')).includes('"auth":0'), 30_000);
    expect(isIn).toBe(true);
    decodeXtream('login', await api(''));
    const streams = decodeXtream('get_live_streams', await api('action=get_live_streams'));
    expect(streams).toMatchObject([{ name: 'Demo', stream_id: 2, tv_archive: 1 }]);
  }, 60_000);

  test('plays a channel, endless or as a list', async () => {
    for (const form of ['ts', 'm3u8']) {
      const path = `/live/anna/${encodeURIComponent(PASSWORD)}/2.${form}`;
      expect(await streamsOf(path)).toEqual(played(path));
    }
  }, 60_000);

  test('with one connection has one at a time', async () => {
    const path = weir.url(`/bert/${PASSWORD}/2.ts`);
    const [first, second] = [await fetch(path), await fetch(path)];
    expect([first.status, second.status, second.headers.get('retry-after')]).toEqual([
      ...[200, 503, '5'],
    ]);
    expect((await fetch(weir.url(`/live/bert/${PASSWORD}/2.m3u8`))).status).toBe(503);
    await first.body?.cancel();
    const third = await fetch(path);
    expect(third.status).toBe(200);
    await third.body?.cancel();
    expect((await fetch(weir.url('/live/anna/wrong/2.ts'))).status).toBe(403);
  }, 120_000);

  test('behind a proxy is not locked out for what another guessed, by HEAD either', async () => {
    const ask = async (password: string, forwarded: string, method = 'HEAD') => {
      const headers = forwarded === '' ? {} : { 'x-forwarded-for': forwarded };
      const answer = await fetch(weir.url(`/live/anna/${password}/2.ts`), { method, headers });
      await answer.body?.cancel();
      return answer.status;
    };
    for (let at = 0; at < 10; at++) await ask(`wrong-${at}`, `192.0.2.${at}, 198.51.100.1`);
    for (const method of ['HEAD', 'GET']) {
      expect(await ask(PASSWORD, '198.51.100.1', method)).toBe(403);
      expect(await ask(PASSWORD, '198.51.100.2', method)).toBe(200);
      expect(await ask(PASSWORD, '', method)).toBe(200);
    }
  }, 60_000);

  test.skipIf(chromium === undefined)(
    'watches its list on a page of another site',
    async () => {
      await using browser = await Chromium.start(chromium as string);
      await using page = await RewindPage.open(browser.browser);
      const { fatalErrors, playedS } = await page.play(
        weir.url(`/live/anna/${PASSWORD}/2.m3u8`),
        2,
      );
      expect({ fatalErrors, played: playedS >= 2 }).toEqual({ fatalErrors: [], played: true });
    },
    90_000,
  );

  test('goes back to what was shown, as a file or as a list', async () => {
    const start = new Date(Date.now() - 120_000).toISOString().slice(0, 16);
    const place = `/timeshift/anna/${PASSWORD}/4/${start.replace('T', ':').replace(/:(\d\d)$/, '-$1')}/2`;
    const held = await until(async () => (await fetch(weir.url(`${place}.m3u8`))).ok, 60_000);
    expect(held).toBe(true);
    for (const form of ['m3u8', 'ts']) {
      expect(await streamsOf(`${place}.${form}`)).toEqual(played(`${place}.${form}`));
    }
  }, 180_000);

  test('is in no log', () => {
    expect(weir.output).not.toContain('secret');
  });
});
