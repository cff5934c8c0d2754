// This file tests what is remembered of a source, and for how long it is left alone.
import { describe, expect, test } from 'bun:test';
import { SourceHealth } from '../../../src/source/failover/source-health.ts';

const ERROR = { code: 'NET_CONNECT', message: 'Cannot connect', detail: {} };
const OVER = { code: 'SOURCE_TROUBLE', message: 'Cannot go on', detail: {} };

/** No jitter: each cool-down is as long as it can be. */
const longest = () => new SourceHealth(() => 1);

describe('SourceHealth', () => {
  test('was never tried: nothing is held against it', () => {
    const health = longest();
    expect(health.isCooling(0)).toBe(false);
    expect(health.report(0)).toEqual({
      state: 'untried',
      score: 1,
      failures: 0,
      coolDownLeftMs: 0,
    });
  });

  test('goes from failed over waiting to good', () => {
    const health = longest();
    health.failed(1000, ERROR);
    expect(health.report(1000)).toMatchObject({ state: 'cooling', error: ERROR });
    expect(health.isCooling(5999)).toBe(true);
    expect(health.isCooling(6000)).toBe(false);
    expect(health.report(6000)).toMatchObject({ state: 'waiting', coolDownLeftMs: 0 });
    health.good(7000);
    expect(health.report(7000).state).toBe('good');
    expect(health.report(7000)).not.toHaveProperty('error');
  });

  test('cools down twice as long each time, up to five minutes', () => {
    const health = longest();
    const coolDowns = Array.from({ length: 9 }, () => {
      health.failed(0, ERROR);
      return health.report(0).coolDownLeftMs / 1000;
    });
    expect(coolDowns).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  test.each([
    [0, 2500],
    [0.5, 3750],
    [1, 5000],
  ])('cools down for half of it at least: %p gives %p ms', (random, wantMs) => {
    const health = new SourceHealth(() => random);
    health.failed(0, ERROR);
    expect(health.report(0).coolDownLeftMs).toBe(wantMs);
  });

  test('that plays again is free at once, but is forgiven only after two minutes', () => {
    const health = longest();
    for (let count = 0; count < 3; count++) health.failed(0, ERROR);
    health.good(100);
    expect(health.isCooling(100)).toBe(false);
    health.good(120_099);
    expect(health.report(120_099).failures).toBe(3);
    health.good(120_100);
    expect(health.report(120_100)).toMatchObject({ failures: 0, score: 1 });
  });

  test('that flaps is never forgiven: two minutes count from the last failure', () => {
    const health = longest();
    for (let nowMs = 0; nowMs < 400_000; nowMs += 100_000) {
      health.good(nowMs);
      health.good(nowMs + 90_000);
      health.failed(nowMs + 90_000, ERROR);
    }
    const { failures, score, coolDownLeftMs } = health.report(390_000);
    expect([failures, coolDownLeftMs]).toEqual([4, 40_000]);
    expect(score).toBeLessThan(0.5);
  });

  test('the score falls with each failure, and rises with each time that it plays again', () => {
    const health = longest();
    const scores = [health.report(0).score];
    for (let nowMs = 0; nowMs < 3; nowMs++) {
      health.failed(nowMs, ERROR);
      scores.push(health.report(nowMs).score);
      health.good(nowMs);
      scores.push(health.report(nowMs).score);
    }
    expect(scores).toEqual([1, 0.6, 0.66, 0.4, 0.49, 0.29, 0.4]);
  });

  test('that ended is left alone for a moment, however often, and is no worse for it', () => {
    const health = longest();
    health.good(0);
    for (let count = 0; count < 5; count++) health.ended(0, OVER);
    expect(health.report(0)).toMatchObject({
      state: 'cooling',
      score: 1,
      failures: 0,
      coolDownLeftMs: 5000,
      error: OVER,
    });
    expect(health.report(5000).state).toBe('waiting');
  });

  const STOOD_STILL = {
    'a stall': { code: 'SOURCE_TROUBLE', detail: { trouble: 'stall' }, is: true },
    'a frozen clock': { code: 'SOURCE_TROUBLE', detail: { trouble: 'frozen' }, is: true },
    'a trial in which it named nothing new': { code: 'SOURCE_STALLED', detail: {}, is: true },
    'an error': { code: 'SOURCE_TROUBLE', detail: { trouble: 'error' }, is: false },
    'a refusal': { code: 'SOURCE_STATUS', detail: { status: 503 }, is: false },
  };
  for (const [what, { is, ...error }] of Object.entries(STOOD_STILL)) {
    test(`stood still after ${what}: ${is}, until it plays`, () => {
      const health = longest();
      health.failed(0, { ...ERROR, ...error });
      health.failed(10_000, { ...ERROR, code: 'NET_CONNECT', detail: {} });
      expect(health.stoodStill).toBe(is);
      health.good(20_000);
      expect(health.stoodStill).toBe(false);
    });
  }

  test('says how long ago it gave media, in whole milliseconds, and that it never did', () => {
    const health = longest();
    expect(health.report(10)).not.toHaveProperty('goodAgoMs');
    health.good(10.4);
    expect(health.report(1011.1).goodAgoMs).toBe(1001);
    health.rest();
    expect(health.report(2010.4)).toMatchObject({ goodAgoMs: 2000, state: 'good' });
  });

  test('that was left though it was well begins its two minutes anew', () => {
    const health = longest();
    health.failed(0, ERROR);
    health.good(10_000);
    health.good(100_000);
    health.rest();
    health.good(200_000);
    expect(health.report(200_000).failures).toBe(1);
    health.good(320_000);
    expect(health.report(320_000).failures).toBe(0);
  });
});
