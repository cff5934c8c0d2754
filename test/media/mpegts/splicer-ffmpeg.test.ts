// This file tests an hour of spliced stream packet by packet, and that ffmpeg plays what comes out.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { Splicer } from '../../../src/media/mpegts/splicer.ts';
import { checkTransport } from '../../support/check-transport.ts';
import { backwardTimes } from '../../support/countable-media.ts';
import { hasProgram, runProgram } from '../../support/programs.ts';
import { spliceSegment } from '../../support/splice.ts';
import { createTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { broadcast } from '../../support/ts-broadcast.ts';
import { losePackets, thinPcr, withoutPid } from '../../support/ts-damage.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';

/** Eight seconds of picture and tone in each shape. */
const INPUTS = [
  '-f lavfi -i testsrc=s=128x72:r=25:d=8',
  '-f lavfi -i testsrc2=s=192x108:r=30000/1001:d=8',
  '-f lavfi -i sine=f=440:r=48000:d=8',
  '-f lavfi -i sine=f=880:r=44100:d=8',
];
const KEYS = '-g 50 -keyint_min 50 -sc_threshold 0 -pix_fmt yuv420p -threads 1';
const H264 = `-c:v libx264 -preset ultrafast -crf 40 ${KEYS}`;
const REORDERED = `-c:v libx264 -preset fast -bf 3 -crf 40 ${KEYS}`;
const HEVC = `-c:v libx265 -preset ultrafast -crf 40 -x265-params log-level=none ${KEYS}`;

const SHAPES = {
  plain: `-map 0 -map 2 ${H264} -c:a aac -b:a 48k`,
  reordered: `-map 1 -map 2 ${REORDERED} -c:a aac -b:a 48k`,
  other: `-map 1 -map 3 ${H264} -c:a aac -b:a 32k`,
  half: `-map 0 -map 3 ${H264} -c:a aac -ar 22050 -b:a 32k`,
  mp2: `-map 0 -map 2 ${REORDERED} -c:a mp2 -b:a 64k`,
  hevc: `-map 1 -map 2 ${HEVC} -c:a ac3 -b:a 96k`,
  mpeg2: '-map 0 -map 2 -c:v mpeg2video -b:v 100k -g 12 -bf 2 -c:a mp2 -b:a 64k -muxrate 500k',
  languages: `-map 0 -map 2 -map 3 ${H264} -c:a:0 aac -c:a:1 eac3 -b:a 48k -metadata:s:a:1 language=fra`,
  radio: '-map 3 -c:a aac -b:a 48k',
} as const;

type Shape = keyof typeof SHAPES;

const HALF_AN_HOUR_BEFORE_WRAP = 2 ** 33 - 90_000 * 1800;

const hasFfmpeg = hasProgram('ffmpeg') && hasProgram('ffprobe');

describe.skipIf(!hasFfmpeg)('Splicer', () => {
  let folder: TempFolder;
  const files = new Map<Shape, Uint8Array>();
  const file = (shape: Shape) => files.get(shape) as Uint8Array;

  beforeAll(async () => {
    folder = await createTempFolder();
    const outputs = Object.entries(SHAPES).map(
      ([name, shape]) => `${shape} -f mpegts ${join(folder.path, name)}.ts`,
    );
    const words = `-nostdin -loglevel error ${INPUTS.join(' ')} ${outputs.join(' ')}`;
    const made = await runProgram(['ffmpeg', ...words.split(' ')], 100_000);
    if (made.code !== 0) throw new Error(`ffmpeg failed: ${made.stderr}`);
    for (const name of Object.keys(SHAPES) as Shape[]) {
      files.set(name, await Bun.file(join(folder.path, `${name}.ts`)).bytes());
    }
  }, 110_000);

  afterAll(() => folder[Symbol.asyncDispose]());

  /** Plays the sources one after the other; each comes from the middle of some other day. */
  function play(sources: readonly Source[], seconds: number, startTicks?: number) {
    const splicer = new Splicer(startTicks === undefined ? {} : { startTicks });
    const parts: Uint8Array[] = [];
    let splices = 0;
    let ticks = 0;
    sources.forEach(({ shape, does = (bytes) => bytes, startsAt = 0, flagged = true }, index) => {
      let isFirst = true;
      for (const segment of broadcast(file(shape), seconds, startsAt + index * 7e8)) {
        const source = does(segment.bytes);
        const { bytes, report } = spliceSegment(splicer, source, isFirst && flagged);
        splices += report.splices;
        ticks += segment.durationTicks;
        parts.push(bytes);
        isFirst = false;
      }
    });
    return { bytes: joinBytes(parts), splices, seconds: ticks / 90_000 };
  }

  test('makes an hour of a dozen sources one clean stream', () => {
    const { bytes, splices, seconds } = play(HOUR, 3600 / HOUR.length, HALF_AN_HOUR_BEFORE_WRAP);
    expect(seconds).toBeGreaterThan(3600);
    expect(splices).toBe(HOUR.length);
    expect(checkTransport(bytes)).toEqual([]);
    const { tracks, pcr } = inspectTs(bytes);
    const { dts } = tracks.get(0x100)!;
    // No time is lost or made at the splices, save that sound may end later than its pictures
    expect(Math.abs((dts.at(-1)! - dts[0]!) / 90_000 - seconds)).toBeLessThan(1);
    expect(Math.abs((pcr.at(-1)! - pcr[0]!) / 27e6 - seconds)).toBeLessThan(2);
  }, 120_000);

  test('makes what ffmpeg decodes without an error', async () => {
    const shapes: Shape[] = ['plain', 'reordered', 'other', 'plain', 'other', 'reordered'];
    const sources = shapes.map((shape, index) => ({ shape, flagged: index % 2 === 0 }));
    const { bytes } = play(sources, 15, 2 ** 33 - 90_000 * 40);
    const path = await folder.write('spliced.mpegts', bytes);
    const decode = [
      '-map',
      '0',
      '-fps_mode',
      'passthrough',
      '-enc_time_base',
      '1:90000',
      '-f',
      'null',
      '-',
    ];
    const cmd = ['ffmpeg', '-nostdin', '-loglevel', 'warning', '-xerror', '-i', path, ...decode];
    const { code, stderr } = await runProgram(cmd, 60_000);
    expect({ code, said: stderr.trim() }).toEqual({ code: 0, said: '' });
  }, 70_000);

  test.each([
    ['a dozen sources', HOUR, 10],
    ['sources whose sound has ever another rate', RATES, 15],
  ] as const)(
    'gives ffprobe times of %s that only go on',
    async (_, sources, seconds) => {
      const { bytes } = play(sources, seconds);
      const path = await folder.write('probed.mpegts', bytes);
      expect(await backwardTimes(path)).toEqual([]);
    },
    70_000,
  );
});

type Source = {
  readonly shape: Shape;
  /** What is done to each of its segments. */
  readonly does?: (segment: Uint8Array) => Uint8Array;
  readonly startsAt?: number;
  /** Whether the first segment is said to be a discontinuity. */
  readonly flagged?: boolean;
};

const HOUR: readonly Source[] = [
  { shape: 'plain' },
  { shape: 'mp2', startsAt: 2 ** 33 - 90_000 * 100 - 7e8 },
  { shape: 'hevc', flagged: false },
  { shape: 'plain', does: (bytes) => thinPcr(bytes, (index) => index % 40 === 0) },
  { shape: 'mpeg2' },
  { shape: 'languages', flagged: false },
  { shape: 'reordered', does: (bytes) => thinPcr(bytes, () => false) },
  { shape: 'other', does: (bytes) => losePackets(bytes, (index) => index > 3 && index % 97 === 0) },
  { shape: 'radio' },
  { shape: 'plain', does: (bytes) => withoutPid(bytes, 257), flagged: false },
  { shape: 'hevc', does: (bytes) => losePackets(bytes, (_, pid) => pid === 0x11) },
  { shape: 'plain' },
];

const RATES: readonly Source[] = [
  { shape: 'other' },
  { shape: 'plain' },
  { shape: 'half', flagged: false },
  { shape: 'languages' },
  { shape: 'other', flagged: false },
];
