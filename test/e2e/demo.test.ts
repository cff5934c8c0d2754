// This file watches the demo that weir shows where nothing is configured.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { OutboundLimits } from '../../src/net/outbound.ts';
import { BUILT_IN } from '../../src/source/loop/built-in.ts';
import { LoopSource } from '../../src/source/loop/loop-source.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { inspectTs } from '../support/ts-inspect.ts';
import { joinBytes } from '../support/ts-packets.ts';
import { Weir } from '../support/weir.ts';

const hasFfmpeg = hasProgram('ffmpeg') && hasProgram('ffprobe');
const NOON = Date.UTC(2026, 5, 1, 12);
const SEGMENTS = 45;
const LIMITS = { maxBytes: 1024 * 1024 } as OutboundLimits;

describe('weir without a configuration', () => {
  test('plays the demo, from source and binary alike', async () => {
    await using weir = await Weir.start({});
    const url = weir.url('/live/demo/index.m3u8');
    const media = await followPlaylist(url);
    const names = media.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(names.length).toBeGreaterThanOrEqual(3);
    const segments: Uint8Array[] = [];
    for (const name of names) {
      const answer = await fetch(new URL(name, media.url));
      expect(answer.status).toBe(200);
      segments.push(await answer.bytes());
    }
    const { problems, tracks } = inspectTs(joinBytes(segments));
    expect(problems).toEqual([]);
    expect(tracks.get(256)?.pts.length).toBe(names.length * 100);
  }, 30_000);
});

/** The media playlist behind a playlist of whatever kind. */
async function followPlaylist(url: string): Promise<{ url: string; text: string }> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  const text = await answer.text();
  if (!text.includes('#EXT-X-STREAM-INF')) return { url, text };
  const variant = text.split('\n').find((line) => line !== '' && !line.startsWith('#'));
  return await followPlaylist(new URL(variant as string, url).href);
}

describe.skipIf(!hasFfmpeg)('three minutes of the demo', () => {
  let temp: TempFolder;
  let whole: string;
  let playlist: string;
  let once: ReturnType<typeof decode>;

  beforeAll(async () => {
    temp = await createTempFolder();
    const source = new LoopSource({ kind: 'loop', files: 'demo' }, new FakeClock(NOON));
    const parts: Uint8Array[] = [];
    const lines = ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:4'];
    for (let index = 0; index < SEGMENTS; index++) {
      const ref = { kind: 'loop', sequence: NOON / 4000 + index } as const;
      const answer = await source.open(ref, LIMITS, new AbortController().signal);
      const bytes = joinBytes(await Array.fromAsync(answer.body));
      parts.push(bytes);
      await temp.write(`${index}.ts`, bytes);
      lines.push('#EXTINF:4.0,', `${index}.ts`);
    }
    whole = await temp.write('whole.ts', joinBytes(parts));
    once = decode(whole);
    playlist = await temp.write('index.m3u8', `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`);
  });
  afterAll(() => temp[Symbol.asyncDispose]());

  /** Every decoded frame as framecrc tells it: [stream, pts, duration, crc]. */
  async function decode(path: string) {
    const output = [
      '-map',
      '0:v',
      '-map',
      '0:a',
      '-fps_mode',
      'passthrough',
      '-f',
      'framecrc',
      '-',
    ];
    const cmd = ['ffmpeg', '-nostdin', '-v', 'warning', '-copyts', '-i', path, ...output];
    const { stdout, stderr, code } = await runProgram(cmd, 60_000);
    const rows = stdout.split('\n').filter((line) => /^[01],/.test(line));
    const frames = rows.map((line) => line.split(',').map((field) => field.trim()));
    const of = (stream: string) => frames.filter((frame) => frame[0] === stream);
    return { code, stderr, video: of('0'), audio: of('1') };
  }

  const steps = (frames: readonly string[][]) => {
    const times = frames.map((frame) => Number(frame[2]));
    return [...new Set(times.slice(1).map((time, index) => time - (times[index] as number)))];
  };

  for (const [name, run] of [
    ['as one stream', () => once],
    ['as HLS', () => decode(playlist)],
  ] as const) {
    test(`decodes ${name} without an error, every frame in its place`, async () => {
      const { code, stderr, video, audio } = await run();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(video.length).toBe(SEGMENTS * 100);
      expect(steps(video)).toEqual([1]);
      expect(audio.length).toBe(SEGMENTS * 125);
      expect(steps(audio)).toEqual([1024]);
    }, 60_000);
  }

  test('is the same picture and the same sound in each minute', async () => {
    const { video } = await once;
    const pictures = video.map((frame) => frame[5]);
    expect(pictures.slice(1500, 3000)).toEqual(pictures.slice(0, 1500));
    expect(pictures.slice(3000)).toEqual(pictures.slice(0, 1500));
    expect(new Set(pictures.slice(0, 1500)).size).toBeGreaterThan(1400);
    const pcm = `${temp.path}/sound.f32`;
    const cmd = ['ffmpeg', '-nostdin', '-v', 'error', '-i', whole, '-vn', '-f', 'f32le', pcm];
    expect((await runProgram(cmd, 60_000)).stderr).toBe('');
    const samples = new Float32Array(await Bun.file(pcm).arrayBuffer());
    const minute = 60 * 32_000;
    let loudest = 0;
    let furthest = 0;
    for (let at = minute; at < 2 * minute; at++) {
      loudest = Math.max(loudest, Math.abs(samples[at]!));
      furthest = Math.max(furthest, Math.abs(samples[at + minute]! - samples[at]!));
    }
    expect(loudest).toBeGreaterThan(0.05);
    expect(loudest).toBeLessThan(0.3);
    expect(furthest).toBeLessThan(0.001);
  }, 60_000);

  test('lights the dots of the clock up to the second it is', async () => {
    const frame = ['-i', BUILT_IN.demo, '-ss', '37.5', '-frames:v', '1', '-pix_fmt', 'gray'];
    const picture = `${temp.path}/frame.gray`;
    const cmd = ['ffmpeg', '-nostdin', '-v', 'error', ...frame, '-f', 'rawvideo', picture];
    expect((await runProgram(cmd, 30_000)).stderr).toBe('');
    const pixels = await Bun.file(picture).bytes();
    const brightness = (second: number) => {
      const angle = (second / 60) * 2 * Math.PI;
      const x = Math.round(468 + 106 * Math.sin(angle) - 0.5);
      const y = Math.round(138 - 106 * Math.cos(angle) - 0.5);
      return pixels[y * 640 + x]!;
    };
    const lit = Array.from({ length: 60 }, (_, second) => second).filter(
      (second) => brightness(second) > 120,
    );
    expect(lit).toEqual(Array.from({ length: 38 }, (_, second) => second));
  }, 60_000);
});
