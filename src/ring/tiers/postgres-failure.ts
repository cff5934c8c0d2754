// This file says what a failure of Postgres is to a tier.
import { postgresFailure as failureOf, type PostgresFailure } from '../../net/postgres-failure.ts';
import type { TierCode } from './errors.ts';
import type { SqlFailure } from './sql-engine.ts';

const CODES = {
  unreachable: 'TIER_UNREACHABLE',
  refused: 'TIER_REFUSED',
  broken: 'TIER_BROKEN',
  full: 'TIER_FULL',
  'read-only': 'TIER_READ_ONLY',
} as const satisfies Record<PostgresFailure['kind'], TierCode>;

export function postgresFailure(error: unknown): SqlFailure {
  const { kind, state, isPassing } = failureOf(error);
  return { code: CODES[kind], state, isPassing };
}
