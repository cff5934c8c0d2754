// This file tests the tier in Redis against a Cluster, and against a master that fails over.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { AppError } from '../../../src/base/errors.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { RedisTier } from '../../../src/ring/tiers/redis.ts';
import { hasProgram } from '../../support/programs.ts';
import {
  type RedisCluster,
  startRedisCluster,
  startRedisSentinel,
} from '../../support/redis-server.ts';
import { describeTier } from './contract.ts';
import { eventually } from './outages.ts';
import { bodyOf, FAR_MS, key, NEVER, read, stored } from './stored-segment.ts';

const clock = systemClock;
const random = systemRandom;
const isHere = hasProgram('redis-server') && hasProgram('redis-cli');

function makeTier(url: string, sizeBytes?: number): RedisTier {
  return new RedisTier({ url, sizeBytes, clock, random });
}

describe.skipIf(!isHere)('RedisTier on a Cluster of three', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(async () => await cluster[Symbol.asyncDispose]());

  const makePlace = async () => {
    await cluster.empty();
    const hosts = cluster.ports.slice(1).map((port) => `127.0.0.1:${port}`);
    const url = `redis+cluster://${hosts.join(',')}`;
    return {
      makeTier: (sizeBytes: number) => makeTier(url, sizeBytes),
      [Symbol.asyncDispose]: async () => {},
    };
  };
  describeTier('RedisTier', makePlace, { runs: 10, timeoutMs: 60_000 });

  test('says so while a node is gone, and goes on once it is back', async () => {
    await using place = await makePlace();
    await using tier = place.makeTier(1e9);
    await tier.open(NEVER);
    await cluster.nodes[0]?.process.kill();
    const codes = new Set<string>();
    for (let nth = 0; !codes.has('TIER_UNREACHABLE'); nth++) {
      const put = tier.put(key(`n${nth}`), stored(bodyOf('n', 10)), FAR_MS, NEVER);
      codes.add(await put.then(() => 'held', codeOfError));
    }
    await cluster.nodes[0]?.process.start();
    const body = bodyOf('back', 600_000);
    for (let nth = 0; nth < 12; nth++) {
      const own = key(`back${nth}`);
      await eventually(() => tier.put(own, stored(body), FAR_MS, NEVER));
      expect(await read(await eventually(() => tier.get(own, NEVER)))).toEqual(body);
    }
    expect([...codes].filter((code) => code !== 'held')).toEqual(['TIER_UNREACHABLE']);
  }, 90_000);
});

function codeOfError(error: unknown): string {
  return error instanceof AppError ? error.code : String(error);
}

describe.skipIf(!isHere)('RedisTier by sentinels', () => {
  test('goes on with the replica once the master has died', async () => {
    await using setup = await startRedisSentinel();
    const { sentinelPort, nodes } = setup;
    await using tier = makeTier(`redis+sentinel://127.0.0.1:${sentinelPort}/weir-test/2`);
    await eventually(() => tier.open(NEVER));
    const body = bodyOf('before', 1_200_000);
    await tier.put(key('before'), stored(body), FAR_MS, NEVER);
    await setup.replicated();
    await nodes[0].process.kill();
    // The replica has it, and takes more as soon as it is the master
    await eventually(() => tier.put(key('after'), stored(body), FAR_MS, NEVER));
    expect(await read(await tier.get(key('after'), NEVER))).toEqual(body);
    expect(await read(await tier.get(key('before'), NEVER))).toEqual(body);
  }, 90_000);
});
