// This file checks the deadline that moves.
import { describe, expect, test } from 'bun:test';
import { Deadline } from '../../src/net/deadline.ts';
import { FakeClock } from '../support/fake-clock.ts';

function createDeadline() {
  const clock = new FakeClock();
  const fired: number[] = [];
  const deadline = new Deadline(clock, () => fired.push(clock.monotonicMs()));
  return { clock, fired, deadline };
}

describe('Deadline', () => {
  test('expires once, when it is due', async () => {
    const { clock, fired, deadline } = createDeadline();
    deadline.moveTo(100);
    await clock.advance(1_000);
    expect(fired).toEqual([100]);
  });

  test('moves earlier and later', async () => {
    const { clock, fired, deadline } = createDeadline();
    deadline.moveTo(1_000);
    deadline.moveTo(100);
    deadline.moveTo(500);
    await clock.advance(2_000);
    expect(fired).toEqual([500]);
  });

  test('keeps one timer however often it moves', async () => {
    const { clock, fired, deadline } = createDeadline();
    for (let nowMs = 0; nowMs < 10_000; nowMs += 1) {
      deadline.moveTo(nowMs + 100);
      await clock.advance(1);
      expect(clock.pendingCount).toBe(1);
    }
    expect(fired).toEqual([]);
    await clock.advance(200);
    expect(fired).toEqual([10_099]);
  });

  test('Infinity is no deadline, and one so far that a timer cannot hold it is waited for', async () => {
    const { clock, fired, deadline } = createDeadline();
    deadline.moveTo(Number.POSITIVE_INFINITY);
    expect(clock.pendingCount).toBe(0);
    deadline.moveTo(2 ** 33);
    await clock.advance(2 ** 33 - 1_000);
    expect(fired).toEqual([]);
    await clock.advance(1_000);
    expect(fired).toEqual([2 ** 33]);
  });

  test('one that has passed expires at once', async () => {
    const { clock, fired, deadline } = createDeadline();
    await clock.advance(50);
    deadline.moveTo(10);
    await clock.advance(0);
    expect(fired).toEqual([50]);
  });

  test('does nothing once disposed', async () => {
    const { clock, fired, deadline } = createDeadline();
    deadline.moveTo(100);
    deadline[Symbol.dispose]();
    deadline.moveTo(50);
    await clock.advance(1_000);
    expect([fired, clock.pendingCount]).toEqual([[], 0]);
  });
});
