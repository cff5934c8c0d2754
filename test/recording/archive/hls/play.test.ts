// This file plays a folder of plain HLS with real players, from the disk and from a plain web server.
import { describe, expect, test } from 'bun:test';
import { createCipheriv } from 'node:crypto';
import { join } from 'node:path';
import { silentLog } from '../../../../src/base/log.ts';
import type { Key } from '../../../../src/media/m3u8/playlist.ts';
import { HlsShelf } from '../../../../src/recording/archive/hls/shelf.ts';
import type { Shelved } from '../../../../src/recording/archive/shelf.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { madeHls } from '../../../support/made-media.ts';
import { hasProgram, runProgram } from '../../../support/programs.ts';
import { createTempFolder } from '../../../support/temp-folder.ts';
import { NOON_MS, PLACE, shelved } from './shelved.ts';

const SECONDS = 12;
const FRAMES_PER_S = 25;
const MIDNIGHT_MS = Date.parse('2026-03-02T00:00:00Z');
const KEY = Buffer.from('0123456789abcdef');
const WORDS =
  `-f lavfi -i testsrc2=size=160x90:rate=${FRAMES_PER_S}:duration=${SECONDS} -f lavfi -i sine=duration=${SECONDS} ` +
  `-c:v libx264 -preset ultrafast -g ${FRAMES_PER_S} -keyint_min ${FRAMES_PER_S} -sc_threshold 0 -c:a aac`;

/** As a web server that knows nothing of it gives files out. */
function serveFolder(path: string) {
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => new Response(Bun.file(join(path, new URL(url).pathname))),
    error: () => new Response('', { status: 404 }),
  });
}

/** Frames that ffmpeg decodes of it, and what it had to say. */
async function decode(url: string): Promise<{ frames: number; errors: string }> {
  const may = ['-protocol_whitelist', 'file,http,tcp,crypto,data', '-allowed_extensions', 'ALL'];
  const cmd = [
    'ffmpeg',
    '-nostdin',
    '-v',
    'error',
    ...may,
    '-i',
    url,
    '-map',
    '0:v',
    '-map',
    '0:a',
  ];
  const ended = await runProgram([...cmd, '-f', 'framecrc', '-'], 60_000);
  const frames = ended.stdout.split('\n').filter((line) => line.startsWith('0,')).length;
  return { frames, errors: ended.stderr + (ended.code === 0 ? '' : `code ${ended.code}`) };
}

async function probe(path: string): Promise<string> {
  const cmd = ['ffprobe', '-v', 'error', '-allowed_extensions', 'ALL', '-show_entries'];
  const { stdout, stderr } = await runProgram(
    [...cmd, 'stream=codec_name', '-of', 'csv=p=0', path],
    30_000,
  );
  return [...new Set(stdout.split('\n').filter(Boolean))].join(',') + stderr;
}

type Form = 'mpegts' | 'fmp4' | 'encrypted';

async function shelvedMedia(form: Form): Promise<Shelved[]> {
  const made = await madeHls(WORDS.split(' '), form === 'fmp4' ? 'fmp4' : 'mpegts');
  const assets = new Map<string, Blob>();
  if (made.init !== undefined) assets.set('init-a.mp4', new Blob([made.init as BlobPart]));
  if (form === 'encrypted') assets.set('key-a.key', new Blob([KEY]));
  return made.segments.map((plain, number) => {
    const iv = Buffer.alloc(16, number + 1);
    const key: Key = { method: 'AES-128', uri: 'x', iv: iv.toString('hex'), attributes: new Map() };
    const cipher = createCipheriv('aes-128-cbc', KEY, iv);
    const bytes =
      form === 'encrypted' ? Buffer.concat([cipher.update(plain), cipher.final()]) : plain;
    const over = {
      name: `${number}-abc.${form === 'fmp4' ? 'm4s' : 'ts'}`,
      startMs: MIDNIGHT_MS + (number - SECONDS / 2) * 1000,
      durationS: 1,
      sizeBytes: bytes.length,
      keys: form === 'encrypted' ? [{ key, asset: 'key-a.key' }] : [],
      ...(form === 'fmp4' ? { map: { asset: 'init-a.mp4', keys: [] } } : {}),
    };
    const body = new Blob([bytes as BlobPart]);
    const stored = { body, contentType: 'video/mp2t' };
    return { ...shelved(number, over), stored, assets, targetDurationS: 1 };
  });
}

describe.skipIf(!hasProgram('ffmpeg'))('a folder of plain HLS plays without weir', () => {
  for (const form of ['mpegts', 'fmp4', 'encrypted'] as const) {
    test(`${form}, over midnight, restarts and retention`, async () => {
      await using temp = await createTempFolder();
      const all = await shelvedMedia(form);
      expect(all.length).toBe(SECONDS);
      for (let from = 0; from < SECONDS; from += 4) {
        const shelf = new HlsShelf({
          path: temp.path,
          clock: new FakeClock(NOON_MS),
          log: silentLog,
        });
        for (const each of all.slice(from, from + 4))
          expect(await shelf.put(PLACE, each)).toBe(true);
        if (from >= 4) await shelf.drop(PLACE, [all[0]!.segment, all[1]!.segment], all[2]!.segment);
        await shelf[Symbol.asyncDispose]();
      }
      using server = serveFolder(temp.path);
      for (const [day, seconds] of [
        ['2026-03-01', 4],
        ['2026-03-02', 6],
      ] as const) {
        const want = { frames: seconds * FRAMES_PER_S, errors: '' };
        const path = `news/${day}/index.m3u8`;
        expect(await probe(join(temp.path, path))).toBe('h264,aac');
        expect(await decode(join(temp.path, path))).toEqual(want);
        expect(await decode(`${server.url}${path}`)).toEqual(want);
        const list = `news/${day}/720p/index.m3u8`;
        expect(await decode(`${server.url}${list}`)).toEqual(want);
      }
    }, 120_000);
  }
});
