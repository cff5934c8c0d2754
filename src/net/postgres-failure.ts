// This file says what the errors of Postgres and of its client mean.
import postgres from 'postgres';
import { certificateState } from './certificate-failure.ts';

export type PostgresFailure = {
  readonly kind: 'unreachable' | 'refused' | 'broken' | 'full' | 'read-only';
  /** Completes "Cannot use …: ". */
  readonly state: string;
  /** It may well go the next time: a connection that was lost, a deadlock. */
  readonly isPassing: boolean;
};

type Row = readonly [code: RegExp, failure: PostgresFailure];

const row = (
  code: RegExp,
  kind: PostgresFailure['kind'],
  state: string,
  isPassing = false,
): Row => [code, { kind, state, isPassing }];

// PostgreSQL manual, appendix A: classes are the first two characters
const SAID: readonly Row[] = [
  row(/^28/, 'refused', 'it does not accept user and password'),
  row(/^3D000$/, 'refused', 'it has no such database'),
  row(/^42501$/, 'refused', 'the user may not do what weir needs'),
  row(/^42P0[17]$/, 'broken', 'its tables are gone'),
  row(/^25006$/, 'read-only', 'it takes no writes'),
  row(/^53100$/, 'full', 'its disk is full'),
  row(/^53[23]00$|^57P03$/, 'unreachable', 'it has too many connections or is starting'),
  row(/^57P0[12]$/, 'unreachable', 'it is being shut down', true),
  row(/^40/, 'broken', 'others changed the same', true),
  row(/^55P03$|^57014$/, 'unreachable', 'it takes too long'),
  row(/^08P01$/, 'refused', 'it, or a pooler before it, refuses our way to speak'),
];

/** Of the client: a connection that was open and is not any more. */
const LOST = /^(?:CONNECTION_(?:CLOSED|ENDED|DESTROYED)|ECONNRESET|EPIPE)$/;

export function postgresFailure(error: unknown): PostgresFailure {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  if (error instanceof postgres.PostgresError) {
    const known = SAID.find(([pattern]) => pattern.test(code));
    const state = `it answered with an error (${code})`;
    return known?.[1] ?? { kind: 'broken', state, isPassing: false };
  }
  const state = certificateState(error);
  if (state !== undefined) return { kind: 'refused', state, isPassing: false };
  return { kind: 'unreachable', state: 'no connection', isPassing: LOST.test(code) };
}
