// This file tests which stretches of the past are held for those who watch them.
import { describe, expect, test } from 'bun:test';
import { HOLD_MAX_MS, ViewerHolds } from '../../../src/recording/archive/viewer-holds.ts';

const MINUTE_MS = 60_000;
const at = (minute: number) => ({ fromMs: minute * MINUTE_MS, toMs: (minute + 1) * MINUTE_MS });

describe('ViewerHolds', () => {
  test('holds what is watched until then, and nothing far from it', () => {
    const holds = new ViewerHolds();
    holds.keep({ fromMs: 100 * MINUTE_MS, toMs: 125 * MINUTE_MS }, 5000, 0);
    for (const minute of [100, 112, 124]) expect(holds.isHeld(at(minute), 0)).toBe(true);
    for (const minute of [80, 140]) expect(holds.isHeld(at(minute), 0)).toBe(false);
    expect(holds.isHeld(at(112), 4999)).toBe(true);
    expect(holds.isHeld(at(112), 5000)).toBe(false);
  });

  test('of several the longest counts', () => {
    const holds = new ViewerHolds();
    holds.keep(at(3), 5000, 0);
    holds.keep(at(3), 3000, 0);
    expect(holds.isHeld(at(3), 4000)).toBe(true);
    holds.forgetPast(4000);
    expect(holds.isHeld(at(3), 4000)).toBe(true);
  });

  test('nobody is believed for longer than it may take, nor about what is over', () => {
    const holds = new ViewerHolds();
    holds.keep(at(3), Number.POSITIVE_INFINITY, 1000);
    expect(holds.isHeld(at(3), 1000 + HOLD_MAX_MS - 1)).toBe(true);
    expect(holds.isHeld(at(3), 1000 + HOLD_MAX_MS)).toBe(false);
    holds.keep(at(90), 900, 1000);
    expect(holds.isHeld(at(90), 0)).toBe(false);
  });

  test('an empty stretch holds nothing', () => {
    const holds = new ViewerHolds();
    holds.keep({ fromMs: 50 * MINUTE_MS, toMs: 50 * MINUTE_MS }, 5000, 0);
    holds.keep({ fromMs: 60 * MINUTE_MS, toMs: 50 * MINUTE_MS }, 5000, 0);
    expect(holds.isHeld(at(50), 0)).toBe(false);
  });
});
