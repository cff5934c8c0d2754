// This file tests the tier in Redis against a real one.
import { afterAll, beforeAll, describe } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { RedisTier } from '../../../src/ring/tiers/redis.ts';
import { hasProgram } from '../../support/programs.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { describeTier } from './contract.ts';

const clock = systemClock;
const random = systemRandom;

describe.skipIf(!hasProgram('redis-server'))('RedisTier', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());

  const makePlace = async () => {
    await server.command('flushall');
    return {
      makeTier: (sizeBytes: number) =>
        new RedisTier({ url: `redis://127.0.0.1:${server.port}/3`, sizeBytes, clock, random }),
      [Symbol.asyncDispose]: async () => {},
    };
  };
  describeTier('RedisTier', makePlace, { runs: 20, timeoutMs: 30_000 });
});
