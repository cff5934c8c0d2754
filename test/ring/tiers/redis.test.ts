// This file tests the tier in Redis against a real one.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { RedisTier } from '../../../src/ring/tiers/redis.ts';
import { selfSigned } from '../../support/certificate.ts';
import { freePort } from '../../support/free-port.ts';
import { hasProgram } from '../../support/programs.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { describeTier } from './contract.ts';
import { describeOutages, outcomeOf } from './outages.ts';
import { describeSharedRoom } from './shared-room.ts';

const clock = systemClock;
const random = systemRandom;

describe.skipIf(!hasProgram('redis-server'))('RedisTier', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());

  describe('alone', () => {
    const makePlace = async () => {
      await server.command('flushall');
      return {
        makeTier: (sizeBytes: number) =>
          new RedisTier({ url: `redis://127.0.0.1:${server.port}/3`, sizeBytes, clock, random }),
        [Symbol.asyncDispose]: async () => {},
      };
    };
    describeTier('RedisTier', makePlace, { runs: 20, timeoutMs: 30_000 });
    describeSharedRoom('RedisTier', makePlace);
  });

  describeOutages('RedisTier', {
    server: () => server,
    makeTier: (port) =>
      new RedisTier({ url: `redis://127.0.0.1:${port}/3`, sizeBytes: undefined, clock, random }),
    keepsOverRestart: false,
  });

  describe('RedisTier is refused', () => {
    const RIGHTS = [
      ...['+ping', '+info', '+select', '+get', '+mget', '+set', '+eval', '+exists', '+strlen'],
      ...['+pexpire', '+pttl', '+unlink', '+del', '+time', '+incrby', '+decrby'],
      ...['+zadd', '+zrem', '+zcard', '+zscore', '+zrange', '+zrangebyscore'],
    ];
    const outcome = (login: string, port: number) =>
      outcomeOf(
        new RedisTier({ url: `redis://${login}127.0.0.1:${port}`, sizeBytes: 1e9, clock, random }),
        'c4n4ry',
      );

    test('where user, password or rights are not what it wants', async () => {
      await using locked = await startRedis(['--requirepass', 'right-pass']);
      await using acl = await startRedis();
      await acl.command('acl', 'setuser', 'least', 'on', '>p4ss', '~weir:*', ...RIGHTS);
      await acl.command('acl', 'setuser', 'looks', 'on', '>c4n4ry', '~weir:*', '+info', '+get');
      expect(await outcome('', locked.port)).toBe('TIER_REFUSED');
      expect(await outcome(':c4n4ry@', locked.port)).toBe('TIER_REFUSED');
      expect(await outcome(':right-pass@', locked.port)).toBe('fine');
      expect(await outcome('least:c4n4ry@', acl.port)).toBe('TIER_REFUSED');
      expect(await outcome('looks:c4n4ry@', acl.port)).toBe('TIER_REFUSED');
      expect(await outcome('least:p4ss@', acl.port)).toBe('fine');
    }, 60_000);

    test('where its certificate is not trusted', async () => {
      await using folder = await createTempFolder();
      const { cert, key } = selfSigned();
      const files = [await folder.write('cert.pem', cert), await folder.write('key.pem', key)];
      const [certFile = '', keyFile = ''] = files;
      const tlsPort = freePort();
      const tls = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'];
      const pair = ['--tls-cert-file', certFile, '--tls-key-file', keyFile];
      await using _server = await startRedis([...tls, ...pair, '--tls-ca-cert-file', certFile]);
      const url = `rediss://:c4n4ry@127.0.0.1:${tlsPort}`;
      const tier = new RedisTier({ url, sizeBytes: 1e9, clock, random });
      expect(await outcomeOf(tier, 'c4n4ry')).toBe('TIER_REFUSED');
    }, 60_000);

    test('where it is full, a replica, or has no such database', async () => {
      const full = ['--maxmemory', '3500kb', '--maxmemory-policy', 'noeviction'];
      await using small = await startRedis(full);
      await using replica = await startRedis(['--replicaof', `127.0.0.1 ${server.port}`]);
      expect(await outcome('', small.port)).toBe('TIER_FULL');
      expect(await outcome('', replica.port)).toBe('TIER_READ_ONLY');
      const far = `redis://127.0.0.1:${server.port}/99`;
      const tier = new RedisTier({ url: far, sizeBytes: 1e9, clock, random });
      expect(await outcomeOf(tier, 'c4n4ry')).toBe('TIER_REFUSED');
    }, 60_000);
  });
});
