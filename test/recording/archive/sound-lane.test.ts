// This file tests which sound stands beside which pictures, by what rows say.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { SoundRun } from '../../../src/media/remux/sound-marks.ts';
import type { ArchivedSegment } from '../../../src/recording/archive/archived.ts';
import {
  marksTogether,
  type PictureWindow,
  SoundLane,
  type SoundRange,
  type SoundSegment,
} from '../../../src/recording/archive/sound-lane.ts';

const WRAP = 2 ** 33;
const SECOND = 90_000;
/** Three frames of AAC at 48 kHz. */
const STEP = 5760;
const START_MS = Date.UTC(2026, 10, 21, 18);

function segment(name: string, startMs: number): ArchivedSegment {
  return { name, startMs, number: 0, durationS: 2, keys: [], contentType: 'audio/aac' } as never;
}

function sound(name: string, startMs: number, runs: readonly SoundRun[]): SoundSegment {
  return { segment: segment(name, startMs), sound: { track: [15, 192, ''], runs } };
}

function names(ranges: readonly SoundRange[]): string[] {
  return ranges.flatMap(({ segment: { name }, from, to }) =>
    Array.from({ length: to - from }, (_, index) => `${name}.${from + index}`),
  );
}

/** Windows that follow one another, of so many ticks each. */
function windows(firstTicks: number, lengths: readonly number[]) {
  let ticks = 0;
  return lengths.map((lengthTicks) => {
    const fromTicks = (firstTicks + ticks) % WRAP;
    const startMs = START_MS + ticks / 90;
    ticks += lengthTicks;
    const endMs = startMs + lengthTicks / 90;
    return { startMs, endMs, fromTicks, lengthTicks, aheadTicks: 0 };
  });
}

/** Segments of so many units each, the first beginning at `firstTicks`. */
function soundOf(firstTicks: number, counts: readonly number[]): SoundSegment[] {
  let units = 0;
  return counts.map((count, index) => {
    const first = (firstTicks + units * STEP) % WRAP;
    const startMs = START_MS + (units * STEP) / 90;
    units += count;
    return sound(`s${index}`, startMs, [[first, STEP, Array.from({ length: count }, () => 3)]]);
  });
}

describe('SoundLane', () => {
  const lengths = fc.array(fc.integer({ min: 3600, max: 6 * SECOND }), {
    minLength: 1,
    maxLength: 8,
  });
  const counts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 });
  const begin = fc.integer({ min: 0, max: WRAP - 1 });

  test('gives each unit once, in order, to the window that most of it is heard in', () => {
    fc.assert(
      fc.property(begin, lengths, counts, (firstTicks, of, each) => {
        const lane = new SoundLane(soundOf(firstTicks, each));
        const all = windows(firstTicks, of);
        const given = all.map((window) => lane.in(window));
        const units = soundOf(0, each).flatMap(({ segment: { name } }, at) =>
          Array.from({ length: each[at] as number }, (_, index) => `${name}.${index}`),
        );
        const endTicks = of.reduce((sum, length) => sum + length, 0);
        const heard = units.filter((_, index) => index * STEP + STEP / 2 < endTicks);
        expect(given.flatMap(names)).toEqual(heard);
        for (const [index, ranges] of given.entries()) {
          const { lengthTicks } = all[index] as { lengthTicks: number };
          for (const { firstTicks: at, lastTicks, packets, from, to } of ranges) {
            expect(at + STEP / 2).toBeGreaterThanOrEqual(0);
            expect(lastTicks + STEP / 2).toBeLessThan(lengthTicks);
            expect(packets).toBe(3 * (to - from));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('loses nothing where the last unit of a run is shorter than the others', () => {
    const short: readonly SoundRun[] = [
      [0, STEP, [3, 3, 1]],
      [2 * STEP + 1920, STEP, [3, 3, 1]],
    ];
    const lane = new SoundLane([
      sound('a', START_MS, short),
      sound('b', START_MS, [[4 * STEP + 3840, STEP, [3]]]),
    ]);
    const [window] = windows(0, [SECOND]);
    expect(names(lane.in(window as never))).toEqual([
      'a.0',
      'a.1',
      'a.2',
      'a.3',
      'a.4',
      'a.5',
      'b.0',
    ]);
  });

  test('gives once what two lists tell', () => {
    const packets = [3, 3, 3, 3];
    const lane = new SoundLane([
      sound('a', START_MS, [[0, STEP, packets]]),
      sound('b', START_MS + 128, [[2 * STEP, STEP, packets]]),
    ]);
    const [window] = windows(0, [SECOND]);
    expect(names(lane.in(window as never))).toEqual(['a.0', 'a.1', 'a.2', 'a.3', 'b.2', 'b.3']);
  });

  test('takes the sound of its own time where a clock began anew', () => {
    const [again, later] = [START_MS + 20_000, START_MS + 3_600_000];
    const lane = new SoundLane([
      sound('first', START_MS, [[0, STEP, [3]]]),
      sound('again', again, [[0, STEP, [3]]]),
      sound('later', later, [[0, STEP, [3]]]),
    ]);
    const [first] = windows(0, [SECOND]);
    const at = (startMs: number) =>
      names(lane.in({ ...(first as PictureWindow), startMs, endMs: startMs + 1000 }));
    expect([at(START_MS), at(again), at(later)]).toEqual([['first.0'], ['again.0'], ['later.0']]);
    expect(at(later + 60_000)).toEqual([]);
  });

  test('is ahead by what pieces that are made are ahead', () => {
    const lane = new SoundLane([sound('a', START_MS, [[0, STEP, [3]]])]);
    const [first] = windows(10 * SECOND, [SECOND]);
    const window = first as PictureWindow;
    expect(names(lane.in({ ...window, aheadTicks: 10 * SECOND }))).toEqual(['a.0']);
  });
});

describe('marksTogether()', () => {
  const marks = {
    packets: 100,
    counters: [[256, 0, 3, 1]],
    tracks: [[256, 0, 3600, 7200]],
    tables: [4096, 0, 'digest'],
  } as const;
  const [window] = windows(WRAP - STEP, [SECOND]);

  test('counts the packets of both', () => {
    const lane = new SoundLane([sound('a', START_MS, [[WRAP - STEP, STEP, [3, 4, 12]]])]);
    const ranges = lane.in(window as never);
    expect(marksTogether(marks, window as never, ranges, 257, [15, 192, ''])).toEqual({
      packets: 119,
      counters: [
        [256, 0, 3, 1],
        [257, 0, 18 % 16, 1],
      ],
      tracks: [
        [256, 0, 3600, 7200],
        [257, WRAP - STEP, 2 * STEP, 3 * STEP],
      ],
      tables: [4096, 0, 'digest+15,192,'],
    });
  });

  test('names the sound where there is none, as in all of the file', () => {
    const silent = marksTogether(marks, window as never, [], 257, [15, 192, '']);
    expect(silent).toEqual({ ...marks, tables: [4096, 0, 'digest+15,192,'] });
  });
});
