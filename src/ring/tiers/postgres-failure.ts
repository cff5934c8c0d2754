// This file says what the errors of Postgres and of its client mean.
import postgres from 'postgres';
import { certificateState } from './certificate-failure.ts';
import type { SqlFailure } from './sql-engine.ts';

type Row = readonly [code: RegExp, failure: SqlFailure];

const row = (code: RegExp, tierCode: SqlFailure['code'], state: string, isPassing = false): Row => [
  code,
  { code: tierCode, state, isPassing },
];

// PostgreSQL manual, appendix A: classes are the first two characters
const SAID: readonly Row[] = [
  row(/^28/, 'TIER_REFUSED', 'it does not accept user and password'),
  row(/^3D000$/, 'TIER_REFUSED', 'it has no such database'),
  row(/^42501$/, 'TIER_REFUSED', 'the user may not do what weir needs'),
  row(/^42P0[17]$/, 'TIER_BROKEN', 'its tables are gone'),
  row(/^25006$/, 'TIER_READ_ONLY', 'it takes no writes'),
  row(/^53100$/, 'TIER_FULL', 'its disk is full'),
  row(/^53[23]00$|^57P03$/, 'TIER_UNREACHABLE', 'it has too many connections or is starting'),
  row(/^57P0[12]$/, 'TIER_UNREACHABLE', 'it is being shut down', true),
  row(/^40/, 'TIER_BROKEN', 'others changed the same', true),
  row(/^55P03$|^57014$/, 'TIER_UNREACHABLE', 'it takes too long'),
  row(/^08P01$/, 'TIER_REFUSED', 'it, or a pooler before it, refuses our way to speak'),
];

/** Of the client: a connection that was open and is not any more. */
const LOST = /^(?:CONNECTION_(?:CLOSED|ENDED|DESTROYED)|ECONNRESET|EPIPE)$/;

export function postgresFailure(error: unknown): SqlFailure {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  if (error instanceof postgres.PostgresError) {
    const known = SAID.find(([pattern]) => pattern.test(code));
    const state = `it answered with an error (${code})`;
    return known?.[1] ?? { code: 'TIER_BROKEN', state, isPassing: false };
  }
  const state = certificateState(error);
  if (state !== undefined) return { code: 'TIER_REFUSED', state, isPassing: false };
  return { code: 'TIER_UNREACHABLE', state: 'no connection', isPassing: LOST.test(code) };
}
