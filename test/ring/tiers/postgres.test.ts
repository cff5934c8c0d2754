// This file tests the tier in Postgres against a real one.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { postgresTier } from '../../../src/ring/tiers/postgres.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.ts';
import { hasProgram } from '../../support/programs.ts';
import { codeOf, describeTier } from './contract.ts';
import { describeOutages, outcomeOf } from './outages.ts';
import { describeSharedRoom } from './shared-room.ts';
import { NEVER } from './stored-segment.ts';

const clock = systemClock;

describe.skipIf(!hasProgram('postgres'))('postgresTier()', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());

  describe('alone', () => {
    const makePlace = async () => {
      await server.run('DROP TABLE IF EXISTS weir_segments, weir_schema');
      const url = server.url('root', 'root-pass', 'postgres');
      return {
        makeTier: (sizeBytes: number) => postgresTier({ url, sizeBytes, clock }),
        [Symbol.asyncDispose]: async () => {},
      };
    };
    describeTier('postgresTier()', makePlace, { runs: 15, timeoutMs: 60_000 });
    describeSharedRoom('postgresTier()', makePlace);
  });

  describeOutages('postgresTier()', {
    server: () => server,
    makeTier: (port) => {
      const url = `postgres://root:root-pass@127.0.0.1:${port}/postgres`;
      return postgresTier({ url, sizeBytes: undefined, clock });
    },
    keepsOverRestart: true,
  });

  test('what takes its connections and closes them is not dialled in a circle', async () => {
    let dials = 0;
    const open = (socket: { end(): void }) => {
      dials += 1;
      socket.end();
    };
    using door = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { open, data() {} } });
    const url = `postgres://a:b@127.0.0.1:${door.port}/d`;
    await using tier = postgresTier({ url, sizeBytes: undefined, clock });
    expect(await codeOf(tier.open(NEVER))).toBe('TIER_UNREACHABLE');
    expect(dials).toBe(1);
  });

  describe('postgresTier() is refused', () => {
    const outcome = (user: string, password: string, database: string) => {
      const url = server.url(user, password, database);
      return outcomeOf(postgresTier({ url, sizeBytes: 1e9, clock }), 'c4n4ry');
    };

    test('where user, database or rights are not what it wants', async () => {
      await server.run("CREATE ROLE least LOGIN PASSWORD 'p4ss'");
      await server.run('CREATE DATABASE rights');
      await server.run('CREATE DATABASE still');
      expect(await outcome('root', 'c4n4ry', 'rights')).toBe('TIER_REFUSED');
      expect(await outcome('nobody-here', 'c4n4ry', 'rights')).toBe('TIER_REFUSED');
      expect(await outcome('root', 'root-pass', 'not-there')).toBe('TIER_REFUSED');
      // It may not make the tables, and then they are there
      expect(await outcome('least', 'p4ss', 'rights')).toBe('TIER_REFUSED');
      expect(await outcome('root', 'root-pass', 'rights')).toBe('fine');
      expect(await outcome('least', 'p4ss', 'rights')).toBe('TIER_REFUSED');
      const rights = 'GRANT SELECT, INSERT, UPDATE, DELETE';
      await server.run(`${rights} ON weir_segments, weir_schema TO least`, 'rights');
      expect(await outcome('least', 'p4ss', 'rights')).toBe('fine');
    }, 60_000);

    test('where it is read-only, of another version, or lets nobody in', async () => {
      expect(await outcome('root', 'root-pass', 'still')).toBe('fine');
      await server.run('DELETE FROM weir_segments', 'still');
      await server.run('ALTER DATABASE still SET default_transaction_read_only = on');
      expect(await outcome('root', 'root-pass', 'still')).toBe('TIER_READ_ONLY');
      await server.run('UPDATE weir_schema SET version = 99', 'rights');
      expect(await outcome('root', 'root-pass', 'rights')).toBe('TIER_REFUSED');
      await server.run('ALTER ROLE least CONNECTION LIMIT 0');
      expect(await outcome('least', 'p4ss', 'rights')).toBe('TIER_UNREACHABLE');
    }, 60_000);
  });
});
