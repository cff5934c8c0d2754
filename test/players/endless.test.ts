// This file watches an endless stream through two changes of its source, with heavy players.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { Chromium, chromiumPath, type Watched } from '../support/browser.ts';
import { checkTransport } from '../support/check-transport.ts';
import { FfmpegOrigin } from '../support/ffmpeg-origin.ts';
import { unprivileged } from '../support/players.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { Weir } from '../support/weir.ts';

const WATCH_S = 70;
const DOWN_FROM_S = 15;
const DOWN_TO_S = 30;

type Seen = {
  readonly stderr: string;
  readonly code: number | null;
  readonly tookS: number;
};

describe.skipIf(!hasProgram('ffmpeg'))('an endless stream over two changes of its source', () => {
  let first: FfmpegOrigin;
  let second: FfmpegOrigin;
  let weir: Weir;
  let folder: TempFolder;
  let recorded: Uint8Array;
  let browsed: Watched | undefined;
  const seen = new Map<string, Seen>();

  beforeAll(async () => {
    folder = await createTempFolder();
    [first, second] = await Promise.all([FfmpegOrigin.start(), FfmpegOrigin.start()]);
    const sources = [first, second].map((origin) => `'${origin.url('/v0/index.m3u8')}'`);
    weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
channels:
  - { id: two, sources: [${sources.join(', ')}] }
`,
    });
    await watchAll();
  }, 240_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    for (const origin of [first, second]) await origin?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  }, 30_000);

  async function watchInBrowser(path: string, url: string): Promise<Watched> {
    await using chromium = await Chromium.start(path);
    return await chromium.watch(url, WATCH_S - 5, 'mpegts.js');
  }

  async function watchAll(): Promise<void> {
    const url = weir.url('/live/two.ts');
    const file = join(folder.path, 'copy.ts');
    const players: Record<string, readonly string[]> = {
      ffmpeg: ['ffmpeg', '-nostdin', '-v', 'warning', '-i', url, '-t', '60', '-f', 'null', '-'],
      copy: ['curl', '-s', '-m', String(WATCH_S), '-o', file, url],
    };
    if (hasProgram('cvlc')) {
      const quiet = ['-I', 'dummy', '--aout=dummy', '--vout=dummy', '-vv'];
      players['vlc'] = [...unprivileged(), 'cvlc', ...quiet, url];
    }
    if (hasProgram('mpv')) {
      players['mpv'] = ['mpv', '--no-config', '--vo=null', '--ao=null', '--length=60', url];
    }
    const chromium = chromiumPath();
    const inBrowser = chromium === undefined ? undefined : watchInBrowser(chromium, url);
    const running = Object.entries(players).map(async ([name, cmd]) => {
      const startedMs = performance.now();
      const { stderr, code } = await runProgram([...cmd], WATCH_S * 1000);
      seen.set(name, { stderr, code, tookS: (performance.now() - startedMs) / 1000 });
    });
    await Bun.sleep(DOWN_FROM_S * 1000);
    first.isDown = true;
    await Bun.sleep((DOWN_TO_S - DOWN_FROM_S) * 1000);
    first.isDown = false;
    await Promise.all(running);
    browsed = await inBrowser;
    recorded = await Bun.file(file).bytes();
  }

  test('the source was changed there and back', async () => {
    const { switches } = await (await fetch(weir.url('/api/channels/two'))).json();
    expect(switches).toEqual({ error: 1, proved: 1 });
  });

  test('what went out is clean, packet by packet', () => {
    const whole = recorded.subarray(0, recorded.length - (recorded.length % 188));
    expect(checkTransport(whole)).toEqual([]);
  });

  test('ffmpeg decodes a minute without an error', () => {
    const { stderr, code } = seen.get('ffmpeg')!;
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test.skipIf(!hasProgram('cvlc'))('VLC plays until it is ended', () => {
    const { stderr, code } = seen.get('vlc')!;
    const hasPicture = stderr.includes('Received first picture');
    const hasFailed = /can't be opened|EOF reached/.test(stderr);
    expect({ code, hasPicture, hasFailed }).toEqual({
      code: null,
      hasPicture: true,
      hasFailed: false,
    });
  });

  test.skipIf(chromiumPath() === undefined)('mpegts.js plays on in Chromium', () => {
    const { fatalErrors, playedS, height } = browsed!;
    expect({ fatalErrors, height }).toEqual({ fatalErrors: [], height: 360 });
    // Joining anew costs a moment; what it does not show it jumps over
    expect(playedS).toBeGreaterThan(50);
  });

  test.skipIf(!hasProgram('mpv'))('mpv plays a minute', () => {
    // It gives up by itself where a stream breaks off, and before its time
    const { code, tookS } = seen.get('mpv')!;
    expect(code).toBe(0);
    expect(tookS).toBeGreaterThan(50);
  });
});
