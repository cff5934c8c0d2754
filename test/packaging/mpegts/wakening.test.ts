// This file tests that many who wait are woken in order, and not all in one turn.
import { describe, expect, test } from 'bun:test';
import { Wakening } from '../../../src/packaging/mpegts/wakening.ts';

describe('Wakening', () => {
  test('wakes all who waited, in their order, and lets others have their turn in between', async () => {
    const wakening = new Wakening();
    const order: string[] = [];
    const woken = Array.from({ length: 40 }, async (_, index) => {
      await wakening.next();
      order.push(`${index}`);
    });
    wakening.fire();
    const other = new Promise<void>((done) =>
      setImmediate(() => {
        order.push('other');
        done();
      }),
    );
    await Promise.all([...woken, other]);
    expect(order.filter((what) => what !== 'other')).toEqual(woken.map((_, index) => `${index}`));
    expect(order.indexOf('other')).toBeLessThan(40);
  });

  test('who asks after it was fired waits for the next', async () => {
    const wakening = new Wakening();
    wakening.fire();
    let isWoken = false;
    const woken = wakening.next().then(() => {
      isWoken = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isWoken).toBe(false);
    wakening.fire();
    await woken;
  });
});
