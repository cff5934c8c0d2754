// This file tests that picture and sound that lie apart come together by their clocks.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { silentLog } from '../../../src/base/log.ts';
import { START_TICKS } from '../../../src/media/remux/merger.ts';
import { SoundBeside } from '../../../src/packaging/mpegts/sound-beside.ts';
import { TransportSource } from '../../../src/packaging/mpegts/transport-source.ts';
import {
  ClockedRendition,
  type ClockedSegment,
  pictures,
  SOUND_FRAME_TICKS,
  sound,
} from '../../support/clocked-rendition.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { inspectTs } from '../../support/ts-inspect.ts';

const WRAP = 2 ** 33;
const PICTURE = 0x100;
const SOUND = 0x101;
const LENGTH_S = 2;
const SECOND = 90_000;
const BASE = 900_000;

type Came = { readonly pictures: readonly number[]; readonly sounds: readonly number[] };

/** Times as the sources have them, at 33 bits. */
function timesIn(bytes: Uint8Array): Came {
  const { tracks } = inspectTs(bytes);
  const own = (pid: number) =>
    (tracks.get(pid)?.rawPts ?? []).map((pts) => (((pts - START_TICKS) % WRAP) + WRAP) % WRAP);
  return { pictures: own(PICTURE), sounds: own(SOUND) };
}

async function watch(
  picture: readonly ClockedSegment[],
  heard: readonly ClockedSegment[],
  fromMs: number,
  untilMs: number,
): Promise<Came[]> {
  const clock = new FakeClock();
  const main = new ClockedRendition(clock, picture);
  const apart = new ClockedRendition(clock, heard);
  await clock.advance(fromMs);
  const beside = new SoundBeside(apart, { clock, log: silentLog });
  const source = new TransportSource(main, { beside });
  const leave = new AbortController();
  const came: Came[] = [];
  const run = async () => {
    for (;;) {
      const segment = await source.next(leave.signal);
      if (segment === undefined) return;
      came.push(timesIn(segment.bytes));
    }
  };
  const running = run();
  await clock.advance(untilMs - fromMs);
  leave.abort();
  await clock.advance(1000);
  await running;
  return came;
}

type Shape = {
  readonly count?: number;
  readonly base?: number;
  readonly sequence?: number;
  readonly lateMs?: number;
};

/** Two seconds each, from second 0 of the broadcast on. */
function picturesOf({ count = 20, base = BASE, sequence = 100, lateMs = 0 }: Shape = {}) {
  return Array.from({ length: count }, (_, index): ClockedSegment => {
    const bytes = pictures(base + index * LENGTH_S * SECOND, LENGTH_S);
    const atMs = (index + 1) * LENGTH_S * 1000 + lateMs;
    return { sequence: sequence + index, atMs, bytes, durationS: LENGTH_S };
  });
}

/** The lengths go round; `without` are gaps. */
function soundsOf(
  lengthsS: readonly number[],
  shape: Shape & { readonly perPacket?: number; readonly without?: readonly number[] } = {},
) {
  const { count = 20, base = BASE, sequence = 100, lateMs = 0, perPacket = 1 } = shape;
  let frame = 0;
  return Array.from({ length: count }, (_, index): ClockedSegment => {
    const lengthS = lengthsS[index % lengthsS.length]!;
    const frames = Math.round((lengthS * SECOND) / SOUND_FRAME_TICKS);
    const from = base + frame * SOUND_FRAME_TICKS;
    frame += frames;
    const atMs = (frame * SOUND_FRAME_TICKS) / 90 + lateMs;
    const isGap = shape.without?.includes(index) === true;
    const bytes = isGap ? undefined : sound(from, frames, perPacket);
    return { sequence: sequence + index, atMs, bytes, durationS: lengthS };
  });
}

/** From the first picture to the first sound. */
function firstLateTicks(came: readonly Came[]): number {
  const sounds = came.flatMap((one) => one.sounds);
  return (sounds[0] ?? Number.NaN) - came[0]!.pictures[0]!;
}

/** Where a frame of sound does not follow the one before it at once. */
function holesIn(came: readonly Came[]): number[] {
  const sounds = came.flatMap((one) => one.sounds);
  return sounds.slice(1).filter((at, index) => at - sounds[index]! !== SOUND_FRAME_TICKS);
}

/** Sound that begins late, loses its clock and is far behind besides. */
const GAPS_AND_ASTRAY = {
  lengths: [3.72, 3],
  sequence: 0,
  lateMs: 3553,
  jitterMs: [0],
  without: [4, 1, 3, 2],
  base: BASE,
  lost: 3,
  perPacket: 1,
  fromMs: 10_000,
};

const AGREEING = [
  ['the same lengths and numbers', soundsOf([2])],
  ['other numbers', soundsOf([2], { sequence: 7 })],
  ['numbers that mean another time', soundsOf([2], { sequence: 102 })],
  ['jittery lengths', soundsOf([1.9, 2.1])],
  ['lengths that drift by numbers', soundsOf([1.9])],
  ['a longer target duration', soundsOf([6], { count: 8 })],
  ['a shorter one', soundsOf([0.96], { count: 44 })],
  ['half a second of sound in each PES packet', soundsOf([2], { perPacket: 24 })],
  ['a list a segment behind', soundsOf([2], { lateMs: 2000 })],
  ['a list a segment ahead', soundsOf([2], { lateMs: -1900 })],
] as const;

describe('sound that lies apart', () => {
  test.each(AGREEING)('begins with the picture, and goes on: %s', async (_, beside) => {
    // Wherever in a segment the viewer comes
    for (const fromMs of [9000, 9500, 10_100, 10_900, 12_700]) {
      const came = await watch(picturesOf(), beside, fromMs, 36_000);
      expect(came.length).toBeGreaterThan(8);
      const late = firstLateTicks(came);
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(SOUND_FRAME_TICKS);
      if (beside !== AGREEING[7][1]) expect(holesIn(came)).toEqual([]);
    }
  });

  test('begins where both are, if the sound begins later than the picture', async () => {
    for (const missing of [2, 3, 4]) {
      const beside = soundsOf([2.1, 1.9]).slice(missing);
      const came = await watch(picturesOf(), beside, 12_700, 36_000);
      expect(Math.abs(firstLateTicks(came))).toBeLessThan(SOUND_FRAME_TICKS);
      expect(holesIn(came)).toEqual([]);
    }
  });

  test('that is late for a while, or missing, leaves a hole no longer than that', async () => {
    const came = await watch(picturesOf(), soundsOf([1.9, 2.1], { without: [8] }), 9000, 50_000);
    expect(holesIn(came)).toHaveLength(1);
    expect(came.flatMap(({ sounds }) => sounds).length).toBeGreaterThan(12 * 93);
    expect(came.at(-1)?.sounds.length).toBeGreaterThan(80);
  });

  test('that ends for a while comes back', async () => {
    const beside = soundsOf([2]).map((one, index) => (index < 8 || index > 11 ? one : undefined));
    const listed = beside.flatMap((one, index) =>
      // Its numbers go on as if nothing had been
      one === undefined ? [] : [index > 11 ? { ...one, sequence: one.sequence - 4 } : one],
    );
    const came = await watch(picturesOf(), listed, 9000, 50_000);
    expect(came.length).toBeGreaterThan(12);
    expect(holesIn(came)).toHaveLength(1);
    // It is all there: the picture waited for it, or it for the picture
    for (const { pictures: shown, sounds } of came) {
      const atS = (shown[0]! - BASE) / SECOND;
      if (atS < 16 || atS >= 26) expect(sounds.length).toBeGreaterThan(90);
      if (atS > 16.1 && atS < 24) expect(sounds).toEqual([]);
    }
  });

  test.each([
    ['far apart', 500_000_000],
    ['near, so that the old one could be meant', BASE + 30 * SECOND],
    ['before the old one', BASE - 4 * SECOND],
    ['across the wrap at 33 bits', WRAP - 5 * SECOND],
  ])('goes with the picture to a source whose clock is %s', async (_, base) => {
    const before = 9;
    const moved = (made: readonly ClockedSegment[], from: number, lateMs: number) =>
      made.map((one, index) => ({
        ...one,
        sequence: from + index,
        atMs: one.atMs + before * 2000 + lateMs,
        discontinuitySequence: 1,
      }));
    // The sound of the first reaches further than its picture, and that of the second comes late
    const picture = [
      ...picturesOf().slice(0, before),
      ...moved(picturesOf({ base }), 100 + before, 0),
    ];
    const first = soundsOf([2.1, 2.2]).slice(0, before);
    for (const lateMs of [1500, -500]) {
      const next = moved(soundsOf([1.9, 2.1], { base }), 100 + before, lateMs);
      const beside = [...first, ...next];
      const came = await watch(picture, beside, 9000, 50_000);
      const at = came.findIndex(({ pictures: shown }) => shown[0] === base % WRAP);
      expect(at).toBeGreaterThan(0);
      expect(Math.abs(firstLateTicks(came))).toBeLessThan(SOUND_FRAME_TICKS);
      expect(Math.abs(firstLateTicks(came.slice(at)))).toBeLessThan(SOUND_FRAME_TICKS);
      expect(came.length).toBeGreaterThan(15);
      for (const { sounds } of came.slice(at, -1)) expect(sounds.length).toBeGreaterThan(90);
      for (const { sounds } of came.slice(0, at)) expect(sounds.length).toBeGreaterThan(90);
    }
  });

  test('never ends, whatever its list did before', async () => {
    const lengths = fc.array(fc.double({ min: 0.5, max: 4, noNaN: true }), {
      minLength: 1,
      maxLength: 9,
    });
    const scenario = fc.record({
      lengths,
      sequence: fc.integer({ min: 0, max: 300 }),
      lateMs: fc.integer({ min: -1500, max: 5000 }),
      jitterMs: fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 7 }),
      without: fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 6 }),
      base: fc.constantFrom(BASE, WRAP - 11 * SECOND, WRAP - 30 * SECOND),
      /** Its clock and its discontinuities are of their own for some segments. */
      lost: fc.integer({ min: 0, max: 5 }),
      perPacket: fc.constantFrom(1, 1, 8),
      fromMs: fc.integer({ min: 8000, max: 14_000 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { base, lost, jitterMs, fromMs, lengths: all } = given;
        const count = Math.ceil((140 * all.length) / all.reduce((sum, length) => sum + length, 0));
        const astray = soundsOf(given.lengths, { ...given, base: base + 777 * SECOND, count });
        const beside = soundsOf(given.lengths, { ...given, count }).map((one, index) => ({
          ...one,
          ...(index >= 8 && index < 8 + lost ? { bytes: astray[index]!.bytes } : {}),
          discontinuitySequence: index >= 8 + lost ? 2 : index >= 8 ? 1 : 0,
          atMs: one.atMs + (index < 14 ? jitterMs[index % jitterMs.length]! : 0),
        }));
        const came = await watch(picturesOf({ count: 60, base }), beside, fromMs, 132_000);
        // The last of the picture is long after all that was wrong
        const least = given.perPacket === 1 ? 93 : 1;
        const last = came.slice(-7, -1).map(({ sounds }) => sounds.length >= least);
        expect(last).toEqual([true, true, true, true, true, true]);
        expect(came.at(-1)!.pictures[0]).toBe((base + 59 * 2 * SECOND) % WRAP);
        const sounds = came.flatMap((one) => one.sounds);
        const steps = sounds.slice(1).map((at, index) => (at - sounds[index]! + WRAP) % WRAP);
        expect(steps.filter((step) => step === 0 || step > WRAP / 2)).toEqual([]);
      }),
      { numRuns: 20, examples: [[GAPS_AND_ASTRAY]] },
    );
  }, 120_000);
});
