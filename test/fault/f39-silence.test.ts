// This file is failure F39: a source that goes on sending, and there is nothing to hear or to see.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sha256 } from '../support/live/payload.ts';
import { type MadeHls, madeHls } from '../support/made-media.ts';
import type { Answer } from '../support/origin/answer.ts';
import { hasProgram } from '../support/programs.ts';
import { recorded } from '../support/recorded-media.ts';
import { Swarm } from '../support/swarm.ts';
import { until } from '../support/until.ts';
import { brokenNumbers, courseOf, type Origin } from './seams.ts';
import { backupOf, type ChannelSetup, type Place, World } from './world.ts';

/** More of it than any test lasts. */
const MADE_S = 100;
const CODED = '-c:v libx264 -preset ultrafast -g 10 -bf 0 -c:a aac -b:a 64k -threads 1';

/** Picture and sound of each course of a source; all begin at the same time. */
const COURSES = {
  'a clip': ['testsrc2=s=160x90:r=10', 'sine=440:r=48000'],
  'a silent': ['testsrc2=s=160x90:r=10', 'anullsrc=r=48000:cl=mono'],
  'a black': ['color=black:s=160x90:r=10,format=yuv420p', 'sine=440:r=48000'],
  'b clip': ['testsrc=s=160x90:r=10', 'sine=880:r=48000'],
  'b silent': ['testsrc=s=160x90:r=10', 'anullsrc=r=48000:cl=mono'],
} as const;
type Course = keyof typeof COURSES;

const VIEWERS = 3;
const SILENCE = ['failover: { silence: 5s }'];
const FMP4 = { live: { form: 'fmp4' }, channelLines: SILENCE, backup: {} } as const;

const world = new World(
  {
    'f39-silence': { channelLines: SILENCE, backup: {} },
    'f39-fmp4': FMP4,
    'f39-black': { channelLines: ['failover: { black: 5s }'], backup: {} },
    'f39-unasked': { backup: {} },
    'f39-other': { channelLines: ['failover: { black: 5s }'], backup: {} },
    'f39-everywhere': { channelLines: SILENCE, backup: {} },
    'f39-back': { channelLines: SILENCE, backup: {} },
  } satisfies Record<string, ChannelSetup>,
  ['prefetch: { idle_stop: 10s }'],
);

const made = new Map<string, MadeHls>();
/** Where a body is from, by its hash. */
const known = new Map<string, Origin>();

async function makeAll(): Promise<void> {
  for (const [course, [picture, sound]] of Object.entries(COURSES)) {
    const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound];
    const file = await recorded([...inputs, '-t', `${MADE_S}`, ...CODED.split(' ')], 'mp4');
    for (const form of ['mpegts', 'fmp4'] as const) {
      if (form === 'fmp4' && course.endsWith('black')) continue;
      const hls = await madeHls(['-i', file, '-c', 'copy'], form);
      made.set(`${course} ${form}`, hls);
      for (const [index, bytes] of hls.segments.entries()) {
        const identity = { rendition: '720', kind: 'segment', index, isClear: true } as const;
        known.set(sha256(bytes), { source: course[0] as string, identity });
      }
    }
  }
}

/** From the next segment on the origin sends this. */
type Turn = (course: Course) => void;

/** Has the origin send real media, of the course that was turned to last. */
function broadcast({ origin, live }: Place, first: Course, form: 'mpegts' | 'fmp4'): Turn {
  const turns: { readonly from: number; readonly course: Course }[] = [{ from: 0, course: first }];
  const madeOf = (course: Course): MadeHls => {
    const found = made.get(`${course} ${form}`);
    if (found === undefined) throw new Error(`Cannot send ${course}: it was not made`);
    return found;
  };
  origin.on(live.segments(), (normal: Answer): Answer => {
    const tag = normal.headers.find(([name]) => name === 'ETag')?.[1] ?? '';
    const index = Number(/-(\d+)"$/.exec(tag)?.[1] ?? Number.NaN);
    const turn = turns.findLast(({ from }) => from <= index);
    const body = turn && madeOf(turn.course).segments[index];
    return body === undefined ? normal : { ...normal, body };
  });
  origin.on(/map\d+\.mp4/, (normal) => ({ ...normal, body: madeOf(first).init ?? normal.body }));
  return (course) => turns.push({ from: live.newestIndex() + 1, course });
}

type Api = {
  readonly sources: readonly {
    readonly state: string;
    readonly active: boolean;
    readonly error?: { readonly code: string; readonly message: string };
  }[];
  readonly switches: Readonly<Record<string, number>>;
};

async function api(id: string): Promise<Api> {
  return (await (await fetch(world.weir.url(`/api/channels/${id}`))).json()) as Api;
}

const activeOf = async (id: string) => (await api(id)).sources.findIndex(({ active }) => active);

/** Viewers watch while `script` runs. */
async function through(id: string, script: (a: Turn, b: Turn) => Promise<void>) {
  const form = id === 'f39-fmp4' ? 'fmp4' : 'mpegts';
  const a = broadcast(world.at(id), 'a clip', form);
  const b = broadcast(world.at(backupOf(id)), 'b clip', form);
  await using swarm = new Swarm({ url: world.url(id), count: VIEWERS });
  await script(a, b);
  const reports = await swarm.stop();
  const courses = reports.map((report) => ({
    ...courseOf(report, (hash) => known.get(hash)),
    // What takes over in fMP4 is made into what the rendition began with: nobody has sent it so
    madeAnew: report.segments.filter(({ clearSha256 }) => !known.has(clearSha256)).length,
  }));
  const { blamed, counts } = world.judge(id, reports);
  expect(counts.broken).toBe(0);
  // These are none of the origin's own bodies
  expect(blamed.filter((what) => !/^(foreign bytes|order)/.test(what))).toEqual([]);
  for (const report of reports) expect(brokenNumbers(report)).toEqual([]);
  return courses;
}

/** Until the channel plays this source, and some of it has been watched. */
async function playsFrom(id: string, source: number): Promise<void> {
  expect(await until(async () => (await activeOf(id)) === source, 60_000)).toBe(true);
  await Bun.sleep(4000);
}

describe.skipIf(!hasProgram('ffmpeg')).concurrent('F39: nothing to hear or to see', () => {
  beforeAll(async () => {
    await makeAll();
    await world.start();
  }, 180_000);
  afterAll(() => world[Symbol.asyncDispose](), 20_000);

  test.each([
    ['f39-silence', 'a silent', 'silent', 'the source is silent'],
    ['f39-fmp4', 'a silent', 'silent', 'the source is silent'],
    ['f39-black', 'a black', 'black', 'the picture of the source is of one colour'],
  ] as const)(
    '%s: the source is left, and not returned to while it lasts',
    async (id, course, kind, words) => {
      const courses = await through(id, async (a) => {
        await playsFrom(id, 0);
        a(course);
        await playsFrom(id, 1);
        const { sources, switches } = await api(id);
        expect(sources[0]?.error?.message).toStartWith(words);
        expect(switches).toEqual({ [kind]: 1 });
        // It has cooled down, was tried and is still as it was
        const wasTried = async () => (await api(id)).sources[0]?.error?.code === 'SOURCE_BLANK';
        expect(await until(wasTried, 60_000)).toBe(true);
      });
      for (const { sources, seams, slips, madeAnew } of courses) {
        if (id === 'f39-fmp4') {
          expect([sources, slips]).toEqual([['a'], []]);
          expect(madeAnew).toBeGreaterThan(1);
          continue;
        }
        expect([sources, slips]).toEqual([['a', 'b'], []]);
        expect(seams[0]?.isTagged).toBe(true);
        expect(Math.abs(seams[0]?.repeated ?? 9)).toBeLessThanOrEqual(1);
      }
      expect(await activeOf(id)).toBe(1);
    },
    150_000,
  );

  test.each(['f39-unasked', 'f39-other'])(
    '%s: who did not ask for it stays',
    async (id) => {
      const courses = await through(id, async (a) => {
        await playsFrom(id, 0);
        a('a silent');
        await Bun.sleep(12_000);
      });
      for (const { sources } of courses) expect(sources).toEqual(['a']);
      expect((await api(id)).switches).toEqual({});
    },
    120_000,
  );

  test('f39-everywhere: where all are silent, viewers stay where they are', async () => {
    const id = 'f39-everywhere';
    const courses = await through(id, async (a, b) => {
      await playsFrom(id, 0);
      b('b silent');
      a('a silent');
      const place = world.at(backupOf(id));
      // The other was looked at
      expect(await until(() => place.origin.seen(place.live.segments()).length > 0, 60_000)).toBe(
        true,
      );
      await Bun.sleep(4000);
      expect((await api(id)).switches).toEqual({});
      b('b clip');
      await playsFrom(id, 1);
    });
    for (const { sources } of courses) expect(sources).toEqual(['a', 'b']);
  }, 150_000);

  test('f39-back: a source that can be heard again is returned to', async () => {
    const id = 'f39-back';
    const courses = await through(id, async (a) => {
      await playsFrom(id, 0);
      a('a silent');
      await playsFrom(id, 1);
      a('a clip');
      await playsFrom(id, 0);
    });
    for (const { sources } of courses) expect(sources).toEqual(['a', 'b', 'a']);
    expect((await api(id)).switches).toEqual({ silent: 1, proved: 1 });
  }, 150_000);
});
