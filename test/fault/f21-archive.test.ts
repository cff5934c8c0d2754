// This file is failures F16, F18 and F21 of a channel that is archived: where it lies goes away.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { TierSpec } from '../../src/ring/tiers/tier-spec.ts';
import { mountDisk } from '../ring/tiers/mounted-disk.ts';
import { ClockOrigin } from '../support/clock-origin.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import {
  type KeptAt,
  mediaLists,
  playWhole,
  readKept,
  writePlayable,
} from '../support/kept-archive.ts';
import { listedUrls } from '../support/listed-urls.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { hasProgram } from '../support/programs.ts';
import { startRedis } from '../support/redis-server.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { tierSum } from '../support/tier-figures.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';
import { flawsOfKept } from './archive-kills.ts';

/** On a machine that is busy with other tests. */
const WITHIN_MS = 60_000;
const TEST_MS = 300_000;
const MIB = 2 ** 20;
/** Segments that wait: so many were shown and not taken. */
const WAITING = 4;

type Outage = {
  /** Of the channel, and of the places it may lie in. */
  readonly archive: string;
  readonly overflow?: string;
  readonly at: KeptAt;
  begin(): Promise<void>;
  end(): Promise<void>;
};

let origin: ClockOrigin;
beforeAll(async () => {
  if (hasProgram('ffmpeg')) origin = await ClockOrigin.start(120);
}, 60_000);
afterAll(() => origin?.[Symbol.asyncDispose]());

async function archiveOver({ archive, overflow, at, begin, end }: Outage): Promise<void> {
  await using temp = await createTempFolder();
  const dataDir = join(temp.path, 'data');
  const channel = `  - { id: news, archive: ${archive}, sources: ['${origin.url('news')}'] }`;
  const places = overflow === undefined ? '' : `overflow: [${overflow}]\n`;
  const yaml = `allow_private: [127.0.0.0/8]\n${places}channels:\n${channel}\n`;
  await using weir = await Weir.start({ yaml, dataDir, readyWithinMs: WITHIN_MS });
  const held = () => tierSum(weir, 'weir_archive_segments');
  const waiting = () => tierSum(weir, 'weir_archive_queue');
  expect(await until(async () => (await held()) >= 3, WITHIN_MS)).toBe(true);
  await begin();
  expect(await until(async () => (await waiting()) >= WAITING, WITHIN_MS)).toBe(true);
  // The picture goes on
  const list = weir.url('/live/news/index.m3u8');
  const before = (await listedUrls(list)).at(-1);
  const hasMore = async () => !(await listedUrls(list)).slice(-2).includes(before ?? '');
  expect(await until(hasMore, WITHIN_MS)).toBe(true);
  for (const url of (await listedUrls(list)).slice(0, -1)) {
    expect((await fetch(url)).status).toBe(200);
  }
  await end();
  const hasCaughtUp = async () => (await waiting()) === 0;
  expect(await until(hasCaughtUp, WITHIN_MS)).toBe(true);
  expect((await weir.stop()).code).toBe(0);
  await judge(dataDir, at);
}

/** Nothing is missing from the first that is kept to the last, and all of it plays. */
async function judge(dataDir: string, at: KeptAt): Promise<void> {
  const kept = await readKept(dataDir, at);
  expect(flawsOfKept(kept, origin)).toEqual([]);
  expect(kept.filter(({ gap }) => gap)).toEqual([]);
  expect(kept.length).toBeGreaterThanOrEqual(3 + WAITING);
  await using folder = await createTempFolder();
  const lists = 'hls' in at ? await mediaLists(at.hls) : [];
  const paths = lists.map((list) => join(list, 'index.m3u8'));
  for (const path of [await writePlayable(folder, kept), ...paths]) {
    expect((await playWhole(path, WITHIN_MS)).errors).toEqual([]);
  }
}

/** A server that nobody reaches any more, and then again. */
function cutOff(proxy: FaultProxy, spec: TierSpec & { readonly url: string }): Outage {
  return {
    archive: '1h',
    overflow: spec.url,
    at: { tier: spec },
    begin: () => proxy.set({ kind: 'reset' }),
    end: () => proxy.set({ kind: 'pass' }),
  };
}

describe.skipIf(!hasProgram('ffmpeg'))('an archive whose disk is full, and has room again', () => {
  for (const as of ['hls', 'tiers'] as const) {
    test(
      `${as}: it goes on by itself, and nothing is missing`,
      async () => {
        await using disk = await mountDisk(8 * MIB);
        if (disk === undefined) return;
        const filler = join(disk.path, 'filler');
        const path = join(disk.path, 'kept');
        const outage = {
          begin: async () => {
            await Bun.write(filler, new Uint8Array(8 * MIB)).catch(() => {});
          },
          end: () => Bun.file(filler).unlink(),
        };
        const tier = { kind: 'disk', path, sizeBytes: 64 * MIB } as const;
        await archiveOver(
          as === 'hls'
            ? { archive: `{ keep: 1h, as: hls, path: ${path} }`, at: { hls: path }, ...outage }
            : {
                archive: '1h',
                overflow: `{ disk: { path: ${path}, size: 64MiB } }`,
                at: { tier },
                ...outage,
              },
        );
      },
      TEST_MS,
    );
  }
});

describe.skipIf(!hasProgram('ffmpeg'))('an archive whose tier is out for a while', () => {
  test.skipIf(!hasProgram('redis-server'))(
    'redis: nothing is missing',
    async () => {
      await using redis = await startRedis();
      await using proxy = await FaultProxy.listen(redis.port);
      const url = `redis://127.0.0.1:${proxy.port}/0`;
      await archiveOver(cutOff(proxy, { kind: 'redis', url }));
    },
    TEST_MS,
  );

  test.skipIf(!hasProgram('postgres'))(
    'postgres: nothing is missing',
    async () => {
      await using postgres = await startPostgres();
      await postgres.run('CREATE DATABASE weir');
      await using proxy = await FaultProxy.listen(postgres.port);
      const url = `postgres://root:root-pass@127.0.0.1:${proxy.port}/weir`;
      await archiveOver(cutOff(proxy, { kind: 'postgres', url }));
    },
    TEST_MS,
  );

  test.skipIf(!hasProgram('mariadbd'))(
    'mysql: nothing is missing',
    async () => {
      await using mariadb = await startMariadb();
      await mariadb.run('CREATE DATABASE weir');
      await mariadb.run("CREATE USER 'weir'@'%' IDENTIFIED BY 'weir-pass'");
      await mariadb.run("GRANT ALL ON weir.* TO 'weir'@'%'");
      await using proxy = await FaultProxy.listen(mariadb.port);
      const url = `mysql://weir:weir-pass@127.0.0.1:${proxy.port}/weir`;
      await archiveOver(cutOff(proxy, { kind: 'mysql', url }));
    },
    TEST_MS,
  );
});
