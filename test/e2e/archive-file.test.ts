// This file takes archives home as one file each, whatever their form, over a kill of the weir.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { ApartOrigin, type Manner } from '../support/apart-origin.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { inspectTs } from '../support/ts-inspect.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';

const CHANNELS: readonly (readonly [Manner, 'ts' | 'fmp4'])[] = [
  ['even', 'ts'],
  ['even', 'fmp4'],
  ['numbers', 'fmp4'],
  ['behind', 'ts'],
  ['ahead', 'fmp4'],
];
const IDS = CHANNELS.map(([manner, form]) => `${manner}-${form}`);
/** The others lie in a tier. */
const AS_HLS = 'numbers-fmp4';
/** Pictures are of 25 a second, cut every two seconds. */
const FRAME_TICKS = 3600;
/** Three frames of AAC at 48 kHz. */
const UNIT_TICKS = 5760;
const BEFORE_S = 8;
const AFTER_S = 6;
const BEGUN_S = 5;
const WITHIN_MS = 60_000;
/** What was missed while weir was away is a gap, if it was. */
const LOOSE = { pcrIntervalMaxMs: 30_000, bufferMaxMs: 30_000 };

type Days = { readonly from?: string; readonly to?: string };

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('curl'))('an archive as one file', () => {
  let origin: ApartOrigin;
  let folder: TempFolder;
  let weir: Weir;

  beforeAll(async () => {
    folder = await createTempFolder();
    origin = await ApartOrigin.start();
    weir = await start();
    await isHeld(() => BEFORE_S);
    const heldS = await Promise.all(IDS.map(lengthOf));
    await weir.kill();
    weir = await start();
    await isHeld((index) => (heldS[index] ?? 0) + AFTER_S);
  }, 240_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  function start(): Promise<Weir> {
    const channels = CHANNELS.map(([manner, form]) => {
      const id = `${manner}-${form}`;
      const asHls = `{ keep: 1h, as: hls, path: ${join(folder.path, 'hls')} }`;
      const archive = id === AS_HLS ? asHls : '1h';
      return `  - { id: ${id}, archive: ${archive}, sources: ['${origin.url(id, manner, form)}'] }`;
    });
    const tier = `overflow: [{ disk: { path: ${join(folder.path, 'kept')}, size: 1GiB } }]`;
    const yaml = `allow_private: [127.0.0.0/8]\n${tier}\nchannels:\n${channels.join('\n')}\n`;
    const dataDir = join(folder.path, 'data');
    return Weir.start({ yaml, dataDir, readyWithinMs: WITHIN_MS });
  }

  async function daysOf(id: string): Promise<Days> {
    return (await (await fetch(weir.url(`/archive/${id}/days`))).json()) as Days;
  }

  async function lengthOf(id: string): Promise<number> {
    const { from, to } = await daysOf(id);
    return from === undefined || to === undefined ? 0 : (Date.parse(to) - Date.parse(from)) / 1000;
  }

  async function isHeld(wantedS: (index: number) => number): Promise<void> {
    const isThere = async () => {
      const heldS = await Promise.all(IDS.map(lengthOf));
      return heldS.every((length, index) => length >= wantedS(index));
    };
    if (!(await until(isThere, WITHIN_MS))) throw new Error(`not archived\n${weir.output}`);
  }

  for (const id of IDS) {
    test(`${id}: curl has it whole and in parts, and it plays in step`, async () => {
      const { from = '', to } = await daysOf(id);
      // The first sound that a list had may have been later than its first pictures
      const fromS = Date.parse(from) / 1000 + BEGUN_S;
      const url = weir.url(`/archive/${id}.ts?from=${fromS}&to=${to}`);
      const file = join(folder.path, `${id}.ts`);
      const curl = ['curl', '-sS', '-o', file, '-w', '%{http_code} %header{content-length}', url];
      const whole = await runProgram(curl, 60_000);
      const bytes = await Bun.file(file).bytes();
      expect([whole.stdout, whole.stderr]).toEqual([`200 ${bytes.length}`, '']);
      const [first, last] = [Math.floor(bytes.length / 3), Math.floor(bytes.length / 2)];
      const part = await fetch(url, { headers: { range: `bytes=${first}-${last}` } });
      expect([part.status, part.headers.get('content-length')]).toEqual([
        206,
        String(last - first + 1),
      ]);
      expect(Buffer.compare(await part.bytes(), bytes.subarray(first, last + 1))).toBe(0);

      const seen = inspectTs(bytes, LOOSE);
      expect(seen.problems).toEqual([]);
      const [picture, sound] = [...seen.tracks.values()];
      if (picture === undefined || sound === undefined) throw new Error('a track is missing');
      expect(picture.rawPts.length).toBeGreaterThan((BEFORE_S + AFTER_S - BEGUN_S - 2) * 25);
      const late = Math.min(...sound.rawPts) - Math.min(...picture.rawPts);
      expect(Math.abs(late)).toBeLessThanOrEqual(FRAME_TICKS);
      // Nothing is missing from the sound where the pictures go on
      const holes = sound.pts.slice(1).map((pts, index) => pts - (sound.pts[index] ?? 0));
      const gaps = picture.dts.slice(1).map((dts, index) => dts - (picture.dts[index] ?? 0));
      expect(Math.max(...holes)).toBeLessThanOrEqual(Math.max(UNIT_TICKS, ...gaps));

      const decode = `ffmpeg -nostdin -v warning -xerror -i ${file} -f null -`.split(' ');
      expect(await runProgram(decode, 60_000)).toMatchObject({ code: 0, stderr: '' });
    }, 120_000);
  }
});
