// This file tests that what ffmpeg makes is cut without loss, and that each piece plays by itself.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { StreamCutter } from '../../../src/media/mpegts/stream-cutter.ts';
import type { StreamPiece } from '../../../src/media/mpegts/stream-piece.ts';
import { hasProgram, runProgram } from '../../support/programs.ts';
import { createTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';

const SECONDS = 6;
const PICTURE = `-f lavfi -i testsrc2=s=96x64:r=25:d=${SECONDS}`;
const TONE = `-f lavfi -i sine=f=440:r=48000:d=${SECONDS}`;
const X264 = '-c:v libx264 -preset veryfast -pix_fmt yuv420p -crf 40';
const PLAIN = `${X264} -g 25 -keyint_min 25 -sc_threshold 0 -bf 2`;
const AAC = '-c:a aac -b:a 48k';

type Shape = {
  readonly name: string;
  readonly words: string;
  readonly file?: string;
  /** The kinds of frame that pieces begin with. */
  readonly kinds: readonly string[];
  /** Fewer are cut where key frames are rarer. */
  readonly pieces: number;
  /** Pictures of an open GOP before its key frame need what came earlier; they are not shown. */
  readonly isOpen?: boolean;
  /** Frames after which a picture that grows right is right. */
  readonly growingFrames?: number;
  /** The last PES packet of a sound stream may hold fewer frames than the others. */
  readonly lastMs?: number;
};

/** Pieces of two seconds are wanted of each. */
const SHAPES: readonly Shape[] = [
  { name: 'b-frames', words: `${PICTURE} ${TONE} ${PLAIN} ${AAC}`, kinds: ['idr'], pieces: 3 },
  {
    name: 'open-gop',
    words: `${PICTURE} ${TONE} ${X264} -g 25 -keyint_min 25 -sc_threshold 0 -bf 2 -x264-params open-gop=1 ${AAC}`,
    kinds: ['idr', 'key'],
    pieces: 3,
    isOpen: true,
  },
  {
    name: 'intra-refresh',
    words: `${PICTURE} ${TONE} ${X264} -g 25 -x264-params intra-refresh=1 ${AAC}`,
    kinds: ['idr', 'recovery'],
    pieces: 3,
    isOpen: true,
    growingFrames: 50,
  },
  {
    name: 'hevc',
    words: `${PICTURE} ${TONE} -c:v libx265 -preset ultrafast -crf 40 -x265-params log-level=none:keyint=25:min-keyint=25:open-gop=1:scenecut=0 -pix_fmt yuv420p ${AAC}`,
    kinds: ['idr', 'key'],
    pieces: 3,
    isOpen: true,
  },
  {
    name: 'mpeg2-ac3',
    words: `${PICTURE} ${TONE} -c:v mpeg2video -qscale:v 20 -g 12 -bf 2 -c:a ac3 -b:a 96k`,
    kinds: ['key'],
    pieces: 3,
    isOpen: true,
  },
  {
    name: 'two-audio-eac3',
    words: `${PICTURE} ${TONE} ${TONE} -map 0 -map 1 -map 2 ${PLAIN} -c:a:0 eac3 -b:a:0 96k -c:a:1 mp2 -b:a:1 64k`,
    kinds: ['idr'],
    pieces: 3,
  },
  { name: 'audio-only', words: `${TONE} ${AAC}`, kinds: ['idr'], pieces: 2, lastMs: 400 },
  {
    name: 'private-data',
    words: `${PICTURE} ${TONE} -i titles.srt -map 0 -map 1 -map 2 ${PLAIN} ${AAC} -c:s copy`,
    kinds: ['idr'],
    pieces: 3,
  },
  {
    name: 'programmes',
    words: `${PICTURE} ${TONE} ${TONE} -map 0 -map 1 -map 2 ${PLAIN} ${AAC} -program title=one:program_num=5:st=0:st=1 -program title=two:program_num=6:st=2`,
    kinds: ['idr'],
    pieces: 3,
  },
  // 2^32 and 2^33 ticks are 47721.858 s and 95443.718 s
  {
    name: 'over-32-bits',
    words: `${PICTURE} ${TONE} ${PLAIN} ${AAC} -output_ts_offset 47718`,
    kinds: ['idr'],
    pieces: 3,
  },
  {
    name: 'over-33-bits',
    words: `${PICTURE} ${TONE} ${PLAIN} ${AAC} -output_ts_offset 95440`,
    kinds: ['idr'],
    pieces: 3,
  },
  {
    name: 'stuffed',
    words: `${PICTURE} ${TONE} ${PLAIN} ${AAC} -muxrate 1500k`,
    kinds: ['idr'],
    pieces: 3,
  },
];

const TITLES = [1, 2, 3, 4, 5]
  .map((at) => `${at}\n00:00:0${at},100 --> 00:00:0${at},900\nTitle ${at}\n`)
  .join('\n');

const whole = (pieces: readonly StreamPiece[]) => joinBytes(pieces.flatMap(({ chunks }) => chunks));

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))('StreamCutter', () => {
  let folder: TempFolder;

  beforeAll(async () => {
    folder = await createTempFolder();
    await folder.write('titles.srt', TITLES);
    const makes = SHAPES.map(({ name, words }) => `${words} -f mpegts ${name}.ts`);
    for (const words of makes) {
      const cmd = [
        'env',
        '-C',
        folder.path,
        'ffmpeg',
        '-nostdin',
        '-v',
        'error',
        ...words.split(' '),
      ];
      const made = await runProgram(cmd, 60_000);
      if (made.code !== 0) throw new Error(`ffmpeg failed: ${words}\n${made.stderr}`);
    }
  }, 120_000);

  afterAll(() => folder[Symbol.asyncDispose]());

  async function cut(name: string) {
    const source = await Bun.file(join(folder.path, `${name}.ts`)).bytes();
    const cutter = new StreamCutter({ targetMs: 2000 });
    const pieces: StreamPiece[] = [];
    for (let at = 0; at < source.length; at += 1316) {
      pieces.push(...cutter.push(source.slice(at, at + 1316)));
    }
    pieces.push(...cutter.flush());
    return { source, pieces, cutter };
  }

  for (const shape of SHAPES) {
    const { name } = shape;

    test(`${name}: is cut at key frames`, async () => {
      const { pieces } = await cut(name);
      const kinds = new Set(pieces.map(({ startKind }) => startKind));
      expect([...kinds].filter((kind) => !shape.kinds.includes(kind))).toEqual([]);
      expect(pieces.length).toBeGreaterThanOrEqual(shape.pieces);
      for (const piece of pieces) {
        expect(piece).toMatchObject({ isDiscontinuous: false, continuityErrors: 0 });
      }
    });

    test(`${name}: the lengths add up to what ffprobe says`, async () => {
      const { source, pieces } = await cut(name);
      const total = pieces.reduce((sum, { durationMs }) => sum + durationMs, 0);
      const frames = (await packets(source, `${name}-source`)).filter(
        ({ stream }) => stream === '0',
      );
      const dts = frames.map((packet) => packet.dts);
      const span = dts.at(-1)! - dts[0]! + (dts[1]! - dts[0]!);
      expect(Math.abs(total - span * 1000)).toBeLessThan(shape.lastMs ?? 1);
    });

    test(`${name}: together they hold every packet, with its times`, async () => {
      const { source, pieces } = await cut(name);
      const kept = name === 'programmes' ? ['0', '1'] : undefined;
      const wanted = (await packets(source, `${name}-source`)).filter(
        ({ stream }) => kept?.includes(stream) ?? true,
      );
      const found = await packets(whole(pieces), `${name}-whole`);
      for (const stream of new Set(wanted.map((packet) => packet.stream))) {
        const of = (list: readonly ProbedPacket[]) =>
          list.filter((packet) => packet.stream === stream);
        expect(of(found)).toEqual(of(wanted));
      }
      const { problems } = inspectTs(whole(pieces), { pcrIntervalMaxMs: 1000 });
      expect(problems).toEqual([]);
    });

    test(`${name}: each piece plays by itself, and shows what the whole does`, async () => {
      const { source, pieces } = await cut(name);
      const wanted = (await decode(`${name}-source`, source)).frames.join(' ');
      for (const [index, piece] of pieces.entries()) {
        const { frames, complaints } = await decode(`${name}-${index}`, whole([piece]));
        // Of pictures that are not there, which frames that are not shown refer to
        const isMeant = (line: string) =>
          shape.isOpen === true && /unref|reference|Last message repeated/.test(line);
        expect(complaints.filter((line) => !isMeant(line))).toEqual([]);
        const right = frames.slice(index === 0 ? 0 : shape.growingFrames);
        expect(right.length).toBeGreaterThan(shape.growingFrames === undefined ? 3 : -1);
        // The first sound frame is decoded with what came before, and shifts all that follow
        if (shape.lastMs === undefined) expect(wanted).toContain(right.join(' '));
        if (shape.isOpen === true || shape.lastMs !== undefined) continue;
        expect(frames.length).toBe(Math.round(piece.durationMs / 40));
      }
    }, 60_000);
  }

  /** The sums of what the first stream shows, and what the decoder complains of in any. */
  async function decode(name: string, bytes: Uint8Array) {
    const path = await folder.write(`${name}.ts`, bytes);
    const input = ['-i', path, '-map', '0:v?', '-map', '0:a?', '-fps_mode', 'passthrough'];
    const cmd = ['ffmpeg', '-nostdin', '-v', 'error', ...input, '-f', 'framecrc', '-'];
    const { stdout, stderr, code } = await runProgram(cmd, 20_000);
    expect(code).toBe(0);
    const lines = stdout.split('\n').filter((line) => line.startsWith('0,'));
    const frames = lines.map((line) => line.split(',').at(-1)?.trim() ?? '');
    return { frames, complaints: stderr.split('\n').filter((line) => line !== '') };
  }

  type ProbedPacket = { stream: string; pts: number; dts: number; hash: string };

  async function packets(bytes: Uint8Array, name: string): Promise<ProbedPacket[]> {
    const path = await folder.write(`${name}.ts`, bytes);
    const show = ['-show_packets', '-show_data_hash', 'crc32', '-of', 'csv=p=0:nk=1'];
    const entries = ['-show_entries', 'packet=stream_index,pts_time,dts_time,data_hash'];
    const probed = await runProgram(['ffprobe', '-v', 'error', ...show, ...entries, path], 20_000);
    expect(probed.stderr).toBe('');
    return probed.stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [stream = '', pts, dts, hash = ''] = line.split(',');
        return { stream, pts: Number(pts), dts: Number(dts), hash };
      });
  }
});
