// This file tests how the URLs of databases are read, and that no secret of them is told.
import { describe, expect, test } from 'bun:test';
import { TierError } from '../../../src/ring/tiers/errors.ts';
import { parseRedisAddress } from '../../../src/ring/tiers/redis-address.ts';
import { parseSqlAddress } from '../../../src/ring/tiers/sql-address.ts';

const plain = {
  isEncrypted: false,
  username: undefined,
  password: undefined,
  db: 0,
  masterName: '',
  sentinelPassword: undefined,
};

describe('parseRedisAddress()', () => {
  const rows = [
    ['redis://h', { ...plain, kind: 'single', hosts: [{ host: 'h', port: 6379 }] }],
    [
      'rediss://u:p%2Fw@[::1]:7/3',
      {
        ...{ ...plain, kind: 'single', hosts: [{ host: '::1', port: 7 }], db: 3 },
        ...{ isEncrypted: true, username: 'u', password: 'p/w' },
      },
    ],
    [
      'redis+sentinel://:pw@a,b:5/main/2?sentinel_password=sp',
      {
        ...{ ...plain, kind: 'sentinel', masterName: 'main', db: 2, password: 'pw' },
        ...{
          hosts: [
            { host: 'a', port: 26_379 },
            { host: 'b', port: 5 },
          ],
          sentinelPassword: 'sp',
        },
      },
    ],
    [
      'redis+cluster://a:1,b',
      {
        ...plain,
        kind: 'cluster',
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 6379 },
        ],
      },
    ],
  ] as const;

  test('reads every form', () => {
    for (const [url, wanted] of rows) {
      const { place, ...address } = parseRedisAddress(url);
      expect({ url, address }).toEqual({ url, address: wanted } as never);
      expect(place).not.toMatch(/pw|p\/w|p%2F|sp/);
    }
  });

  for (const url of [
    'redis://c4n4ry:c4n4ry@a,b',
    'redis://c4n4ry@h:0',
    'redis://h/c4n4ry',
    'redis://h/1/c4n4ry',
    'redis://h?c4n4=1',
    'redis://%zz:c4n4ry@h',
    'redis+sentinel://c4n4ry@h',
    'redis+cluster://c4n4ry@h/1',
    'http://c4n4ry',
  ]) {
    test(`refuses ${url}`, () => expectRefused(() => parseRedisAddress(url)));
  }
});

describe('parseSqlAddress()', () => {
  test('reads what is written, and what is not', () => {
    expect(parseSqlAddress('postgres', 'postgresql://u%40:p%3A@h/d%2Fb?sslmode=require')).toEqual({
      ...{ host: 'h', port: 5432, username: 'u@', password: 'p:', database: 'd/b' },
      ...{ sslMode: 'require', place: 'postgres at h:5432, database d/b' },
    });
    expect(parseSqlAddress('mysql', 'mariadb://weir@[::1]:7')).toEqual({
      ...{ host: '::1', port: 7, username: 'weir', password: '', database: 'weir' },
      ...{ sslMode: 'disable', place: 'mysql at [::1]:7, database weir' },
    });
  });

  for (const url of [
    'postgres://:c4n4ry@h/d',
    'mysql://c4n4ry@h/d',
    'postgres://u:c4n4ry@h/d?sslmode=c4n4ry',
    'postgres://u:c4n4ry@h/d?statement_timeout=1',
    'postgres://u:%zz@h/d',
  ]) {
    test(`refuses ${url}`, () => expectRefused(() => parseSqlAddress('postgres', url)));
  }
});

function expectRefused(parse: () => unknown): void {
  let thrown: unknown;
  try {
    parse();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(TierError);
  expect((thrown as TierError).code).toBe('TIER_REFUSED');
  expect((thrown as TierError).message).not.toContain('c4n4ry');
}
