// This file tests the clock that other tests stand on.
import { describe, expect, test } from 'bun:test';
import { sleep } from '../../src/base/clock.ts';
import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  test('fires in order of time, then of making', async () => {
    const clock = new FakeClock(0);
    const seen: string[] = [];
    for (const [name, delayMs] of [
      ['b', 20],
      ['a', 10],
      ['c', 20],
      ['never', 31],
    ] as const) {
      clock.after(delayMs, () => seen.push(`${name}@${clock.monotonicMs()}`));
    }
    await clock.advance(30);
    expect(seen).toEqual(['a@10', 'b@20', 'c@20']);
    expect(clock.monotonicMs()).toBe(30);
    expect(clock.pendingCount).toBe(1);
  });

  test('a timer made by a timer fires in the same advance, awaits between them included', async () => {
    const clock = new FakeClock(0);
    const seen: number[] = [];
    const loop = async () => {
      for (let turn = 0; turn < 3; turn++) {
        await sleep(clock, 10);
        await Promise.resolve();
        seen.push(clock.monotonicMs());
      }
    };
    void loop();
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
  });

  test('a disposed timer stays silent, and disposing a fired one is harmless', async () => {
    const clock = new FakeClock(0);
    let fired = 0;
    const kept = clock.after(5, () => fired++);
    clock.after(5, () => fired++)[Symbol.dispose]();
    await clock.advance(10);
    kept[Symbol.dispose]();
    expect(fired).toBe(1);
    expect(clock.pendingCount).toBe(0);
  });

  test('a step moves the wall and nothing else', async () => {
    const clock = new FakeClock(1_000_000);
    let fired = false;
    clock.after(100, () => {
      fired = true;
    });
    clock.stepWall(-3_600_000);
    await clock.advance(99);
    expect({ fired, wall: clock.nowMs() }).toEqual({ fired: false, wall: 1_000_099 - 3_600_000 });
    await clock.advance(1);
    expect(fired).toBe(true);
  });

  test('runUntilIdle() says how far it went', async () => {
    const clock = new FakeClock(0);
    clock.after(7, () => clock.after(8, () => {}));
    expect(await clock.runUntilIdle()).toBe(15);
  });

  test('runUntil() stops at the state and not later', async () => {
    const clock = new FakeClock(0);
    let count = 0;
    const tick = () => {
      count++;
      clock.after(10, tick);
    };
    clock.after(10, tick);
    await clock.runUntil(() => count === 3);
    expect(clock.monotonicMs()).toBe(30);
    await expect(clock.runUntil(() => false, 100)).rejects.toThrow('after 100 ms');
  });
});
