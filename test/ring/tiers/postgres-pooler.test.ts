// This file tests the tier in Postgres behind a real PgBouncer.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { postgresTier } from '../../../src/ring/tiers/postgres.ts';
import { type PgbouncerServer, startPgbouncer } from '../../support/pgbouncer-server.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.ts';
import { hasProgram } from '../../support/programs.ts';
import { describeTier } from './contract.ts';
import { describeOutages } from './outages.ts';
import { bodyOf, FAR_MS, key, NEVER, read, stored } from './stored-segment.ts';

const clock = systemClock;
const hasAll = ['postgres', 'pgbouncer'].map(hasProgram).every((has) => has);
const url = (port: number) => `postgres://root:root-pass@127.0.0.1:${port}/postgres`;

/** What a pooler was told of what we ask for at the start of a connection. */
const MANNERS = {
  'as it is installed': [],
  'told to let our settings pass': ['ignore_startup_parameters = statement_timeout, lock_timeout'],
} as const;

describe.skipIf(!hasAll)('postgresTier() behind PgBouncer', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());

  for (const [manner, lines] of Object.entries(MANNERS)) {
    describe(manner, () => {
      let pooler: PgbouncerServer;
      beforeAll(async () => {
        pooler = await startPgbouncer(server, lines);
      }, 60_000);
      afterAll(async () => await pooler[Symbol.asyncDispose]());

      test('does not depend on which connection a transaction gets', async () => {
        await using one = postgresTier({ url: url(pooler.port), sizeBytes: 1e9, clock });
        await using two = postgresTier({ url: url(pooler.port), sizeBytes: 1e9, clock });
        await Promise.all([one.open(NEVER), two.open(NEVER)]);
        const bodies = Array.from({ length: 24 }, (_, at) => bodyOf(`${at}`, 300_000));
        await Promise.all(
          bodies.map((body, at) =>
            (at % 2 ? one : two).put(key(`${at}`), stored(body), FAR_MS, NEVER),
          ),
        );
        const found = await Promise.all(
          bodies.map(
            async (_, at) => await read(await (at % 2 ? two : one).get(key(`${at}`), NEVER)),
          ),
        );
        expect(found).toEqual(bodies);
        await one.sweep(clock.nowMs(), NEVER);
        expect((await two.use(NEVER)).segments).toBe(bodies.length);
        await one.delete(
          bodies.map((_, at) => key(`${at}`)),
          NEVER,
        );
        expect((await two.use(NEVER)).segments).toBe(0);
      }, 60_000);
    });
  }

  describe('with everything that a tier must do', () => {
    let pooler: PgbouncerServer;
    beforeAll(async () => {
      pooler = await startPgbouncer(server);
    }, 60_000);
    afterAll(async () => await pooler[Symbol.asyncDispose]());
    describe('alone', () => {
      const makePlace = async () => {
        await server.run('DROP TABLE IF EXISTS weir_segments, weir_schema');
        return {
          makeTier: (sizeBytes: number) =>
            postgresTier({ url: url(pooler.port), sizeBytes, clock }),
          [Symbol.asyncDispose]: async () => {},
        };
      };
      describeTier('postgresTier()', makePlace, { runs: 5, timeoutMs: 60_000 });
    });
    describeOutages('postgresTier()', {
      server: () => pooler,
      makeTier: (port) => postgresTier({ url: url(port), sizeBytes: undefined, clock }),
      keepsOverRestart: true,
    });
  });
});
