// This file tests fMP4 made of MPEG-TS that ffmpeg made: ffmpeg must see in ours what was in its own.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { checkWhole } from '../../../src/media/container.ts';
import { Fmp4Maker } from '../../../src/media/remux/fmp4-maker.ts';
import { createMpegtsInput } from '../../../src/media/remux/mpegts-to-units.ts';
import { hasProgram, runProgram } from '../../support/programs.ts';
import { createTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { type TsVector, tsVectorPath } from '../../support/ts-vectors.ts';
import { type Stream, watched } from './watched.ts';

const PICTURE = '-f lavfi -i testsrc=size=192x108:rate=25:duration=5,format=yuv420p';
const TONE = '-f lavfi -i sine=frequency=440:duration=5';
const AVC = '-c:v libx264 -preset veryfast -g 50 -bf 3';
const HEVC = '-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=50:bframes=3';
const TEN_BITS = '-pix_fmt yuv420p10le -c:v libx264 -preset ultrafast -g 50';

type Row = { readonly words: string; readonly streams: readonly Stream[] };

const BOTH: readonly Stream[] = ['v:0', 'a:0'];
const SHAPES: Readonly<Record<string, Row>> = {
  'h264-bframes-aac': { words: `${AVC} -c:a aac -b:a 64k`, streams: BOTH },
  'h264-interlaced-mp2': { words: `${AVC} -flags +ildct+ilme -c:a mp2`, streams: BOTH },
  'h264-10-bits-mp3': { words: `${TEN_BITS} -c:a libmp3lame`, streams: BOTH },
  'h264-ac3': { words: `${AVC} -c:a ac3 -ar 44100`, streams: BOTH },
  'hevc-eac3': { words: `${HEVC} -c:a eac3`, streams: BOTH },
  'aac-only': { words: '-vn -c:a aac -ar 48000 -ac 2', streams: ['a:0'] },
  'video-only': { words: `${AVC} -an`, streams: ['v:0'] },
};

/** The last has one of either. */
const isLayerII = /mp2|two-audio/;

const VECTORS: readonly { readonly name: TsVector; readonly streams: readonly Stream[] }[] = [
  { name: 'ffmpeg-aac-only', streams: ['a:0'] },
  { name: 'ffmpeg-h264-aac-across-wrap', streams: BOTH },
  { name: 'ffmpeg-h264-aac-null-packets', streams: BOTH },
  { name: 'ffmpeg-h264-bframes-aac', streams: BOTH },
  { name: 'ffmpeg-h264-ntsc', streams: ['v:0'] },
  { name: 'ffmpeg-h264-two-audio', streams: ['v:0', 'a:0', 'a:1'] },
  { name: 'ffmpeg-hevc', streams: ['v:0'] },
  { name: 'ffmpeg-mp2-only', streams: ['a:0'] },
];

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))(
  'Fmp4Maker, of what ffmpeg makes',
  () => {
    let folder: TempFolder;

    beforeAll(async () => {
      folder = await createTempFolder();
    });

    afterAll(() => folder[Symbol.asyncDispose]());

    /** Every picture and every sound is there, and as long after the first as it was. */
    async function expectSame(
      name: string,
      ours: Uint8Array,
      theirs: string,
      streams: Row['streams'],
    ) {
      await folder.write(`${name}.mp4`, ours);
      const made = join(folder.path, `${name}.mp4`);
      const [all, wantedOfAll] = await Promise.all([
        watched(made, streams),
        watched(theirs, streams),
      ]);
      for (const [index, { hashes, times: seen }] of all.entries()) {
        expect(hashes.length).toBeGreaterThan(20);
        const { hashes: wanted, times } = wantedOfAll[index]!;
        // MP4 has one name for layers II and III, and ffmpeg another decoder behind it
        if (isLayerII.test(name)) expect(hashes.length).toBe(wanted.length);
        else expect(hashes).toEqual(wanted);
        const apart = seen.map((time, nth) => {
          return Math.abs(time - seen[0]! - (times[nth]! - times[0]!));
        });
        expect(seen.length).toBe(times.length);
        // Times are rounded to ticks there and to samples here, each and the first of them
        expect(Math.max(...apart)).toBeLessThan(0.000_1);
      }
    }

    for (const [name, { words, streams }] of Object.entries(SHAPES)) {
      test(`${name}: segment by segment`, async () => {
        await runProgram(['mkdir', join(folder.path, name)], 5000);
        const inputs = `${PICTURE} ${TONE}`.split(' ');
        const hls = '-f hls -hls_time 2 -hls_list_size 0 -hls_segment_filename %d.ts index.m3u8';
        const output = [...words.split(' '), '-threads', '1', ...hls.split(' ')];
        const ffmpeg = ['ffmpeg', '-nostdin', '-loglevel', 'error', ...inputs, ...output];
        const run = await runProgram(['env', '-C', join(folder.path, name), ...ffmpeg], 60_000);
        expect(run).toMatchObject({ code: 0, stderr: '' });
        const maker = new Fmp4Maker(createMpegtsInput());
        const parts: Uint8Array[] = [];
        const sources: Uint8Array[] = [];
        let first: Uint8Array<ArrayBuffer> | undefined;
        for (const index of [0, 1, 2]) {
          const bytes = await Bun.file(join(folder.path, name, `${index}.ts`)).bytes();
          const { init, segment } = maker.make(bytes);
          expect(checkWhole([init], { role: 'init' })).toBeUndefined();
          expect(checkWhole([segment], { role: 'media' })).toBeUndefined();
          first ??= init;
          expect(init).toBe(first);
          parts.push(segment);
          sources.push(bytes);
        }
        const theirs = join(folder.path, `${name}.mpegts`);
        await folder.write(`${name}.mpegts`, joinBytes(sources));
        await expectSame(name, joinBytes([first!, ...parts]), theirs, streams);
      }, 90_000);
    }

    for (const { name, streams } of VECTORS) {
      test(`${name}: at once`, async () => {
        const bytes = await Bun.file(tsVectorPath(name)).bytes();
        const { init, segment } = new Fmp4Maker(createMpegtsInput()).make(bytes);
        await expectSame(name, joinBytes([init, segment]), tsVectorPath(name), streams);
      }, 60_000);
    }
  },
);
