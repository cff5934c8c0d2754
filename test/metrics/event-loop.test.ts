// This file tests the measure of how late the event loop is.
import { describe, expect, test } from 'bun:test';
import type { Clock } from '../../src/base/clock.ts';
import { EventLoopLag } from '../../src/metrics/event-loop.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A clock whose timers fire, and whose time is read, `lateMs` late. */
class LateClock implements Clock {
  readonly inner = new FakeClock();
  lateMs = 0;

  nowMs(): number {
    return this.inner.nowMs();
  }

  monotonicMs(): number {
    return this.inner.monotonicMs();
  }

  after(delayMs: number, run: () => void) {
    return this.inner.after(delayMs + this.lateMs, run);
  }
}

describe('EventLoopLag', () => {
  test('is nothing before the first sample and on a loop that is on time', async () => {
    const clock = new LateClock();
    using lag = new EventLoopLag(clock);
    expect(lag.stats()).toEqual({ maxMs: 0, meanMs: 0 });
    await clock.inner.advance(1000);
    expect(lag.stats()).toEqual({ maxMs: 0, meanMs: 0 });
  });

  test('tells the worst and the mean of the last hundred samples, then forgets', async () => {
    const clock = new LateClock();
    using lag = new EventLoopLag(clock);
    clock.lateMs = 50;
    await clock.inner.advance(100);
    clock.lateMs = 0;
    await clock.inner.advance(150);
    // The first sample was on time, the second 50 ms late
    expect(lag.stats()).toEqual({ maxMs: 50, meanMs: 25 });
    await clock.inner.advance(9_800);
    expect(lag.stats()).toEqual({ maxMs: 50, meanMs: 0.5 });
    await clock.inner.advance(100);
    expect(lag.stats()).toEqual({ maxMs: 50, meanMs: 0.5 });
    await clock.inner.advance(100);
    expect(lag.stats()).toEqual({ maxMs: 0, meanMs: 0 });
  });

  test('leaves no timer behind', async () => {
    const clock = new LateClock();
    const lag = new EventLoopLag(clock);
    await clock.inner.advance(350);
    lag[Symbol.dispose]();
    expect(clock.inner.pendingCount).toBe(0);
  });
});
