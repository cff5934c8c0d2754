// This file tests who counts as watching a channel, and for how long.
import { describe, expect, test } from 'bun:test';
import { Attendance } from '../../../src/prefetch/channel/attendance.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const never = new AbortController().signal;

describe('Attendance', () => {
  test.each([
    ['short segments', 1, 6000],
    ['usual ones', 4, 8000],
    ['long ones', 10, 20_000],
    ['a list that has not come', 0, 12_000],
  ])(
    '%s: a player has gone %p s × 2 after it asked last, and no sooner than 6 s',
    async (_, targetS, quietMs) => {
      const clock = new FakeClock();
      const attendance = new Attendance(clock);
      await clock.advance(1000);
      attendance.asked();
      expect(attendance.idleFromMs(targetS)).toBe(1000 + quietMs);
      await clock.advance(quietMs - 1);
      expect(attendance.isWatched(targetS)).toBe(true);
      await clock.advance(1);
      expect(attendance.isWatched(targetS)).toBe(false);
    },
  );

  test('nobody has asked yet', () => {
    const attendance = new Attendance(new FakeClock());
    expect(attendance.idleFromMs(4)).toBe(Number.NEGATIVE_INFINITY);
    expect(attendance.isWatched(4)).toBe(false);
  });

  test('who is connected watches until it goes, and is gone at once', async () => {
    const clock = new FakeClock();
    const attendance = new Attendance(clock);
    const [one, two] = [attendance.enter(), attendance.enter()];
    await clock.advance(3_600_000);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    expect(attendance.idleFromMs(4)).toBe(Number.POSITIVE_INFINITY);
    two[Symbol.dispose]();
    expect(attendance.isWatched(4)).toBe(false);
  });

  test.each(['comes', 'fails'])('who waits watches until the answer %s', async (how) => {
    const attendance = new Attendance(new FakeClock());
    const answer = Promise.withResolvers<string>();
    const waiting = attendance.during(answer.promise, never).catch(() => 'failed');
    expect(attendance.isWatched(4)).toBe(true);
    if (how === 'comes') answer.resolve('here');
    else answer.reject(new Error('no'));
    expect(await waiting).toBe(how === 'comes' ? 'here' : 'failed');
    expect(attendance.isWatched(4)).toBe(false);
  });

  test('who hangs up while he waits has gone', async () => {
    const attendance = new Attendance(new FakeClock());
    const answer = Promise.withResolvers<string>();
    const hangUp = new AbortController();
    const waiting = attendance.during(answer.promise, hangUp.signal);
    hangUp.abort();
    expect(attendance.isWatched(4)).toBe(false);
    answer.resolve('late');
    expect(await waiting).toBe('late');
    expect(attendance.idleFromMs(4)).toBe(Number.NEGATIVE_INFINITY);
  });
});
