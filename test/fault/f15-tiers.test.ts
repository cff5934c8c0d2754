// This file is failures F15 to F18, F21 and F26: what happens to places beyond memory.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mountDisk } from '../ring/tiers/mounted-disk.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { hasProgram } from '../support/programs.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { Swarm } from '../support/swarm.ts';
import { tierState, tierSum } from '../support/tier-figures.ts';
import { until } from '../support/until.ts';
import { readMediaList } from '../support/viewer/media-list.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { Weir } from '../support/weir.ts';
import { World } from './world.ts';

const VIEWERS = 5;
/** Joining takes at most 10 s; a machine that is busy with other tests is given more. */
const JOIN_MS = 30_000;
/** A tier that hangs is left alone after three of its answers were late, one a segment. */
const TRIP_MS = 40_000;
const TEST_MS = 120_000;
const START_MS = 60_000;

async function ask(url: string) {
  using client = new RawClient(url);
  return client.get(url, { keepBody: true });
}

/** Starts it with these places beyond memory. */
async function startWorld(id: string, overflow: string, more: readonly string[] = []) {
  const lines = ['prefetch: { idle_stop: 5s }', `overflow: ${overflow}`, ...more];
  const world = new World({ [id]: {} }, lines);
  await world.start({ readyWithinMs: START_MS });
  return world;
}

const hasState = (weir: Weir, state: 'up' | 'full' | 'down', withinMs: number) =>
  until(async () => (await tierState(weir)) === state, withinMs);

describe.skipIf(!hasProgram('redis-server')).concurrent('F15 to F17, F26: a Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  }, START_MS);
  afterAll(() => redis[Symbol.asyncDispose](), START_MS);

  test(
    'that is down at the start, dies, dawdles, hangs and is cut off: no viewer sees it',
    async () => {
      // Its own, since it is killed
      await using redis = await startRedis();
      await using proxy = await FaultProxy.listen(redis.port);
      await proxy.set({ kind: 'refuse' });
      await using world = await startWorld('f15', `redis://127.0.0.1:${proxy.port}/0`);
      const { weir } = world;
      await using swarm = new Swarm({ url: world.url('f15'), count: VIEWERS });
      await Bun.sleep(3000);
      expect(await tierState(weir)).toBe('down');
      await proxy.set({ kind: 'pass' });
      expect(await hasState(weir, 'up', JOIN_MS)).toBe(true);

      await redis.process.kill();
      expect(await hasState(weir, 'down', TRIP_MS)).toBe(true);
      await redis.process.start();
      expect(await hasState(weir, 'up', JOIN_MS)).toBe(true);

      for (const fault of [
        { kind: 'delay', delayMs: 2000 },
        { kind: 'stall' },
        { kind: 'half-open' },
        { kind: 'reset' },
      ] as const) {
        const trips = await tierSum(weir, 'weir_tier_trips_total');
        const { connections } = proxy;
        await proxy.set(fault);
        // What is only half open may be given up, and be replaced, before the third answer is late
        const hasTripped = async () =>
          (await tierSum(weir, 'weir_tier_trips_total')) > trips ||
          (fault.kind === 'half-open' && proxy.connections > connections);
        expect([fault.kind, await until(hasTripped, TRIP_MS)]).toEqual([fault.kind, true]);
        await proxy.set({ kind: 'pass' });
        expect([fault.kind, await hasState(weir, 'up', JOIN_MS)]).toEqual([fault.kind, true]);
      }
      // It is said once something was kept there again, which may be a segment later
      const said = () => weir.logs().map(({ message }) => message);
      await until(async () => said().includes('tier is up'), JOIN_MS);
      const seen = world.judge('f15', await swarm.stop());
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.gaps).toBe(0);
      expect(said()).toContain('tier is down; it is tried until it is back');
      expect(said()).toContain('tier is up');
    },
    3 * TEST_MS,
  );

  test(
    'that two weirs share: what one has fetched the other does not fetch while it is there',
    async () => {
      const url = `redis://127.0.0.1:${redis.port}/1`;
      await using world = await startWorld('f16', url, ['# the same for both']);
      await using other = await Weir.start({ yaml: world.yaml(), readyWithinMs: START_MS });
      await hasState(world.weir, 'up', JOIN_MS);
      await hasState(other, 'up', JOIN_MS);
      await using first = new Swarm({ url: world.url('f16'), count: 1 });
      const hasPut = async () => (await tierSum(world.weir, 'weir_tier_puts_total')) >= 6;
      expect(await until(hasPut, JOIN_MS)).toBe(true);
      const list = await ask(other.url('/live/f16/index.m3u8'));
      expect(list.status).toBe(200);
      await using second = new Swarm({ url: other.url('/live/f16/index.m3u8'), count: 1 });
      // Whoever comes later to a segment takes it from the other: by chance that is the one or the other
      const both = async (name: string, labels?: string) =>
        (await tierSum(world.weir, name, labels)) + (await tierSum(other, name, labels));
      const hasTaken = async () => (await both('weir_tier_taken_total')) >= 2;
      expect(await until(hasTaken, JOIN_MS)).toBe(true);
      const reports = [...(await first.stop()), ...(await second.stop())];
      // Each is one that the tier did not have, or not in time; they go on while this is asked
      const fetched = await both('weir_upstream_fetches_total', 'what="segment",outcome="ok"');
      const hits = await both('weir_tier_looks_total', 'outcome="hits"');
      const looks = await both('weir_tier_looks_total');
      expect(hits).toBeGreaterThanOrEqual(2);
      // One that was late too often for this machine is not asked for a while
      const trips = await both('weir_tier_trips_total');
      if (trips === 0) expect(fetched).toBeLessThanOrEqual(looks - hits);
      expect(world.judge('f16', reports).blamed).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'gives a viewer what has left the ring, without a word to the source',
    async () => {
      const url = `redis://127.0.0.1:${redis.port}/2`;
      await using world = await startWorld('f17', url);
      const { weir } = world;
      const { origin } = world.at('f17');
      await hasState(weir, 'up', JOIN_MS);
      const media = await world.mediaUrl('f17');
      await ask(media);
      const list = await ask(media);
      const text = new TextDecoder().decode(list.body);
      const segment = readMediaList(text, media).segments.findLast(({ isGap }) => !isGap)?.url;
      if (segment === undefined) throw new Error(`Cannot find a segment: ${text}`);
      const first = await ask(segment);
      expect(first.status).toBe(200);
      const hasStopped = () => weir.logs().some(({ message }) => message === 'rendition stopped');
      expect(await until(hasStopped, JOIN_MS)).toBe(true);
      const before = origin.seen(/./).length;
      // On a busy machine 50 ms may be over before the answer is here, and then the source is asked
      const isRecalled = async () => {
        await ask(segment);
        return (await tierSum(weir, 'weir_tier_recalled_total')) > 0;
      };
      expect(await until(isRecalled, JOIN_MS)).toBe(true);
      const again = await ask(segment);
      expect(again.status).toBe(200);
      expect(again.body).toEqual(first.body!);
      expect(origin.seen(/./).length).toBeGreaterThanOrEqual(before);
    },
    TEST_MS,
  );
});

describe.skipIf(!hasProgram('postgres')).concurrent('F18: a Postgres', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.run('CREATE DATABASE weir');
  }, START_MS);
  afterAll(() => postgres[Symbol.asyncDispose](), START_MS);

  test(
    'that is killed in mid-run and comes back: no viewer sees it',
    async () => {
      const url = postgres.url('root', 'root-pass', 'weir');
      await using world = await startWorld('f18', url);
      const { weir } = world;
      expect(await hasState(weir, 'up', JOIN_MS)).toBe(true);
      await using swarm = new Swarm({ url: world.url('f18'), count: VIEWERS });
      const hasPut = async () => (await tierSum(weir, 'weir_tier_puts_total')) > 0;
      expect(await until(hasPut, JOIN_MS)).toBe(true);
      await postgres.process.kill();
      expect(await hasState(weir, 'down', TRIP_MS)).toBe(true);
      await postgres.process.start();
      expect(await hasState(weir, 'up', JOIN_MS)).toBe(true);
      const seen = world.judge('f18', await swarm.stop());
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.gaps).toBe(0);
    },
    2 * TEST_MS,
  );
});

describe.concurrent('F21: a disk', () => {
  test(
    'that is full, and has room again: no viewer sees it',
    async () => {
      await using disk = await mountDisk(8 * 2 ** 20);
      if (disk === undefined) return;
      const filler = `${disk.path}/filler`;
      await Bun.write(filler, new Uint8Array(7 * 2 ** 20));
      const path = `${disk.path}/held`;
      await using world = await startWorld('f21', `[{ disk: { path: ${path}, size: 64MiB } }]`);
      const { weir } = world;
      await using swarm = new Swarm({ url: world.url('f21'), count: VIEWERS });
      expect(await hasState(weir, 'full', TRIP_MS)).toBe(true);
      await Bun.file(filler).unlink();
      const hasPut = async () => (await tierSum(weir, 'weir_tier_puts_total')) > 0;
      expect(await until(hasPut, JOIN_MS)).toBe(true);
      const seen = world.judge('f21', await swarm.stop());
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.gaps).toBe(0);
      await world[Symbol.asyncDispose]();
    },
    TEST_MS,
  );
});
