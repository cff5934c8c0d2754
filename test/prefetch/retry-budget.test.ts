// This file tests how much of the upstream's load retries may be.
import { describe, expect, test } from 'bun:test';
import { RetryBudget } from '../../src/prefetch/retry-budget.ts';

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
});
