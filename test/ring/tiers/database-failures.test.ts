// This file tests what the errors of databases are taken for, of those that no test can provoke too.
import { describe, expect, test } from 'bun:test';
import postgres from 'postgres';
import { mysqlFailure } from '../../../src/ring/tiers/mysql-failure.ts';
import { postgresFailure } from '../../../src/ring/tiers/postgres-failure.ts';
import { redisFailure } from '../../../src/ring/tiers/redis-failure.ts';

function named(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

describe('redisFailure()', () => {
  const said = (message: string) => named('ReplyError', message);
  for (const [error, code] of [
    [said("OOM command not allowed when used memory > 'maxmemory'."), 'TIER_FULL'],
    [said('MISCONF Redis is configured to save RDB snapshots'), 'TIER_READ_ONLY'],
    [said("READONLY You can't write against a read only replica."), 'TIER_READ_ONLY'],
    [said('LOADING Redis is loading the dataset in memory'), 'TIER_UNREACHABLE'],
    [said('ERR max number of clients reached'), 'TIER_UNREACHABLE'],
    [said('CLUSTERDOWN The cluster is down'), 'TIER_UNREACHABLE'],
    [said('NOPERM this user has no permissions'), 'TIER_REFUSED'],
    [said('WRONGTYPE Operation against a key'), 'TIER_BROKEN'],
    [said('CROSSSLOT Keys in request'), 'TIER_BROKEN'],
    [new Error('Command timed out'), 'TIER_UNREACHABLE'],
    [new Error('Connection is closed.'), 'TIER_UNREACHABLE'],
    [
      Object.assign(new Error('Failed to refresh slots cache.'), {
        lastNodeError: said('WRONGPASS invalid username-password pair'),
      }),
      'TIER_REFUSED',
    ],
  ] as const) {
    test(`takes ${error.message} for ${code}`, () => {
      expect(redisFailure(error, 'redis at h:1').code).toBe(code);
    });
  }
});

describe('postgresFailure()', () => {
  const said = (code: string) => {
    const error = new Error() as InstanceType<typeof postgres.PostgresError>;
    return Object.assign(Object.setPrototypeOf(error, postgres.PostgresError.prototype), { code });
  };
  for (const [code, tierCode, isPassing] of [
    ['28P01', 'TIER_REFUSED', false],
    ['28000', 'TIER_REFUSED', false],
    ['3D000', 'TIER_REFUSED', false],
    ['42501', 'TIER_REFUSED', false],
    ['25006', 'TIER_READ_ONLY', false],
    ['53100', 'TIER_FULL', false],
    ['53300', 'TIER_UNREACHABLE', false],
    ['57P03', 'TIER_UNREACHABLE', false],
    ['57P01', 'TIER_UNREACHABLE', true],
    ['40P01', 'TIER_BROKEN', true],
    ['55P03', 'TIER_UNREACHABLE', false],
    ['42P01', 'TIER_BROKEN', false],
    ['XX000', 'TIER_BROKEN', false],
  ] as const) {
    test(`takes ${code} for ${tierCode}`, () => {
      expect(postgresFailure(said(code))).toMatchObject({ code: tierCode, isPassing });
    });
  }

  test('tries once more where an open connection was lost', () => {
    const lost = Object.assign(new Error(), { code: 'CONNECTION_CLOSED' });
    const none = Object.assign(new Error(), { code: 'ECONNREFUSED' });
    expect(postgresFailure(lost)).toMatchObject({ code: 'TIER_UNREACHABLE', isPassing: true });
    expect(postgresFailure(none)).toMatchObject({ code: 'TIER_UNREACHABLE', isPassing: false });
  });
});

describe('mysqlFailure()', () => {
  const said = (code: string, errno?: number) =>
    new Bun.SQL.MySQLError('', { code, errno, sqlState: undefined });
  for (const [errno, tierCode, isPassing] of [
    [1045, 'TIER_REFUSED', false],
    [1049, 'TIER_REFUSED', false],
    [1142, 'TIER_REFUSED', false],
    [1290, 'TIER_READ_ONLY', false],
    [1021, 'TIER_FULL', false],
    [1114, 'TIER_FULL', false],
    [1153, 'TIER_TOO_LARGE', false],
    [1040, 'TIER_UNREACHABLE', false],
    [1205, 'TIER_UNREACHABLE', false],
    [1213, 'TIER_BROKEN', true],
    [1062, 'TIER_BROKEN', true],
    [1146, 'TIER_BROKEN', false],
    [9999, 'TIER_BROKEN', false],
  ] as const) {
    test(`takes ${errno} for ${tierCode}`, () => {
      const failure = mysqlFailure(said('ERR_MYSQL_SERVER_ERROR', errno));
      expect(failure).toMatchObject({ code: tierCode, isPassing });
    });
  }

  test('tries once more where an open connection was lost', () => {
    const lost = said('ERR_MYSQL_CONNECTION_CLOSED');
    const none = said('ERR_MYSQL_CONNECTION_REFUSED');
    expect(mysqlFailure(lost)).toMatchObject({ code: 'TIER_UNREACHABLE', isPassing: true });
    expect(mysqlFailure(none)).toMatchObject({ code: 'TIER_UNREACHABLE', isPassing: false });
  });
});

describe('a certificate that is not taken', () => {
  for (const [code, state] of [
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by nobody whom this machine trusts'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is signed by nobody whom'],
  ] as const) {
    test(`is named: ${code}`, () => {
      const error = Object.assign(new Error('of the client'), { code });
      const wanted = { code: 'TIER_REFUSED', state: expect.stringContaining(state) };
      expect(postgresFailure(error)).toMatchObject(wanted);
      expect(mysqlFailure(error)).toMatchObject(wanted);
      const told = redisFailure(error, 'redis at h:1');
      expect([told.code, told.message]).toEqual(['TIER_REFUSED', expect.stringContaining(state)]);
    });
  }
});
