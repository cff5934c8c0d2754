// This file tests the line of time by byte position.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, integer, property } from 'fast-check';
import { ClockLine } from '../../../src/media/mpegts/clock-line.ts';

function lineOf(points: readonly (readonly [number, number])[]): ClockLine {
  const line = new ClockLine();
  for (const [at, time27m] of points) line.add(at, time27m);
  return line;
}

describe('ClockLine', () => {
  const line = lineOf([
    [100, 1000],
    [200, 2000],
    [200, 3000],
    [400, 3000],
    [500, 3500],
  ]);
  const times = [
    [0, 1000],
    [100, 1000],
    [150, 1500],
    [200, 3000],
    [300, 3000],
    [450, 3250],
    [900, 3500],
  ] as const;
  for (const [at, time27m] of times) {
    test(`says what time it is at ${at}`, () => expect(line.timeAt(at)).toBe(time27m));
  }

  const places = [
    [0, 100],
    [1500, 150],
    [2500, 200],
    [3000, 200],
    [3250, 450],
    [3501, Number.POSITIVE_INFINITY],
  ] as const;
  for (const [time27m, at] of places) {
    test(`says where it is ${time27m}`, () => expect(line.atOf(time27m)).toBe(at));
  }

  test('leaves out points that go back', () => {
    const straight = lineOf([
      [0, 100],
      [10, 90],
      [20, 200],
      [15, 300],
    ]);
    expect(straight.size).toBe(2);
    expect([straight.firstAt, straight.lastAt, straight.last27m]).toEqual([0, 20, 200]);
  });

  test('never goes back, and finds the place of each time it says', () => {
    const step = integer({ min: 0, max: 1000 });
    check(
      property(array(step, { minLength: 4, maxLength: 40 }), (steps) => {
        let [at, time27m] = [0, 0];
        const points = steps.map((by, index) => {
          if (index % 2 === 0) at += by;
          else time27m += by;
          return [at, time27m] as const;
        });
        const drawn = lineOf(points);
        let before = Number.NEGATIVE_INFINITY;
        for (let place = 0; place <= at; place += 37) {
          const now = drawn.timeAt(place);
          expect(now).toBeGreaterThanOrEqual(before);
          expect(drawn.atOf(now)).toBeLessThanOrEqual(Math.max(place, drawn.firstAt) + 1e-6);
          before = now;
        }
      }),
    );
  });
});
