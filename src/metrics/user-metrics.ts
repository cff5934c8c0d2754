// This file gives the numbers of users their names.
import type { UsersStats } from '../access/open-users.ts';
import { byLabel, counter, gauge, type Metric, one } from './prometheus.ts';

/** Nothing where there are no users, and nobody came as one. */
export function userMetrics({ users, lockedOut, checks }: UsersStats): readonly Metric[] {
  if (users === 0 && Object.values(checks).every((count) => count === 0)) return [];
  return [
    gauge('weir_users', 'Users there are.', one(users)),
    counter(
      'weir_logins_total',
      'Names and passwords that were looked at, by what came of it.',
      byLabel('outcome', checks),
    ),
    gauge(
      'weir_locked_out',
      'Addresses, and users at addresses, locked out for now.',
      one(lockedOut),
    ),
  ];
}
