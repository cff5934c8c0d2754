// This file watches weir for a minute with the heavy players: ffmpeg, VLC and mpv.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FfmpegOrigin } from '../support/ffmpeg-origin.ts';
import { unprivileged } from '../support/players.ts';
import { decodeWithFfmpeg, hasProgram, runProgram } from '../support/programs.ts';
import { Weir } from '../support/weir.ts';

const hasFfmpeg = hasProgram('ffmpeg');
const hasVlc = hasProgram('cvlc');
const hasMpv = hasProgram('mpv');

const WATCH_S = 60;

describe.skipIf(!hasFfmpeg)('weir with heavy players', () => {
  let ts: FfmpegOrigin;
  let fmp4: FfmpegOrigin;
  let encrypted: FfmpegOrigin;
  let weir: Weir;

  beforeAll(async () => {
    [ts, fmp4, encrypted] = await Promise.all([
      FfmpegOrigin.start(),
      FfmpegOrigin.start({ fmp4: true }),
      FfmpegOrigin.start({ encrypted: true }),
    ]);
    weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
channels:
  - { id: ts, number: 1, sources: ['${ts.url('/master.m3u8')}'] }
  - { id: fmp4, number: 2, sources: ['${fmp4.url('/master.m3u8')}'] }
  - { id: aes, number: 3, sources: ['${encrypted.url('/v0/index.m3u8')}'] }
`,
    });
  }, 90_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    for (const origin of [ts, fmp4, encrypted]) await origin?.[Symbol.asyncDispose]();
  }, 30_000);

  const url = (channel: string) => weir.url(`/live/${channel}/index.m3u8`);

  test('ffmpeg decodes a minute of each without an error or a gap', async () => {
    const channels = ['ts', 'fmp4', 'aes'];
    const decoded = await Promise.all(channels.map((id) => decodeWithFfmpeg(url(id), WATCH_S)));
    for (const [index, { errors, jumps, durationS }] of decoded.entries()) {
      const channel = channels[index];
      expect({ channel, errors, jumps }).toEqual({ channel, errors: [], jumps: [] });
      expect(durationS).toBeGreaterThan(WATCH_S - 2);
    }
  }, 180_000);

  test.skipIf(!hasVlc)(
    'VLC plays the line-up and each channel until it is ended',
    async () => {
      for (const target of [url('ts'), url('fmp4'), url('aes'), weir.url('/playlist.m3u')]) {
        const cmd = ['cvlc', '-I', 'dummy', '--aout=dummy', '--vout=dummy', '-vv', target];
        const { stderr, code } = await runProgram([...unprivileged(), ...cmd], 20_000);
        const name = target.slice(target.indexOf('/', 8));
        // It was still playing when it was ended: it neither gave up nor came to an end, as the list
        // of channels itself does once it is read
        const failure = name.endsWith('.m3u') ? /can't be opened/ : /can't be opened|EOF reached/;
        const seen = {
          name,
          code,
          hasPicture: stderr.includes('Received first picture'),
          hasFailed: failure.test(stderr),
        };
        expect(seen).toEqual({ name, code: null, hasPicture: true, hasFailed: false });
      }
    },
    240_000,
  );

  test.skipIf(!hasMpv)(
    'mpv plays the line-up and each channel',
    async () => {
      for (const target of [url('ts'), url('fmp4'), url('aes'), weir.url('/playlist.m3u')]) {
        const cmd = ['mpv', '--no-config', '--vo=null', '--ao=null', '--msg-level=all=v'];
        const { stdout } = await runProgram([...cmd, '--length=20', target], 45_000);
        const position = [...stdout.matchAll(/AV?: 00:00:(\d\d)/g)].at(-1)?.[1] ?? '0';
        const hasVideo = /VO: \[null\] (640x360|320x180)/.test(stdout);
        expect({ target: target.slice(-24), hasVideo }).toEqual({
          target: target.slice(-24),
          hasVideo: true,
        });
        expect(Number(position)).toBeGreaterThanOrEqual(0);
      }
    },
    240_000,
  );
});
