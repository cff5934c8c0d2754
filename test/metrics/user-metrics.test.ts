// This file tests the numbers of users and of the store they stand in.
import { expect, test } from 'bun:test';
import { formatMetrics } from '../../src/metrics/prometheus.ts';
import { storeMetrics } from '../../src/metrics/store-metrics.ts';
import { userMetrics } from '../../src/metrics/user-metrics.ts';

const checks = { right: 0, unknown: 0, disabled: 0, expired: 0, 'locked-out': 0, busy: 0 };
const linesOf = (metrics: Parameters<typeof formatMetrics>[0]) =>
  formatMetrics(metrics)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

test('users and what came of their passwords are counted, where there are any', () => {
  expect(userMetrics({ users: 0, lockedOut: 0, checks })).toEqual([]);
  expect(
    linesOf(userMetrics({ users: 0, lockedOut: 0, checks: { ...checks, unknown: 1 } })),
  ).toContain('weir_logins_total{outcome="unknown"} 1');
  expect(linesOf(userMetrics({ users: 2, lockedOut: 1, checks: { ...checks, right: 3 } }))).toEqual(
    [
      'weir_users 2',
      'weir_logins_total{outcome="right"} 3',
      'weir_logins_total{outcome="unknown"} 0',
      'weir_logins_total{outcome="disabled"} 0',
      'weir_logins_total{outcome="expired"} 0',
      'weir_logins_total{outcome="locked-out"} 0',
      'weir_logins_total{outcome="busy"} 0',
      'weir_locked_out 1',
    ],
  );
});

test('the store is up or not, and what waits for it is counted', () => {
  expect(storeMetrics(undefined)).toEqual([]);
  expect(linesOf(storeMetrics({ place: 'p', isUp: false, errors: 2, queued: 5 }))).toEqual([
    'weir_store_up 0',
    'weir_store_errors_total 2',
    'weir_store_queued 5',
  ]);
});
