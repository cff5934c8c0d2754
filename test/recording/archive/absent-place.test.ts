// This file tests archives whose volume is not mounted: nothing is given up, and nothing written beside it.
import { expect, test } from 'bun:test';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { openStore } from '../../../src/channel/store.ts';
import { checkArchiveFolders } from '../../../src/command/doctor-archive-folders.ts';
import { checkTiers } from '../../../src/command/doctor-tiers.ts';
import type { Config } from '../../../src/config/config.ts';
import { archivePlaces } from '../../../src/recording/archive/archive-places.ts';
import { openArchive } from '../../../src/recording/archive/open-archive.ts';
import { DiskTier } from '../../../src/ring/tiers/disk.ts';
import { GuardedTier } from '../../../src/ring/tiers/guarded-tier.ts';
import { TierChain } from '../../../src/ring/tiers/tier-chain.ts';
import { TierThread } from '../../../src/ring/tiers/tier-thread.ts';
import { TIER_WORKER } from '../../../src/threads.ts';
import { bodyOf, FAR_MS, key, NEVER, stored } from '../../ring/tiers/stored-segment.ts';
import { PLACE, past } from '../../support/archive-world.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { urlChannel } from '../../support/in-process-app.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

type Kind = 'tiers' | 'hls';
const WITHIN_MS = 20_000;
const SIZE_BYTES = 2 ** 26;
const KEEP = { keepMs: 3_600_000 };

/** A weir as far as its archives go, with one place for them. */
async function start(root: string, kind: Kind) {
  const path = join(root, 'volume');
  const clock = new FakeClock();
  const log = silentLog;
  const store = openStore(join(root, 'data'));
  const thread = new TierThread({ entry: TIER_WORKER, clock: systemClock, log });
  const marks = archivePlaces(store, 'tiers');
  const spec = { kind: 'disk', path, sizeBytes: SIZE_BYTES, markName: marks!.fileName } as const;
  const tier = kind === 'tiers' ? [thread.tier(spec, marks)] : [];
  const guard = { clock, random: () => 1, log, ageMs: 60_000 };
  const tiers = new TierChain(
    tier.map((each) => new GuardedTier({ ...guard, tier: each })),
    clock,
  );
  tiers.start();
  const archive = kind === 'tiers' ? KEEP : { ...KEEP, hlsPath: path };
  const channel = { ...urlChannel('x', 'http://h.example/a'), archive };
  const deps = { store, tiers, clock, log, memoryBytes: 2 ** 28 };
  const open = openArchive([channel], undefined, deps);
  /** Time goes on until it is so. */
  const reaches = (isSo: () => boolean | Promise<boolean>) =>
    until(async () => {
      await clock.advance(500);
      return await isSo();
    }, WITHIN_MS);
  return {
    clock,
    reaches,
    take: (sequence: number) => open.past?.take(PLACE, past(sequence)),
    held: () => open.stats()[0]?.segments,
    body: async (name: string) =>
      (await open.archives.channel('x')?.renditions[0]?.body(name))?.kind,
    trouble: () => [...tiers.stats(), ...open.folders()].map(({ trouble }) => trouble?.code).join(),
    async [Symbol.asyncDispose]() {
      const closing = open[Symbol.asyncDispose]().then(() => tiers[Symbol.asyncDispose]());
      await Promise.all([closing, clock.advance(5000)]);
      await thread[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

async function unmount(root: string): Promise<void> {
  await rename(join(root, 'volume'), join(root, 'away'));
  await mkdir(join(root, 'volume'));
}

async function mount(root: string): Promise<void> {
  // Refuses where anything was written into it
  expect(await readdir(join(root, 'volume'))).toEqual([]);
  await rm(join(root, 'volume'), { recursive: true });
  await rename(join(root, 'away'), join(root, 'volume'));
}

const MINUTE_MS = 60_000;

for (const kind of ['tiers', 'hls'] as const) {
  test(`${kind}: not mounted at the start, mounted later, and lost while it runs`, async () => {
    await using folder = await createTempFolder();
    const root = folder.path;
    {
      await using weir = await start(root, kind);
      for (const sequence of [1, 2]) weir.take(sequence);
      expect(await weir.reaches(() => weir.held() === 2)).toBe(true);
    }
    await unmount(root);
    await using weir = await start(root, kind);
    weir.take(3);
    expect(await weir.reaches(() => weir.trouble() === 'TIER_ABSENT')).toBe(true);
    for (let index = 0; index < 6; index++) {
      await weir.clock.advance(MINUTE_MS / 6);
      await Bun.sleep(5);
    }
    expect(weir.held()).toBe(2);
    expect(await weir.body('1-x.ts')).toBe('late');
    await mount(root);
    expect(await weir.reaches(() => weir.held() === 3)).toBe(true);
    expect(await weir.reaches(async () => (await weir.body('1-x.ts')) === 'whole')).toBe(true);
    expect(weir.trouble()).toBe('');

    await unmount(root);
    weir.take(4);
    expect(await weir.reaches(() => weir.trouble() === 'TIER_ABSENT')).toBe(true);
    expect(await weir.body('2-x.ts')).toBe('late');
    expect(weir.held()).toBe(3);
    await mount(root);
    expect(await weir.reaches(async () => (await weir.body('2-x.ts')) === 'whole')).toBe(true);
    expect(await weir.reaches(() => weir.trouble() === '')).toBe(true);
  }, 60_000);

  test(`${kind}: begun anew where a person says so`, async () => {
    await using folder = await createTempFolder();
    const root = folder.path;
    const place = join(root, 'volume');
    let mark = '';
    {
      await using weir = await start(root, kind);
      for (const sequence of [1, 2]) weir.take(sequence);
      expect(await weir.reaches(() => weir.held() === 2)).toBe(true);
      mark = (await readdir(place)).find((name) => name.startsWith('weir-place-')) ?? '';
      expect(mark).toMatch(/^weir-place-[0-9a-f]{16}$/);
    }
    await unmount(root);
    expect(await doctor(root, kind)).toMatchObject([{ state: 'fail', what: 'archive folder' }]);
    expect(await readdir(place)).toEqual([]);
    await writeFile(join(place, mark), '');
    expect(await doctor(root, kind)).toMatchObject([{ state: 'ok' }]);
    await using weir = await start(root, kind);
    weir.take(3);
    expect(await weir.reaches(() => weir.held() === 1)).toBe(true);
    expect(await weir.body('3-x.ts')).toBe('whole');
    expect(['gone', 'missing']).toContain((await weir.body('1-x.ts')) ?? '');
  }, 60_000);
}

test('a place that nothing relies on is begun anew whenever it is gone', async () => {
  await using folder = await createTempFolder();
  const root = folder.path;
  {
    await using weir = await start(root, 'tiers');
    expect(await weir.reaches(() => weir.trouble() === '')).toBe(true);
  }
  await rm(join(root, 'volume'), { recursive: true, force: true });
  await using weir = await start(root, 'tiers');
  weir.take(1);
  expect(await weir.reaches(() => weir.held() === 1)).toBe(true);
}, 60_000);

async function doctor(root: string, kind: Kind) {
  const path = join(root, 'volume');
  const dataDir = join(root, 'data');
  if (kind === 'tiers') {
    const overflow = [{ kind: 'disk', path, sizeBytes: SIZE_BYTES, ageMs: 60_000 }];
    return await checkTiers({ overflow, dataDir } as unknown as Config);
  }
  const channels = [{ id: 'x', archive: { ...KEEP, hlsPath: path } }];
  return await checkArchiveFolders({ channels, dataDir } as unknown as Config);
}

test('what was written while the volume went is not held, and not left beside it', async () => {
  await using folder = await createTempFolder();
  const root = folder.path;
  const place = join(root, 'volume');
  let asked = 0;
  // Asked between the look at the mark and the write
  const askRoom = async () => {
    if (asked++ === 1) await unmount(root);
    return { freeBytes: 2 ** 40, totalBytes: 2 ** 40 };
  };
  const sizeBytes = SIZE_BYTES;
  await using tier = new DiskTier({
    ...{ path: place, sizeBytes, clock: systemClock, markName: 'weir-place-1', askRoom },
  });
  await tier.open(NEVER);
  await tier.put(key('1'), stored(bodyOf('1', 1000)), FAR_MS, NEVER);
  const put = tier.put(key('2'), stored(bodyOf('2', 1000)), FAR_MS, NEVER);
  expect(put).rejects.toMatchObject({ code: 'TIER_ABSENT' });
  await put.catch(() => {});
  await mount(root);
  expect(await tier.holds([key('1'), key('2')], NEVER)).toEqual([true, false]);
});
