// This file watches live channels that ffmpeg encodes through weir, with ffprobe, ffmpeg and hls.js.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Chromium, chromiumPath } from '../support/browser.ts';
import { FfmpegOrigin } from '../support/ffmpeg-origin.ts';
import { decodeWithFfmpeg, hasProgram, probe } from '../support/programs.ts';
import { Weir } from '../support/weir.ts';

const hasFfmpeg = hasProgram('ffmpeg') && hasProgram('ffprobe');
const chromium = chromiumPath();

/** Frames that ffmpeg itself may drop where it joins a live list. */
const JOIN_S = 2;

/** Three outages, and what comes after them. */
const OUTAGE = { everyS: 15, failS: 5 };
const OUTAGES_WATCHED_S = 45;

describe.skipIf(!hasFfmpeg)('weir with real programs', () => {
  let ts: FfmpegOrigin;
  let fmp4: FfmpegOrigin;
  let encrypted: FfmpegOrigin;
  /** It runs while the others are watched: a list of a few segments would not outlive an outage. */
  let failing: FfmpegOrigin;
  let weir: Weir;

  beforeAll(async () => {
    [ts, fmp4, encrypted, failing] = await Promise.all([
      FfmpegOrigin.start(),
      FfmpegOrigin.start({ fmp4: true }),
      FfmpegOrigin.start({ encrypted: true }),
      // Of 6 s, as television has: a player that keeps three of them outlives 5 s and two polls
      FfmpegOrigin.start({ segmentS: 6, outage: OUTAGE }),
    ]);
    weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
channels:
  - { id: ts, sources: ['${ts.url('/master.m3u8')}'] }
  - { id: fmp4, sources: ['${fmp4.url('/master.m3u8')}'] }
  - { id: aes, sources: ['${encrypted.url('/v0/index.m3u8')}'] }
  - { id: failing, sources: ['${failing.url('/v1/index.m3u8')}'] }
`,
    });
  }, 90_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    for (const origin of [ts, fmp4, encrypted, failing]) await origin?.[Symbol.asyncDispose]();
  }, 30_000);

  const url = (channel: string, query = '') => weir.url(`/live/${channel}/index.m3u8${query}`);

  test('ffprobe sees both variants, of MPEG-TS and of fMP4', async () => {
    for (const channel of ['ts', 'fmp4']) {
      const streams = await probe(url(channel));
      const heights = streams.flatMap((stream) => stream['height'] ?? []).sort();
      expect({ channel, heights }).toEqual({ channel, heights: [180, 360] });
      expect(streams.filter((stream) => stream['codec_name'] === 'aac').length).toBe(2);
    }
  }, 60_000);

  test('?quality=180 is the lower variant alone', async () => {
    const streams = await probe(url('ts', '?quality=180'));
    expect(streams.flatMap((stream) => stream['height'] ?? [])).toEqual([180]);
  }, 30_000);

  test('ffmpeg decodes TS, fMP4 and AES-128 for a while, without an error or a gap', async () => {
    const seconds = 20;
    const channels = ['ts', 'fmp4', 'aes'];
    const decoded = await Promise.all(channels.map((id) => decodeWithFfmpeg(url(id), seconds)));
    for (const [index, { errors, jumps, durationS }] of decoded.entries()) {
      const channel = channels[index];
      expect({ channel, errors, jumps }).toEqual({ channel, errors: [], jumps: [] });
      expect(durationS).toBeGreaterThan(seconds - JOIN_S);
    }
  }, 120_000);

  test.skipIf(chromium === undefined)(
    'hls.js plays TS, fMP4 and AES-128, and over a restart of the encoder',
    async () => {
      await using browser = await Chromium.start(chromium as string);
      const watching = ['ts', 'fmp4', 'aes'].map((id) => browser.watch(url(id), 20));
      await Bun.sleep(8000);
      await ts.restartEncoder();
      for (const watched of await Promise.all(watching)) {
        expect(watched.fatalErrors).toEqual([]);
        expect(watched.playedS).toBeGreaterThan(10);
      }
      const streamed = await browser.watch(url('ts'), 10);
      expect(streamed.fatalErrors).toEqual([]);
      expect(streamed.playedS).toBeGreaterThan(5);
    },
    90_000,
  );

  test.skipIf(chromium === undefined)(
    'hls.js does not stall while the origin is down 5 s out of every 15',
    async () => {
      await using browser = await Chromium.start(chromium as string);
      await browser.watch(url('failing'), 3);
      failing.beginOutages();
      const watched = await browser.watch(url('failing'), OUTAGES_WATCHED_S);
      const answer = await fetch(weir.url('/api/channels/failing'));
      const counts = (await answer.json()) as { readonly fetches: object };
      expect(watched).toMatchObject({ stalls: 0, fatalErrors: [] });
      expect(watched.playedS).toBeGreaterThan(OUTAGES_WATCHED_S - 10);
      expect(Object.keys(counts.fetches)).toContain('playlist SOURCE_STATUS');
    },
    150_000,
  );
});
