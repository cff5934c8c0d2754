// This file watches the endless stream of sources whose sound lies apart, begun at any moment.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { ApartOrigin, type Manner } from '../support/apart-origin.ts';
import { checkTransport } from '../support/check-transport.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { inspectTs, type TsInspection } from '../support/ts-inspect.ts';
import { Weir } from '../support/weir.ts';

const PACKET_BYTES = 188;
const SECOND = 90_000;
/** 1,024 samples at 48 kHz, and a tick for rounding. */
const FRAME_TICKS = 1921;
const MANNERS: readonly Manner[] = ['even', 'numbers', 'behind', 'ahead'];
const STARTS = 2;
const WITHIN_MS = 90_000;
const hasFfmpeg = hasProgram('ffmpeg') && hasProgram('ffprobe');

describe.skipIf(!hasFfmpeg)('sound that lies apart', () => {
  let origin: ApartOrigin;
  let weir: Weir;
  let folder: TempFolder;

  beforeAll(async () => {
    folder = await createTempFolder();
    origin = await ApartOrigin.start();
    const channels = MANNERS.flatMap((manner) =>
      (['ts', 'fmp4'] as const).flatMap((form) =>
        Array.from({ length: STARTS }, (_, index) => {
          const id = `${manner}-${form}-${index}`;
          return `  - { id: ${id}, sources: ['${origin.url(id, manner, form)}'] }`;
        }),
      ),
    );
    const apart = origin.url('backup', 'numbers');
    weir = await Weir.start({
      readyWithinMs: 60_000,
      yaml: `
allow_private: [127.0.0.0/8]
channels:
${channels.join('\n')}
  - { id: muxed-apart, sources: ['${origin.muxedUrl('muxed-apart-first')}', '${apart}'] }
  - { id: apart-muxed, sources: ['${origin.url('apart-muxed-first', 'numbers')}', '${origin.muxedUrl('backup')}'] }
`,
    });
  }, 150_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Reads until what came is enough. */
  async function watch(id: string, isEnough: (seen: TsInspection) => boolean) {
    const leave = new AbortController();
    const timer = setTimeout(() => leave.abort(), WITHIN_MS);
    const response = await fetch(weir.url(`/live/${id}.ts`), { signal: leave.signal });
    expect(response.status).toBe(200);
    const chunks: Uint8Array[] = [];
    let bytes = new Uint8Array();
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      bytes = new Uint8Array(all.subarray(0, all.length - (all.length % PACKET_BYTES)));
      if (isEnough(inspectTs(bytes))) break;
    }
    clearTimeout(timer);
    leave.abort();
    return bytes;
  }

  async function expectClean(name: string, bytes: Uint8Array): Promise<void> {
    expect(checkTransport(bytes)).toEqual([]);
    const file = join(folder.path, `${name}.ts`);
    await Bun.write(file, bytes);
    const probe = ['ffprobe', '-loglevel', 'error', '-show_streams', '-of', 'json', file];
    const { stdout, stderr } = await runProgram(probe, 30_000);
    expect(stderr).toBe('');
    const kinds = JSON.parse(stdout).streams.map((one: { codec_type: string }) => one.codec_type);
    expect(kinds.sort()).toEqual(['audio', 'video']);
  }

  const hasSeconds = (seconds: number) => (seen: TsInspection) => {
    const [shown, heard] = [trackOf(seen, VIDEO_TYPE), trackOf(seen, AUDIO_TYPE)];
    if (heard.length === 0) return spanOf(shown) > 8 * SECOND;
    return Math.min(spanOf(shown), spanOf(heard)) > seconds * SECOND;
  };

  test.each(MANNERS)(
    'begins with the picture, whenever one comes: %s',
    async (manner) => {
      const begun = async (id: string) => {
        const bytes = await watch(id, hasSeconds(id.endsWith('0') ? 4 : 1));
        await expectClean(id, bytes);
        const seen = inspectTs(bytes);
        const [shown, heard] = [trackOf(seen, VIDEO_TYPE), trackOf(seen, AUDIO_TYPE)];
        const lateTicks = heard[0]! - Math.min(...shown);
        const isTogether = Math.abs(lateTicks) <= FRAME_TICKS;
        expect({ id, isTogether, lateTicks }).toEqual({ id, isTogether: true, lateTicks });
        expect(holesIn(heard)).toEqual([]);
      };
      for (let index = 0; index < STARTS; index++) {
        await Promise.all(['ts', 'fmp4'].map((form) => begun(`${manner}-${form}-${index}`)));
      }
    },
    120_000,
  );

  async function activeOf(id: string): Promise<number> {
    const answer = await (await fetch(weir.url(`/api/channels/${id}`))).json();
    return answer.sources.findIndex(({ active }: { active: boolean }) => active);
  }

  test.each(['muxed-apart', 'apart-muxed'])(
    'is heard over sources that differ in it: %s',
    async (id) => {
      const shownAt: number[] = [];
      let isAsking = false;
      const ask = async (seen: TsInspection) => {
        isAsking = true;
        const active = await activeOf(id);
        if (active !== shownAt.length % 2) {
          shownAt.push(trackOf(seen, VIDEO_TYPE).at(-1)!);
          origin.down.delete(`${id}-first`);
        }
        isAsking = false;
      };
      // Away once it plays, and back once the other one has played for a while
      const bytes = await watch(id, (seen) => {
        const shown = trackOf(seen, VIDEO_TYPE);
        if (shownAt.length === 0 && spanOf(shown) > 4 * SECOND) origin.down.add(`${id}-first`);
        if (!isAsking) void ask(seen);
        const last = shownAt[1];
        return last !== undefined && shown.at(-1)! - last > 9 * SECOND;
      });
      await expectClean(id, bytes);
      const seen = inspectTs(bytes);
      const [shown, heard] = [trackOf(seen, VIDEO_TYPE), trackOf(seen, AUDIO_TYPE)];
      expect(shownAt).toHaveLength(2);
      // Picture and sound lose, or repeat, a segment at most, each for itself
      for (const hole of holesIn(heard)) expect(hole).toBeLessThan(4.5 * SECOND);
      expect(holesIn(heard).length).toBeLessThanOrEqual(2);
      expect(Math.abs(heard.at(-1)! - shown.at(-1)!)).toBeLessThan(SECOND);
      const file = join(folder.path, `${id}-whole.ts`);
      await Bun.write(file, bytes.subarray(0, lastAt(seen)));
      const decode = ['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', file, '-f', 'null', '-'];
      const { stderr } = await runProgram(decode, 60_000);
      expect(stderr).toBe('');
    },
    120_000,
  );
});

const VIDEO_TYPE = 0x1b;
const AUDIO_TYPE = 0x0f;

function trackOf({ streams, tracks }: TsInspection, type: number): readonly number[] {
  const pid = [...streams].find(([, found]) => found === type)?.[0];
  return pid === undefined ? [] : (tracks.get(pid)?.pts ?? []);
}

/** Where the last picture begins, which may not have come as a whole. */
function lastAt({ streams, tracks }: TsInspection): number {
  const pid = [...streams].find(([, found]) => found === VIDEO_TYPE)?.[0] ?? 0;
  return tracks.get(pid)?.at.at(-1) ?? 0;
}

function spanOf(pts: readonly number[]): number {
  return pts.length === 0 ? 0 : Math.max(...pts) - Math.min(...pts);
}

/** Each PES packet has at most half a second of sound. */
function holesIn(pts: readonly number[]): number[] {
  return pts.slice(1).flatMap((at, index) => {
    const step = at - pts[index]!;
    return step > SECOND / 2 ? [step] : [];
  });
}
