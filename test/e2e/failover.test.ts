// This file watches a change of the source in mid-play with ffmpeg, in both outputs at once.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  type CountableMedia,
  FRAMES_PER_SECOND,
  makeCountable,
} from '../support/countable-media.ts';
import { FaultyOrigin } from '../support/faulty-origin.ts';
import { LiveChannel } from '../support/live-origin.ts';
import { withStatus } from '../support/origin/fault.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { Weir } from '../support/weir.ts';

const TARGET_S = 2;
/** Of media: what is there at once, what comes until the fault, and what comes after it. */
const WATCH_S = 22;
const BEFORE_MS = 5000;
/** ffmpeg tells of counters that begin anew at a discontinuity, and goes on. */
const AT_DISCONTINUITY = /corrupt (input )?packet|Packet corrupt/i;

type Source = {
  readonly name: string;
  readonly media: CountableMedia;
  readonly origin: FaultyOrigin;
};

describe.skipIf(!hasProgram('ffmpeg'))('a source that fails while ffmpeg watches', () => {
  let folder: TempFolder;
  let weir: Weir;
  const sources: Source[] = [];

  beforeAll(async () => {
    folder = await createTempFolder();
    for (const [name, startsAtS] of [
      ['a', 1000],
      ['b', 70_000],
    ] as const) {
      const more = { isNegative: name === 'b', startsAtS };
      const media = await makeCountable(folder, { name, segmentS: TARGET_S, count: 30, ...more });
      sources.push({ name, media, origin: new FaultyOrigin() });
    }
    const urls = sources.map(({ name, media, origin }) => {
      const recorded = media.segments;
      const shape = { name, targetMs: TARGET_S * 1000, programDateTime: true, recorded } as const;
      return new LiveChannel(origin, shape).mediaUrl();
    });
    weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
channels:
  - { id: two, sources: ['${urls.join("', '")}'] }
`,
    });
  }, 60_000);
  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    for (const { origin } of sources) origin[Symbol.dispose]();
    await folder?.[Symbol.asyncDispose]();
  }, 20_000);

  /** Each frame that it decoded: of which source, and which. */
  async function watch(path: string, input: readonly string[]) {
    const output = ['-t', String(WATCH_S), '-map', '0:v:0', '-map', '0:a:0'];
    const cmd = ['ffmpeg', '-nostdin', '-v', 'error', ...input, '-i', weir.url(path), ...output];
    const passed = [...cmd, '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
    const { code, stdout, stderr } = await runProgram(passed, (WATCH_S + 40) * 1000);
    const errors = stderr.split('\n').filter((line) => line.trim() !== '');
    const rows = stdout.split('\n').filter((line) => line.startsWith('0,'));
    const shown = rows.flatMap((row) => {
      const md5 = row.slice(row.lastIndexOf(',') + 1).trim();
      const source = sources.find(({ media }) => media.frames.has(md5));
      return source === undefined
        ? []
        : [{ of: source.name, frame: source.media.frames.get(md5)! }];
    });
    return { code, errors, shown };
  }

  test('ffmpeg goes on with the next, as HLS and as one endless stream', async () => {
    const watching = Promise.all([
      watch('/live/two/index.m3u8', ['-live_start_index', '-3']),
      watch('/live/two.ts', []),
    ]);
    await Bun.sleep(BEFORE_MS);
    sources[0]!.origin.on(/./, withStatus(503));
    const [hls, ts] = await watching;
    expect(hls.errors.filter((line) => !AT_DISCONTINUITY.test(line))).toEqual([]);
    expect(ts.errors).toEqual([]);
    for (const { code, shown } of [hls, ts]) {
      expect(code).toBe(0);
      const order = shown.map(({ of }) => of).filter((of, index, all) => of !== all[index - 1]);
      expect(order).toEqual(['a', 'b']);
      const steps = shown.slice(1).map(({ frame }, index) => frame - shown[index]!.frame);
      const slips = steps.filter((by) => Math.abs(by - 1) > TARGET_S * FRAMES_PER_SECOND);
      expect(slips).toEqual([]);
      expect(shown.length).toBeGreaterThan((WATCH_S - 2) * FRAMES_PER_SECOND);
    }
  }, 90_000);
});
