// This file tests what a folder of segments does when its disk is full, read-only or disturbed.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { DiskTier, type DiskTierOptions } from '../../../src/ring/tiers/disk.ts';
import { diskError } from '../../../src/ring/tiers/disk-error.ts';
import { channelFolder, segmentFile } from '../../../src/ring/tiers/disk-names.ts';
import type { DiskRoom } from '../../../src/ring/tiers/disk-room.ts';
import { createTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { codeOf, heldOf } from './contract.ts';
import { mountDisk } from './mounted-disk.ts';
import {
  bodyOf,
  FAR_MS,
  HOUR_MS,
  key,
  MIB,
  NEVER,
  NOW_MS,
  read,
  stored,
} from './stored-segment.ts';

let folder: TempFolder;
const open: DiskTier[] = [];

beforeEach(async () => {
  folder = await createTempFolder();
});

afterEach(async () => {
  for (const tier of open.splice(0)) await tier[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function openTier(options: Partial<DiskTierOptions> = {}): Promise<DiskTier> {
  const tier = new DiskTier({
    path: folder.path,
    sizeBytes: 256 * MIB,
    clock: systemClock,
    ...options,
  });
  open.push(tier);
  await tier.open(NEVER);
  return tier;
}

function put(tier: DiskTier, name: string, sizeBytes = 1000, expiresAtMs = FAR_MS): Promise<void> {
  return tier.put(key(name), stored(bodyOf(name, sizeBytes)), expiresAtMs, NEVER);
}

function fileOf(name: string): string {
  return join(folder.path, channelFolder(key(name)), segmentFile(key(name)));
}

describe('DiskTier never serves a torn file', () => {
  const harms: Record<string, (file: string) => Promise<void>> = {
    'cut short': (file) => truncate(file, 500),
    'cut to its head': (file) => truncate(file, 28),
    'cut to nothing': (file) => truncate(file, 0),
    'longer than it says': async (file) => {
      await writeFile(file, Buffer.concat([await readFile(file), Buffer.alloc(1)]));
    },
    'right in length, with zeros for bytes': async (file) => {
      const bytes = await readFile(file);
      await writeFile(file, bytes.fill(0, 600));
    },
    'one bit wrong': async (file) => {
      const bytes = await readFile(file);
      bytes[700]! ^= 1;
      await writeFile(file, bytes);
    },
    'nothing but zeros': async (file) => {
      await writeFile(file, Buffer.alloc(1040));
    },
  };
  for (const [harm, inflict] of Object.entries(harms)) {
    test(`${harm}: it is a miss, and can be put again`, async () => {
      const tier = await openTier();
      await put(tier, 'a');
      await inflict(fileOf('a'));
      expect(await tier.get(key('a'), NEVER)).toBeUndefined();
      expect(await Bun.file(fileOf('a')).exists()).toBe(false);
      await put(tier, 'a');
      expect(await read(await tier.get(key('a'), NEVER))).toEqual(bodyOf('a', 1000));
    });
  }
});

describe('DiskTier and what else is in the folder', () => {
  test('files of others stay, and are not counted', async () => {
    await mkdir(join(folder.path, 'news'));
    const others = ['notes.txt', 'news/notes.txt', 'news/0-abc.ts', '.hidden', 'x'];
    for (const name of others) await writeFile(join(folder.path, name), 'mine');
    const tier = await openTier();
    expect((await tier.use(NEVER)).segments).toBe(0);
    await put(tier, 'a', 1000, NOW_MS + HOUR_MS);
    await tier.sweep(NOW_MS + 2 * HOUR_MS, NEVER);
    for (const name of others) {
      expect(await Bun.file(join(folder.path, name)).text()).toBe('mine');
    }
  });

  test('a folder that is empty goes, and comes again', async () => {
    const tier = await openTier();
    await put(tier, 'a', 1000, NOW_MS + HOUR_MS);
    await tier.sweep(NOW_MS + 2 * HOUR_MS, NEVER);
    expect(await readdir(folder.path)).toEqual([]);
    await put(tier, 'a');
    expect(await readdir(folder.path)).toEqual(['news']);
  });

  test('a channel has a folder of its name, or of a digest where the name could do harm', async () => {
    const tier = await openTier();
    for (const channel of ['news_24', '../up', 'con', 'Ü']) {
      await tier.put(key('a', channel), stored(bodyOf('a', 10)), FAR_MS, NEVER);
    }
    const names = (await readdir(folder.path)).sort();
    expect(names.map((name) => name.replace(/^=[0-9a-f]{32}$/, '=…'))).toEqual([
      '=…',
      '=…',
      '=…',
      'news_24',
    ]);
  });

  test('what was deleted by hand is not counted after a sweep', async () => {
    const tier = await openTier();
    await put(tier, 'a');
    await put(tier, 'b');
    await rm(fileOf('a'));
    await tier.sweep(NOW_MS, NEVER);
    expect((await tier.use(NEVER)).segments).toBe(1);
    await rm(join(folder.path, 'news'), { recursive: true });
    await tier.sweep(NOW_MS, NEVER);
    expect(await tier.use(NEVER)).toEqual({ segments: 0, bytes: 0 });
  });

  test('a folder that is gone is an outage, until it is opened again', async () => {
    const tier = await openTier();
    await put(tier, 'a');
    await rm(folder.path, { recursive: true });
    expect(await tier.get(key('a'), NEVER)).toBeUndefined();
    expect(await codeOf(put(tier, 'b'))).toBe('TIER_UNREACHABLE');
    await tier.open(NEVER);
    await put(tier, 'b');
    expect(await heldOf(tier, ['a', 'b'])).toEqual(['b']);
  });

  test('a file in place of the folder cannot be opened', async () => {
    const path = await folder.write('file', 'x');
    const tier = new DiskTier({ path, sizeBytes: MIB, clock: systemClock });
    expect(await codeOf(tier.open(NEVER))).toBe('TIER_UNREACHABLE');
  });

  test('a segment larger than its whole size is refused', async () => {
    const tier = await openTier({ sizeBytes: MIB });
    expect(await codeOf(put(tier, 'a', 2 * MIB))).toBe('TIER_TOO_LARGE');
    expect(await tier.use(NEVER)).toEqual({ segments: 0, bytes: 0 });
  });

  test('a put makes room at once, and the next sweep tells of it', async () => {
    const tier = await openTier({ sizeBytes: MIB });
    for (let index = 0; index < 8; index++) await put(tier, `n${index}`, 300_000, FAR_MS + index);
    expect((await tier.use(NEVER)).bytes).toBeLessThanOrEqual(MIB);
    expect(await tier.sweep(NOW_MS, NEVER)).toEqual({ expired: 0, evicted: 5 });
  });
});

describe('DiskTier keeps a disk from filling up', () => {
  test('below the mark it takes nothing, gives way, and takes again by itself', async () => {
    let room: DiskRoom = { totalBytes: 100 * MIB, freeBytes: 50 * MIB };
    const tier = await openTier({ askRoom: () => Promise.resolve(room) });
    for (let index = 0; index < 8; index++) await put(tier, `n${index}`, MIB, FAR_MS + index);

    // A twentieth of 100 MiB is 5 MiB
    room = { ...room, freeBytes: 6 * MIB };
    await put(tier, 'fits', 0.5 * MIB);
    expect(await codeOf(put(tier, 'over', 1.5 * MIB))).toBe('TIER_FULL');
    room = { ...room, freeBytes: 4.9 * MIB };
    expect(await codeOf(put(tier, 'over', 1))).toBe('TIER_FULL');
    expect(await heldOf(tier, ['n0', 'n7', 'over'])).toEqual(['n0', 'n7']);

    // 5.1 MiB lack to twice the mark: the five oldest, and what was put to end before them
    const { evicted } = await tier.sweep(NOW_MS, NEVER);
    expect(evicted).toBe(6);
    room = { ...room, freeBytes: 10 * MIB };
    await put(tier, 'over', MIB);
    expect(await heldOf(tier, ['n0', 'n4', 'n5', 'n7', 'over'])).toEqual(['n5', 'n7', 'over']);
  });

  test('of a large disk half a gigabyte stays free', async () => {
    const room = { totalBytes: 20e12, freeBytes: 600 * MIB };
    const tier = await openTier({ askRoom: () => Promise.resolve(room) });
    await put(tier, 'a', MIB);
    room.freeBytes = 500 * MIB;
    expect(await codeOf(put(tier, 'b', MIB))).toBe('TIER_FULL');
  });

  test('a disk of 8 MiB that others fill to its end', async () => {
    await using disk = await mountDisk(8 * MIB);
    if (disk === undefined) return;
    const tier = await openTier({ path: disk.path });
    for (let index = 0; index < 4; index++) await put(tier, `n${index}`, MIB, FAR_MS + index);
    await writeFile(join(disk.path, 'other'), Buffer.alloc(3.9 * MIB)).catch(() => {});
    expect(await codeOf(put(tier, 'over', 1000))).toBe('TIER_FULL');
    expect(await heldOf(tier, ['n0', 'n1', 'n2', 'n3'])).toHaveLength(4);
    expect((await tier.sweep(NOW_MS, NEVER)).evicted).toBeGreaterThan(0);
    await put(tier, 'over', 1000);
    expect(await heldOf(tier, ['n3', 'over'])).toEqual(['n3', 'over']);
  });

  test('a disk that is full in spite of what it said leaves nothing half', async () => {
    await using disk = await mountDisk(4 * MIB);
    if (disk === undefined) return;
    const lie = { totalBytes: 1e12, freeBytes: 1e12 };
    const tier = await openTier({ path: disk.path, askRoom: () => Promise.resolve(lie) });
    expect(await codeOf(put(tier, 'over', 6 * MIB))).toBe('TIER_FULL');
    expect(await readdir(join(disk.path, 'news'))).toEqual([]);
    await put(tier, 'fits', 2 * MIB);
    expect(await heldOf(tier, ['fits', 'over'])).toEqual(['fits']);
  });
});

test('DiskTier serves from a disk that has become read-only, and says why it takes nothing', async () => {
  await using disk = await mountDisk(8 * MIB);
  if (disk === undefined) return;
  const first = await openTier({ path: disk.path });
  await put(first, 'a');
  await first[Symbol.asyncDispose]();
  const half = `.${'0'.repeat(32)}.abc.half`;
  const torn = `${'0'.repeat(32)}.seg`;
  for (const name of [half, torn]) await writeFile(join(disk.path, 'news', name), 'half');
  await disk.setReadOnly(true);
  const anHourLater = { ...systemClock, nowMs: () => NOW_MS + HOUR_MS };
  const tier = await openTier({ path: disk.path, clock: anHourLater });
  expect(await read(await tier.get(key('a'), NEVER))).toEqual(bodyOf('a', 1000));
  expect(await codeOf(put(tier, 'b'))).toBe('TIER_READ_ONLY');
  expect(await codeOf(tier.delete([key('a')], NEVER))).toBe('TIER_READ_ONLY');
  await expect(put(tier, 'b')).rejects.toThrow(
    `Cannot write to ${disk.path}: the file system is read-only (EROFS)`,
  );
  await disk.setReadOnly(false);
  await put(tier, 'b');
  expect(await heldOf(tier, ['a', 'b'])).toEqual(['a', 'b']);
  await tier.sweep(NOW_MS + HOUR_MS, NEVER);
  const left = await readdir(join(disk.path, 'news'));
  expect(left.sort()).toEqual([segmentFile(key('a')), segmentFile(key('b'))].sort());
});

describe('diskError()', () => {
  const rows = [
    ['ENOSPC', 'TIER_FULL'],
    ['EDQUOT', 'TIER_FULL'],
    ['EROFS', 'TIER_READ_ONLY'],
    ['EACCES', 'TIER_REFUSED'],
    ['EPERM', 'TIER_REFUSED'],
    ['ENOENT', 'TIER_UNREACHABLE'],
    ['EIO', 'TIER_BROKEN'],
    ['EWHATEVER', 'TIER_BROKEN'],
  ] as const;
  for (const [errno, code] of rows) {
    test(`${errno} is ${code}, and names the folder`, () => {
      const cause = Object.assign(new Error(`${errno}: said by the system`), { code: errno });
      const error = diskError('write to', './data/segments', cause);
      expect({ code: error.code, cause: error.cause }).toEqual({ code, cause });
      expect(error.message).toStartWith('Cannot write to ./data/segments: ');
      expect(error.message).toContain(errno);
      expect(error.detail).toEqual({ path: './data/segments', errno });
    });
  }
});
