// This file tests the remuxing of MPEG-TS and packed audio on what ffmpeg makes.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join as joinPath } from 'node:path';
import { parseAdtsHeader } from '../../../src/media/codec/adts-header.ts';
import { createMpegtsInput } from '../../../src/media/remux/mpegts-to-units.ts';
import { createPackedAudioInput } from '../../../src/media/remux/packed-audio-to-units.ts';
import { Remuxer } from '../../../src/media/remux/remuxer.ts';
import { hasProgram, runProgram } from '../../support/programs.ts';
import { createTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { readTsVector, TS_VECTORS, tsVectorPath } from '../../support/ts-vectors.ts';
import { id3Tag, stampFrame } from './id3-tags.ts';
import { decodedHashes, type Stream } from './watched.ts';

const STREAMS: Partial<Record<(typeof TS_VECTORS)[number], readonly Stream[]>> = {
  'ffmpeg-aac-only': ['a:0'],
  'ffmpeg-mp2-only': ['a:0'],
  'ffmpeg-h264-two-audio': ['v:0', 'a:0', 'a:1'],
  'ffmpeg-h264-bframes-aac': ['v:0', 'a:0'],
  'ffmpeg-h264-aac-across-wrap': ['v:0', 'a:0'],
};

const PICTURE = '-f lavfi -i testsrc=size=192x108:rate=25:duration=5,format=yuv420p';
const TONE = '-f lavfi -i sine=frequency=440:duration=5';
const VIDEO = '-map 0 -c:v libx264 -preset veryfast -g 50';
const HLS = '-f hls -hls_time 2 -hls_list_size 0';
const GROUP = '-var_stream_map v:0,agroup:a,name:v|a:0,agroup:a,name:a';
const OUTPUTS = [
  `${VIDEO} ${HLS} -hls_segment_filename picture-%d.ts picture.m3u8`,
  '-map 1 -c:a aac -ar 48000 -f adts tone.aac',
  `${VIDEO} -map 1 -c:a ac3 ${HLS} ${GROUP} -hls_segment_filename %v-%d.ts %v.m3u8`,
];

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))('Remuxer, of MPEG-TS', () => {
  let folder: TempFolder;
  const path = (name: string) => joinPath(folder.path, name);
  const read = async (name: string) => new Uint8Array(await Bun.file(path(name)).arrayBuffer());

  beforeAll(async () => {
    folder = await createTempFolder();
    const inputs = ['-nostdin', '-loglevel', 'error', ...`${PICTURE} ${TONE}`.split(' ')];
    const words = OUTPUTS.join(' ')
      .split(' ')
      .map((word) => word.replace('|', ' '));
    const made = await runProgram(
      ['env', '-C', folder.path, 'ffmpeg', ...inputs, ...words],
      60_000,
    );
    if (made.code !== 0) throw new Error(`ffmpeg failed: ${made.stderr}`);
  }, 70_000);

  afterAll(() => folder[Symbol.asyncDispose]());

  for (const name of TS_VECTORS) {
    test(`${name}: the same frames`, async () => {
      const ts = new Remuxer([createMpegtsInput()]).remux([await readTsVector(name)]);
      const theirs = inspectTs(await readTsVector(name));
      const ours = inspectTs(ts);
      expect(ours.problems).toEqual([]);
      expect([...ours.streams.values()]).toEqual([...theirs.streams.values()]);
      expect([...ours.tracks.values()].map(({ pts }) => pts.length).sort()).toEqual(
        [...theirs.tracks.values()].map(({ pts }) => pts.length).sort(),
      );
      const file = await folder.write(`${name}.mpegts`, ts);
      const streams = STREAMS[name] ?? ['v:0'];
      const hashes = await decodedHashes(file, streams);
      for (const own of hashes) expect(own.length).toBeGreaterThan(20);
      expect(hashes).toEqual(await decodedHashes(tsVectorPath(name), streams));
    }, 30_000);
  }

  const SEGMENTS = [0, 1, 2];

  test('pictures in MPEG-TS and sound packed become one stream', async () => {
    const pictures = await Promise.all(SEGMENTS.map((index) => read(`picture-${index}.ts`)));
    const startTicks = Math.min(...inspectTs(pictures[0]!).tracks.get(0x100)!.pts);
    const sound = packSegments(await read('tone.aac'), startTicks);
    const remuxer = new Remuxer([createMpegtsInput(), createPackedAudioInput('eng')]);
    const parts = SEGMENTS.map((index) => remuxer.remux([pictures[index], sound[index]]));
    await expectBoth(joinBytes([...parts, remuxer.flush()]), 0x0f, 'picture.m3u8', 'tone.aac');
    expect(remuxer.stats()).toEqual({ droppedUnits: 0, waitingUnits: 0 });
  }, 30_000);

  test('pictures and sound, each in MPEG-TS, become one stream', async () => {
    const remuxer = new Remuxer([createMpegtsInput(), createMpegtsInput()]);
    const parts: Uint8Array[] = [];
    for (const index of SEGMENTS) {
      parts.push(remuxer.remux([await read(`v-${index}.ts`), await read(`a-${index}.ts`)]));
    }
    await expectBoth(joinBytes([...parts, remuxer.flush()]), 0x81, 'v.m3u8', 'a.m3u8');
  }, 30_000);

  async function expectBoth(ts: Uint8Array, soundType: number, video: string, audio: string) {
    const seen = inspectTs(ts);
    expect(seen.problems).toEqual([]);
    expect([...seen.streams.values()]).toEqual([0x1b, soundType]);
    const file = await folder.write('both.mpegts', ts);
    const [pictures] = await decodedHashes(path(video), ['v:0']);
    const [sound] = await decodedHashes(path(audio), ['a:0']);
    expect(await decodedHashes(file, ['v:0', 'a:0'])).toEqual([pictures!, sound!]);
  }
});

/** ADTS in three segments, each with the time of its first frame before it. */
function packSegments(adts: Uint8Array, startTicks: number): Uint8Array[] {
  const parts: Uint8Array[][] = [[], [], []];
  let count = 0;
  for (let at = 0; at < adts.length; count++) {
    const { frameBytes } = parseAdtsHeader(adts, at)!;
    const part = parts[Math.min(2, Math.floor(count / 95))]!;
    if (part.length === 0) part.push(id3Tag(stampFrame(BigInt(startTicks + count * 1920))));
    part.push(adts.subarray(at, at + frameBytes));
    at += frameBytes;
  }
  return parts.map(joinBytes);
}
