// This file tests the tier in MySQL against a real MariaDB.
import { afterAll, beforeAll, describe } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { mysqlTier } from '../../../src/ring/tiers/mysql.ts';
import { type MariadbServer, startMariadb } from '../../support/mariadb-server.ts';
import { hasProgram } from '../../support/programs.ts';
import { describeTier } from './contract.ts';

const clock = systemClock;

describe.skipIf(!hasProgram('mariadbd'))('mysqlTier()', () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
    await server.run('CREATE DATABASE weir');
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());

  const makePlace = async () => {
    await server.run('DROP TABLE IF EXISTS weir.weir_segments, weir.weir_schema');
    const url = server.url('root', '', 'weir');
    return {
      makeTier: (sizeBytes: number) => mysqlTier({ url, sizeBytes, clock }),
      [Symbol.asyncDispose]: async () => {},
    };
  };
  describeTier('mysqlTier()', makePlace, { runs: 15, timeoutMs: 60_000 });
});
