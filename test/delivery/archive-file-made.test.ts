// This file tests a stretch of an archive as one file where its segments are no MPEG-TS, or silent.
import { beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';
import {
  type Archiving,
  archivedList,
  besidePlaylist,
  type Form,
  MADE_S,
  type MadeList,
  madeForms,
  PICTURES_PER_S,
} from '../support/made-archive.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { scriptedArchives, scriptedChannel } from '../support/scripted-archive.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { inspectTs } from '../support/ts-inspect.ts';

const START_MS = Date.UTC(2026, 10, 21, 18);
const ALL = `/archive/news.ts?from=${START_MS / 1000}&duration=2h`;
/** Gaps and seams are gone over by the clock, as they are in MPEG-TS that is stored. */
const LOOSE = { pcrIntervalMaxMs: 20_000, bufferMaxMs: 20_000 };
const PICTURES = MADE_S * PICTURES_PER_S;
const FRAME_S = 1 / PICTURES_PER_S;

type Row = {
  readonly pictures: Form;
  readonly sound?: Form;
  /** Seconds that sound begins after the pictures, by the clocks of what ffmpeg made. */
  readonly lateS?: number;
};
const ROWS: readonly Row[] = [
  { pictures: 'fmp4' },
  { pictures: 'fmp4-hevc' },
  { pictures: 'fmp4-negative' },
  { pictures: 'fmp4-pictures', sound: 'fmp4-sound' },
  { pictures: 'ts-pictures', sound: 'ts-sound' },
  { pictures: 'ts-pictures', sound: 'aac-sound' },
  // Its MPEG-TS begins at 1.4 s, its fMP4 at 0
  { pictures: 'fmp4-pictures', sound: 'ts-sound', lateS: 1.32 },
];
const nameOf = ({ pictures, sound }: Row) =>
  sound === undefined ? pictures : `${pictures} beside ${sound}`;

type App = ReturnType<typeof createInProcessApp>;

describe.skipIf(!hasProgram('ffmpeg'))('/archive/{channel}.ts', () => {
  let made: Readonly<Record<Form, MadeList>>;
  beforeAll(async () => {
    made = await madeForms();
  }, 120_000);

  async function withArchive(
    { pictures, sound }: Row,
    more: Partial<Archiving>,
    run: (app: App) => Promise<void>,
    moreOfSound: Partial<Archiving> = more,
  ): Promise<void> {
    const of = { kind: 'pictures', startMs: START_MS } as const;
    const main = await archivedList('main', made[pictures], { ...of, ...more });
    const ofSound = { ...of, kind: 'sound', ...moreOfSound } as const;
    const beside = sound === undefined ? [] : [await archivedList('audio-1', made[sound], ofSound)];
    const playlist = sound === undefined ? undefined : besidePlaylist('main', 'audio-1');
    const archives = scriptedArchives({ news: scriptedChannel([main, ...beside], playlist) });
    const channels = [loopChannel('news')];
    using app = createInProcessApp(channels, {}, { archives });
    app.clock.stepWall((main.held()?.toMs ?? START_MS) - app.clock.nowMs());
    await run(app);
  }

  async function whole(app: App): Promise<Uint8Array> {
    const answer = await app.ask(ALL);
    expect(answer.status).toBe(200);
    const bytes = await answer.bytes();
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
    return bytes;
  }

  for (const row of ROWS) {
    test(`is one clean stream of ${nameOf(row)}`, async () => {
      await withArchive(row, {}, async (app) => {
        const bytes = await whole(app);
        const seen = inspectTs(bytes);
        expect(seen.problems).toEqual([]);
        const [picture, sound] = [...seen.tracks.values()];
        expect(picture?.rawPts.length).toBe(PICTURES);
        const late = ((sound?.rawPts[0] ?? 0) - (picture?.rawPts[0] ?? 0)) / 90_000;
        expect(Math.abs(late - (row.lateS ?? 0))).toBeLessThan(FRAME_S);
        const steps = sound?.pts.slice(1).map((pts, at) => pts - (sound.pts[at] ?? 0)) ?? [];
        // Three frames of AAC: none is missing
        expect([Math.min(...steps) > 0, Math.max(...steps)]).toEqual([true, 5760]);
        expect(await played(bytes)).toEqual({ code: 0, stderr: '', pictures: PICTURES });
      });
    }, 60_000);

    test(`comes in any parts as the whole, of ${nameOf(row)}`, async () => {
      await withArchive(row, { times: 2 }, async (app) => {
        const bytes = await whole(app);
        const at = fc.integer({ min: 0, max: bytes.length - 1 });
        const range = fc.tuple(at, at).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
        const isPart = async ([first, last]: readonly [number, number]) => {
          const part = await app.ask(ALL, { range: `bytes=${first}-${last}` });
          expect(part.status).toBe(206);
          const same = Buffer.compare(await part.bytes(), bytes.subarray(first, last + 1));
          expect(same).toBe(0);
        };
        await fc.assert(fc.asyncProperty(range, isPart), { numRuns: 8 });
      });
    }, 60_000);
  }

  const twice = ROWS.filter(({ lateS }) => lateS === undefined);
  for (const row of twice) {
    test(`goes on over what was lost and what began anew, of ${nameOf(row)}`, async () => {
      await withArchive(row, { times: 2, lost: [2] }, async (app) => {
        const bytes = await whole(app);
        const seen = inspectTs(bytes, LOOSE);
        expect(seen.problems).toEqual([]);
        const [picture, sound] = [...seen.tracks.values()];
        expect(picture?.rawPts.length).toBe(2 * PICTURES - 2 * PICTURES_PER_S);
        for (const { dts } of [picture, sound].filter((track) => track !== undefined)) {
          const steps = dts.slice(1).map((each, index) => each - (dts[index] as number));
          expect(Math.min(...steps)).toBeGreaterThan(0);
          expect(Math.max(...steps)).toBeLessThan(2.4 * 90_000);
        }
        expect((await played(bytes)).stderr).toBe('');
      });
    }, 60_000);
  }

  test('is one clean stream of sound alone', async () => {
    for (const pictures of ['fmp4-sound', 'aac-sound'] as const) {
      await withArchive({ pictures }, { times: 2, lost: [2] }, async (app) => {
        const bytes = await whole(app);
        const seen = inspectTs(bytes, LOOSE);
        expect([seen.problems, seen.tracks.size]).toEqual([[], 1]);
        expect((await played(bytes)).stderr).toBe('');
      });
    }
  });

  test('is the same of what was archived before anything was learnt of it', async () => {
    for (const row of [{ pictures: 'fmp4' }, { pictures: 'ts-pictures', sound: 'fmp4-sound' }]) {
      let learnt: Uint8Array | undefined;
      await withArchive(row as Row, {}, async (app) => {
        learnt = await whole(app);
      });
      await withArchive(row as Row, { isOld: true }, async (app) => {
        expect(Buffer.compare(await whole(app), learnt as Uint8Array)).toBe(0);
      });
    }
  });

  test('is the same of what is encrypted', async () => {
    for (const row of [{ pictures: 'fmp4' }, { pictures: 'ts-pictures', sound: 'fmp4-sound' }]) {
      let clear: Uint8Array | undefined;
      await withArchive(row as Row, {}, async (app) => {
        clear = await whole(app);
      });
      await withArchive(row as Row, { isEncrypted: true }, async (app) => {
        expect(Buffer.compare(await whole(app), clear as Uint8Array)).toBe(0);
      });
    }
  });

  test('goes on without sound where none of it is held', async () => {
    const row: Row = { pictures: 'fmp4-pictures', sound: 'fmp4-sound' };
    const none = { startMs: START_MS - 3_600_000 };
    await withArchive(
      row,
      {},
      async (app) => {
        const seen = inspectTs(await whole(app));
        expect([seen.problems, [...seen.tracks.keys()]]).toEqual([[], [256]]);
      },
      none,
    );
  });

  test('has sound beside the pictures it is heard with', async () => {
    const row: Row = { pictures: 'fmp4-pictures', sound: 'fmp4-sound' };
    await withArchive(row, {}, async (app) => {
      const bytes = await whole(app);
      const { tracks } = inspectTs(bytes);
      const [picture, sound] = [...tracks.values()];
      // In the file none is a second away from the picture that is seen with it
      const far = (sound?.pts ?? []).filter((pts, index) => {
        const at = sound?.at[index] ?? 0;
        const next = (picture?.at ?? []).findIndex((place) => place > at);
        return next >= 0 && Math.abs((picture?.dts[next] ?? 0) - pts) > 90_000;
      });
      expect(far).toEqual([]);
    });
  });
});

async function played(bytes: Uint8Array) {
  await using folder = await createTempFolder();
  const file = await folder.write('whole.ts', bytes as Uint8Array<ArrayBuffer>);
  const words = `ffmpeg -nostdin -v warning -xerror -i ${file} -fps_mode passthrough -f framecrc -`;
  const { code, stdout, stderr } = await runProgram(words.split(' '), 60_000);
  const pictures = stdout.split('\n').filter((line) => line.startsWith('0,')).length;
  return { code, stderr, pictures };
}
