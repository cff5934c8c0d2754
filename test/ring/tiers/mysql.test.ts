// This file tests the tier in MySQL against a real MariaDB.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { mysqlTier } from '../../../src/ring/tiers/mysql.ts';
import { type MariadbServer, startMariadb } from '../../support/mariadb-server.ts';
import { hasProgram } from '../../support/programs.ts';
import { describeTier } from './contract.ts';
import { describeOutages, outcomeOf } from './outages.ts';
import { describeSharedRoom } from './shared-room.ts';

const clock = systemClock;

describe.skipIf(!hasProgram('mariadbd'))('mysqlTier()', () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
    await server.run('CREATE DATABASE weir');
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());

  describe('alone', () => {
    const makePlace = async () => {
      await server.run('DROP TABLE IF EXISTS weir.weir_segments, weir.weir_schema');
      const url = server.url('root', '', 'weir');
      return {
        makeTier: (sizeBytes: number) => mysqlTier({ url, sizeBytes, clock }),
        [Symbol.asyncDispose]: async () => {},
      };
    };
    describeTier('mysqlTier()', makePlace, { runs: 15, timeoutMs: 60_000 });
    describeSharedRoom('mysqlTier()', makePlace);
  });

  describeOutages('mysqlTier()', {
    server: () => server,
    makeTier: (port) =>
      mysqlTier({ url: `mysql://root@127.0.0.1:${port}/weir`, sizeBytes: undefined, clock }),
    keepsOverRestart: true,
  });

  describe('mysqlTier() is refused', () => {
    const outcome = (user: string, password: string, database: string) => {
      const url = server.url(user, password, database);
      return outcomeOf(mysqlTier({ url, sizeBytes: 1e9, clock }), 'c4n4ry');
    };

    test('where user, database or rights are not what it wants', async () => {
      await server.run('CREATE DATABASE rights');
      await server.run("CREATE USER least@localhost IDENTIFIED BY 'p4ss'");
      const rights = 'SELECT, INSERT, UPDATE, DELETE';
      expect(await outcome('root', 'c4n4ry', 'rights')).toBe('TIER_REFUSED');
      expect(await outcome('root', '', 'not_there')).toBe('TIER_REFUSED');
      expect(await outcome('least', 'p4ss', 'rights')).toBe('TIER_REFUSED');
      // It may not make the tables, and then they are there
      await server.run(`GRANT ${rights} ON rights.* TO least@localhost`);
      expect(await outcome('least', 'p4ss', 'rights')).toBe('TIER_REFUSED');
      expect(await outcome('root', '', 'rights')).toBe('fine');
      await server.run('DELETE FROM rights.weir_segments');
      expect(await outcome('least', 'p4ss', 'rights')).toBe('fine');
    }, 60_000);

    test('where it is read-only, of another version, or lets nobody in', async () => {
      await server.run('DELETE FROM rights.weir_segments');
      await server.run('SET GLOBAL read_only = 1');
      expect(await outcome('least', 'p4ss', 'rights')).toBe('TIER_READ_ONLY');
      await server.run('SET GLOBAL read_only = 0');
      await server.run('UPDATE rights.weir_schema SET version = 99');
      expect(await outcome('root', '', 'rights')).toBe('TIER_REFUSED');
      await server.run('ALTER USER least@localhost ACCOUNT LOCK');
      expect(await outcome('least', 'p4ss', 'rights')).not.toBe('fine');
    }, 60_000);

    test('by no packet: bodies are cut to what it takes', async () => {
      await server.run('CREATE DATABASE packets');
      await server.run('SET GLOBAL max_allowed_packet = 65536');
      expect(await outcome('root', '', 'packets')).toBe('fine');
      const [row] = await server.run('SELECT COUNT(*) AS pieces FROM packets.weir_segments');
      expect(Number(row?.['pieces'])).toBeGreaterThan(3_000_000 / 65_536);
      await server.run('SET GLOBAL max_allowed_packet = 16777216');
    }, 60_000);
  });
});
