// This file is failure F40: sources of different containers that take over from one another.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Chromium, chromiumPath, type Watched } from '../support/browser.ts';
import { FfmpegOrigin } from '../support/ffmpeg-origin.ts';
import { type Decoded, followWithFfmpeg, hasProgram } from '../support/programs.ts';
import { readMediaList } from '../support/viewer/media-list.ts';
import { Weir } from '../support/weir.ts';
import { until } from './world.ts';

const hasFfmpeg = hasProgram('ffmpeg') && hasProgram('ffprobe');
const chromium = chromiumPath();

/** On a machine that does other things besides: how long anything may take at most. */
const WITHIN_MS = 60_000;
/** Of what took over players see so much at least. */
const SHOWN_SEGMENTS = 4;
/** Long segments: an encoder that is late for want of a processor is no source that fell silent. */
const SMALL = { isSmall: true, segmentS: 4 } as const;

type Api = { readonly sources: readonly { readonly active: boolean }[] };

describe.skipIf(!hasFfmpeg)('F40: a source of another container takes over', () => {
  let ts: FfmpegOrigin;
  let fmp4: FfmpegOrigin;
  let weir: Weir;
  let browser: Chromium | undefined;

  beforeAll(async () => {
    [ts, fmp4] = await Promise.all([
      FfmpegOrigin.start(SMALL),
      FfmpegOrigin.start({ ...SMALL, fmp4: true }),
    ]);
    const path = '/v0/index.m3u8';
    weir = await Weir.start({
      readyWithinMs: 60_000,
      yaml: `
allow_private: [127.0.0.0/8]
channels:
  - { id: fmp4-ts, sources: ['${fmp4.url(`${path}?1`)}', '${ts.url(`${path}?1`)}'] }
  - { id: ts-fmp4, sources: ['${ts.url(`${path}?2`)}', '${fmp4.url(`${path}?2`)}'] }
  - { id: fmp4-slate, slate: card, sources: ['${fmp4.url(`${path}?4`)}'] }
`,
    });
    if (chromium !== undefined) browser = await Chromium.start(chromium);
  }, 150_000);

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await weir?.[Symbol.asyncDispose]();
    for (const origin of [ts, fmp4]) await origin?.[Symbol.asyncDispose]();
  }, 30_000);

  const url = (id: string) => weir.url(`/live/${id}/index.m3u8`);

  async function listOf(id: string): Promise<string> {
    return (await fetch(url(id))).text();
  }

  async function activeOf(id: string): Promise<number> {
    const answer = (await (await fetch(weir.url(`/api/channels/${id}`))).json()) as Api;
    return answer.sources.findIndex(({ active }) => active);
  }

  const newest = async (id: string) => {
    const text = await listOf(id);
    return text.startsWith('#EXTM3U')
      ? (readMediaList(text, url(id)).segments.at(-1)?.sequence ?? -1)
      : -1;
  };

  /** That many segments more are listed: players have come to them, or soon will. */
  async function shown(id: string, count = SHOWN_SEGMENTS): Promise<void> {
    const from = await newest(id);
    const isShown = async () => (await newest(id)) >= from + count;
    expect({ id, isShown: await until(isShown, WITHIN_MS) }).toEqual({ id, isShown: true });
  }

  /** Waits until the source feeds the channel; the first list that shows it. */
  async function fedBy(id: string, source: number): Promise<string> {
    const isFed = await until(async () => (await activeOf(id)) === source, WITHIN_MS);
    expect({ id, source, isFed }).toEqual({ id, source, isFed: true });
    const from = await newest(id);
    const hasCome = await until(async () => (await newest(id)) > from + 1, WITHIN_MS);
    expect({ id, hasCome }).toEqual({ id, hasCome: true });
    const list = await listOf(id);
    await shown(id);
    return list;
  }

  /** Away from the first source and back to it; the lists there were. */
  async function awayAndBack(id: string, first: FfmpegOrigin, other: number): Promise<string[]> {
    const lists: string[] = [];
    await shown(id, 3);
    lists.push(await listOf(id));
    first.isDown = true;
    try {
      lists.push(await fedBy(id, other));
    } finally {
      first.isDown = false;
    }
    lists.push(await fedBy(id, 0));
    return lists;
  }

  type Seen = { readonly lists: string[]; readonly decoded: Decoded; readonly watched?: Watched };

  /** What ffmpeg and hls.js saw of it. */
  async function through(id: string, first: FfmpegOrigin, other = 1): Promise<Seen> {
    await shown(id, 1);
    const done = Promise.withResolvers<void>();
    const reading = followWithFfmpeg(url(id), done.promise);
    const watching = browser?.watch(url(id), done.promise);
    try {
      const lists = await awayAndBack(id, first, other);
      done.resolve();
      const decoded = await reading;
      const watched = await watching;
      return { lists, decoded, ...(watched === undefined ? {} : { watched }) };
    } finally {
      done.resolve();
      await Promise.allSettled([reading, watching]);
    }
  }

  function expectUnnoticed({ decoded, watched }: Seen): void {
    const { fatalErrors } = watched ?? { fatalErrors: [] };
    const seen = { errors: decoded.errors, fatalErrors };
    if (decoded.errors.length + fatalErrors.length > 0) console.log(weir.output);
    expect(seen).toEqual({ errors: [], fatalErrors: [] });
    // More than there was before the first change
    expect(decoded.durationS).toBeGreaterThan(20);
    if (watched !== undefined) expect(watched.playedS).toBeGreaterThan(20);
  }

  const extensions = (list: string) =>
    [...new Set(list.match(/^[^#].*\.\w+$/gm)?.map((line) => line.split('.').at(-1)))].sort();

  test('fMP4, then MPEG-TS, and fMP4 again', async () => {
    const seen = await through('fmp4-ts', fmp4);
    const metrics = await (await fetch(weir.url('/metrics'))).text();
    expect(metrics).toMatch(/weir_remuxed_segments_total\{channel="fmp4-ts",.*outcome="made"\} \d/);
    expect(seen.lists.map(extensions)).toEqual([['m4s'], ['m4s'], ['m4s']]);
    expect(seen.lists[1]).toMatch(/#EXT-X-DISCONTINUITY\n#EXT-X-MAP/);
    expect(seen.lists[2]).toContain('#EXT-X-DISCONTINUITY\n');
    expectUnnoticed(seen);
  }, 240_000);

  test('MPEG-TS, then fMP4, and MPEG-TS again', async () => {
    const seen = await through('ts-fmp4', ts);
    expect(seen.lists.map(extensions)).toEqual([['ts'], ['ts'], ['ts']]);
    for (const list of seen.lists) expect(list).not.toContain('#EXT-X-MAP');
    expectUnnoticed(seen);
  }, 240_000);

  test('fMP4, then the slate, and fMP4 again', async () => {
    const seen = await through('fmp4-slate', fmp4);
    expect(seen.lists.map(extensions)).toEqual([['m4s'], ['m4s'], ['m4s']]);
    expectUnnoticed(seen);
  }, 240_000);
});
