// This file tests how many retries there may be, and for whom.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { RetryBudget } from '../../../src/prefetch/loop/retry-budget.ts';

function spendAll(budget: RetryBudget): number {
  let spent = 0;
  while (spent < 1000 && budget.spend()) spent++;
  return spent;
}

describe('RetryBudget', () => {
  test('has ten for a burst, and no more', () => {
    expect(spendAll(new RetryBudget())).toBe(10);
  });

  test('earns one for five first attempts', () => {
    const budget = new RetryBudget();
    spendAll(budget);
    for (let n = 0; n < 4; n++) budget.earn();
    expect(budget.spend()).toBe(false);
    budget.earn();
    budget.earn();
    expect(spendAll(budget)).toBe(1);
  });

  test('saves up no more than a burst', () => {
    const budget = new RetryBudget();
    for (let n = 0; n < 1000; n++) budget.earn();
    expect(spendAll(budget)).toBe(10);
  });

  test('never runs out where every first attempt fails and every second helps', () => {
    const budget = new RetryBudget();
    for (let n = 0; n < 1000; n++) {
      budget.earn();
      expect(budget.spend()).toBe(true);
      budget.helped();
    }
    expect(spendAll(budget)).toBe(10);
  });

  test('goes on where half of all tries help', () => {
    const budget = new RetryBudget();
    for (let n = 0; n < 1000; n++) {
      budget.earn();
      expect(budget.spend()).toBe(true);
      if (n % 2 === 1) budget.helped();
    }
  });

  test('over any history, retries in vain are few but for those that helped', () => {
    const step = fc.constantFrom('first', 'vain', 'vain', 'vain', 'helps');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const budget = new RetryBudget();
        const count = { first: 0, vain: 0, helps: 0 };
        for (const what of steps) {
          if (what === 'first') budget.earn();
          else if (!budget.spend()) continue;
          else if (what === 'helps') budget.helped();
          count[what]++;
        }
        expect(count.vain).toBeLessThanOrEqual(10 + 0.2 * count.first + count.helps + 1e-9);
      }),
    );
  });
});
