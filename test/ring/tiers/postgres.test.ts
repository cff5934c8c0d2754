// This file tests the tier in Postgres against a real one.
import { afterAll, beforeAll, describe } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { postgresTier } from '../../../src/ring/tiers/postgres.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.ts';
import { hasProgram } from '../../support/programs.ts';
import { describeTier } from './contract.ts';

const clock = systemClock;

describe.skipIf(!hasProgram('postgres'))('postgresTier()', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());

  const makePlace = async () => {
    await server.run('DROP TABLE IF EXISTS weir_segments, weir_schema');
    const url = server.url('root', 'root-pass', 'postgres');
    return {
      makeTier: (sizeBytes: number) => postgresTier({ url, sizeBytes, clock }),
      [Symbol.asyncDispose]: async () => {},
    };
  };
  describeTier('postgresTier()', makePlace, { runs: 15, timeoutMs: 60_000 });
});
