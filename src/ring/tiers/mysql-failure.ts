// This file says what the errors of MySQL, MariaDB and of their client mean.
import { certificateState } from '../../net/certificate-failure.ts';
import type { SqlFailure } from './sql-engine.ts';

type Row = readonly [numbers: readonly number[], failure: SqlFailure];

const row = (
  numbers: readonly number[],
  code: SqlFailure['code'],
  state: string,
  isPassing = false,
): Row => [numbers, { code, state, isPassing }];

// MySQL manual, "Server Error Message Reference"; MariaDB has the same numbers up to 1800
const SAID: readonly Row[] = [
  row([1045, 1698, 1130, 1251], 'TIER_REFUSED', 'it does not accept user and password'),
  row([1049], 'TIER_REFUSED', 'it has no such database'),
  row([1044, 1142, 1143, 1227, 1370], 'TIER_REFUSED', 'the user may not do what weir needs'),
  row([1146], 'TIER_BROKEN', 'its tables are gone'),
  row([1290, 1792, 1836, 3032], 'TIER_READ_ONLY', 'it takes no writes'),
  row([3, 28, 1021, 1114, 1041], 'TIER_FULL', 'its disk is full'),
  row([1153], 'TIER_TOO_LARGE', 'its max_allowed_packet is too small'),
  row([1040, 1203, 1226], 'TIER_UNREACHABLE', 'it has too many connections'),
  row([1053, 1927, 1152, 1158, 1159, 1160, 1161], 'TIER_UNREACHABLE', 'it hung up', true),
  row([1205, 3024, 1969], 'TIER_UNREACHABLE', 'it takes too long'),
  // Two who put the same: the second finds it the next time
  row([1213, 1062, 1020], 'TIER_BROKEN', 'others changed the same', true),
];

/** Of the client: a connection that was open and is not any more. */
const LOST = /CONNECTION_CLOSED|IDLE_TIMEOUT|LIFETIME_TIMEOUT/;

const NO_LOGIN = 'it offers no TLS where sslmode wants it, or no way to log in that is known here';

export function mysqlFailure(error: unknown): SqlFailure {
  const state = certificateState(error);
  if (state !== undefined) return { code: 'TIER_REFUSED', state, isPassing: false };
  if (!(error instanceof Bun.SQL.MySQLError)) {
    return { code: 'TIER_BROKEN', state: 'its client failed', isPassing: false };
  }
  const { errno, code } = error;
  if (typeof errno === 'number') {
    const known = SAID.find(([numbers]) => numbers.includes(errno));
    const state = `it answered with an error (${errno})`;
    return known?.[1] ?? { code: 'TIER_BROKEN', state, isPassing: false };
  }
  // The client says so without asking where it is to encrypt and the server cannot
  if (code === 'ERR_MYSQL_AUTHENTICATION_FAILED') {
    return { code: 'TIER_REFUSED', state: NO_LOGIN, isPassing: false };
  }
  return { code: 'TIER_UNREACHABLE', state: 'no connection', isPassing: LOST.test(code) };
}
