// This file tests archives whose bodies lie in real tiers: a folder, Redis, Postgres and MariaDB.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { systemRandom } from '../../../src/base/random.ts';
import type { ArchivedSegment } from '../../../src/recording/archive/archived.ts';
import { TierShelf } from '../../../src/recording/archive/tier-shelf.ts';
import { createTier } from '../../../src/ring/tiers/create-tier.ts';
import { GuardedTier } from '../../../src/ring/tiers/guarded-tier.ts';
import { TierChain } from '../../../src/ring/tiers/tier-chain.ts';
import type { TierSpec } from '../../../src/ring/tiers/tier-spec.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startMariadb } from '../../support/mariadb-server.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { hasProgram } from '../../support/programs.ts';
import { startRedis } from '../../support/redis-server.ts';
import { createTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const PLACE = { channel: 'x', rendition: 'main' };
const HOUR_MS = 3_600_000;
const BODY_BYTES = 300_000;

function segment(number: number, more: Partial<ArchivedSegment> = {}): ArchivedSegment {
  return {
    number,
    name: `${number}-x.ts`,
    startMs: number * 4000,
    durationS: 4,
    discontinuity: false,
    discontinuitySequence: 0,
    gap: false,
    sizeBytes: BODY_BYTES,
    contentType: 'video/mp2t',
    keys: [],
    ...more,
  };
}

function bodyOf(number: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BODY_BYTES).fill(number);
}

type Opened = AsyncDisposable & { readonly shelf: TierShelf; readonly tiers: TierChain };

async function open(spec: TierSpec, owner = 'one'): Promise<Opened> {
  const clock = systemClock;
  const tier = createTier(spec, clock);
  const options = { tier, clock, random: systemRandom, log: silentLog, ageMs: HOUR_MS };
  const tiers = new TierChain([new GuardedTier(options)], clock);
  tiers.start();
  const isHere = async () => (await tiers.holds([{ ...PLACE, name: 'any' }])).every(isSaid);
  expect(await until(isHere, 30_000)).toBe(true);
  return {
    shelf: new TierShelf({ tiers, clock, owner }),
    tiers,
    [Symbol.asyncDispose]: () => tiers[Symbol.asyncDispose](),
  };
}

async function put(shelf: TierShelf, number: number): Promise<boolean> {
  return await shelf.put(PLACE, {
    segment: segment(number),
    stored: { body: new Blob([bodyOf(number)]), contentType: 'video/mp2t' },
    assets: new Map(),
    targetDurationS: 4,
    independentSegments: true,
    untilMs: systemClock.nowMs() + HOUR_MS,
  });
}

function isSaid(held: boolean | undefined): boolean {
  return held !== undefined;
}

function numbersOf(segments: readonly ArchivedSegment[] | undefined): number[] | undefined {
  return segments?.map(({ number }) => number);
}

function describeShelf(name: string, specOf: () => TierSpec): void {
  const check = (title: string, run: () => Promise<void>) =>
    test(`${name}: ${title}`, run, { timeout: 60_000 });

  check('holds what it has acknowledged, byte for byte, over a restart', async () => {
    {
      await using first = await open(specOf());
      for (const number of [1, 2, 3]) expect(await put(first.shelf, number)).toBe(true);
    }
    await using again = await open(specOf());
    for (const number of [1, 2, 3]) {
      const found = await again.shelf.get(PLACE, segment(number), 5000);
      expect(found?.contentType).toBe('video/mp2t');
      expect(Buffer.compare(await found!.body.bytes(), bodyOf(number))).toBe(0);
    }
    expect(
      await again.shelf.lost(
        PLACE,
        [1, 2, 3].map((number) => segment(number)),
      ),
    ).toEqual([]);
  });

  check('says what it has lost, and lets go of what is dropped', async () => {
    await using one = await open(specOf(), 'two');
    for (const number of [4, 5, 6, 7]) await put(one.shelf, number);
    expect(await one.shelf.drop(PLACE, [segment(4), segment(5), segment(9, { gap: true })])).toBe(
      true,
    );
    const asked = [7, 4, 6, 5, 8].map((number) => segment(number));
    expect(numbersOf(await one.shelf.lost(PLACE, asked))).toEqual([4, 5, 8]);
    expect(await one.shelf.get(PLACE, segment(4), 5000)).toBeUndefined();
  });

  check('another weir in the same place has its own', async () => {
    await using one = await open(specOf(), 'three');
    await using other = await open(specOf(), 'four');
    await put(one.shelf, 10);
    expect(numbersOf(await other.shelf.lost(PLACE, [segment(10)]))).toEqual([10]);
    expect(await other.shelf.get(PLACE, segment(10), 5000)).toBeUndefined();
  });

  check('a hundred who read at once are all served', async () => {
    await using one = await open(specOf(), 'five');
    const numbers = Array.from({ length: 20 }, (_, index) => index + 20);
    for (const number of numbers) await put(one.shelf, number);
    const reads = Array.from({ length: 100 }, (_, index) => numbers[index % 20] as number);
    const found = await Promise.all(
      reads.map((number) => one.shelf.get(PLACE, segment(number), 30_000)),
    );
    expect(found.filter((stored) => stored === undefined)).toEqual([]);
    const sizes = found.map((stored) => stored?.body.size);
    expect(new Set(sizes)).toEqual(new Set([BODY_BYTES]));
  });

  check('that is closed says nothing of what it holds', async () => {
    const one = await open(specOf(), 'six');
    await put(one.shelf, 50);
    await one[Symbol.asyncDispose]();
    expect(await one.shelf.lost(PLACE, [segment(50)])).toBeUndefined();
    expect(await one.shelf.get(PLACE, segment(50), 100)).toBeUndefined();
    expect(await put(one.shelf, 51)).toBe(false);
  });
}

test('TierShelf leaves a tier its fair time, however long others were read before', async () => {
  const clock = new FakeClock();
  const budgets: number[] = [];
  const tiers = {
    get: (_key: unknown, budgetMs: number) => {
      budgets.push(budgetMs);
      return sleep(clock, budgetMs);
    },
  } as unknown as TierChain;
  const shelf = new TierShelf({ tiers, clock, owner: 'x' });
  const all = Array.from({ length: 100 }, (_, number) => shelf.get(PLACE, segment(number), 4000));
  await clock.advance(10_000);
  await Promise.all(all);
  expect(budgets.length).toBe(32);
  for (let index = 0; index < 32; index++) void shelf.get(PLACE, segment(index), 1000);
  await clock.advance(0);
  const waited = shelf.get(PLACE, segment(50), 4000);
  await clock.advance(20_000);
  await waited;
  expect(budgets.at(-1)).toBe(3000);
});

describe('TierShelf in a folder', () => {
  let folder: TempFolder;
  beforeAll(async () => {
    folder = await createTempFolder();
  });
  afterAll(async () => await folder[Symbol.asyncDispose]());
  const specOf = (): TierSpec => ({ kind: 'disk', path: folder.path, sizeBytes: 2 ** 30 });
  describeShelf('disk', specOf);

  test('files that somebody took away are lost, and no others', async () => {
    await using one = await open(specOf(), 'taken');
    for (const number of [1, 2, 3]) await put(one.shelf, number);
    const inside = join(folder.path, 'x');
    for (const file of await readdir(inside)) await rm(join(inside, file));
    await put(one.shelf, 4);
    const asked = [1, 2, 3, 4].map((number) => segment(number));
    expect(numbersOf(await one.shelf.lost(PLACE, asked))).toEqual([1, 2, 3]);
  });

  test('of a folder that is gone as a whole nothing is said', async () => {
    await using other = await createTempFolder();
    await using one = await open({ kind: 'disk', path: other.path, sizeBytes: 2 ** 30 });
    await put(one.shelf, 1);
    await rm(other.path, { recursive: true });
    expect(await one.shelf.lost(PLACE, [segment(1)])).toBeUndefined();
  });

  test('a folder that is full has let go of its oldest, and says that it has', async () => {
    await using other = await createTempFolder();
    const sizeBytes = 10 * BODY_BYTES;
    await using one = await open({ kind: 'disk', path: other.path, sizeBytes });
    const before = one.shelf.losses();
    const numbers = Array.from({ length: 14 }, (_, index) => index);
    for (const number of numbers) expect(await put(one.shelf, number)).toBe(true);
    const lost = await one.shelf.lost(
      PLACE,
      numbers.map((number) => segment(number)),
    );
    expect(lost?.length).toBeGreaterThanOrEqual(4);
    expect(numbersOf(lost)).toEqual(numbers.slice(0, lost?.length));
    expect(one.shelf.losses().any).toBe(before.any);
  });
});

describe.skipIf(!hasProgram('redis-server'))('TierShelf in Redis', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  beforeAll(async () => {
    server = await startRedis();
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());
  describeShelf('redis', () => ({ kind: 'redis', url: `redis://127.0.0.1:${server.port}/0` }));

  test('a server that was emptied has lost all', async () => {
    const url = `redis://127.0.0.1:${server.port}/0`;
    await using one = await open({ kind: 'redis', url }, 'emptied');
    await put(one.shelf, 1);
    await server.command('flushall');
    expect(numbersOf(await one.shelf.lost(PLACE, [segment(1)]))).toEqual([1]);
  });
});

describe.skipIf(!hasProgram('postgres'))('TierShelf in Postgres', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());
  describeShelf('postgres', () => ({
    kind: 'postgres',
    url: server.url('root', 'root-pass', 'postgres'),
  }));
});

describe.skipIf(!hasProgram('mariadbd'))('TierShelf in MariaDB', () => {
  let server: Awaited<ReturnType<typeof startMariadb>>;
  beforeAll(async () => {
    server = await startMariadb();
    await server.run('CREATE DATABASE IF NOT EXISTS weir');
  }, 60_000);
  afterAll(async () => await server[Symbol.asyncDispose]());
  describeShelf('mariadb', () => ({ kind: 'mysql', url: server.url('root', '', 'weir') }));
});
