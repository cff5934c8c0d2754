// This file tests that a folder of plain HLS keeps what it promised, whatever its disk does.
import { describe, expect, test } from 'bun:test';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../../../src/base/log.ts';
import { realDisk } from '../../../../src/recording/archive/hls/disk.ts';
import { HlsShelf } from '../../../../src/recording/archive/hls/shelf.ts';
import { mountDisk } from '../../../ring/tiers/mounted-disk.ts';
import { MIB } from '../../../ring/tiers/stored-segment.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createTempFolder } from '../../../support/temp-folder.ts';
import { type Failure, failingDisk } from './failing-disk.ts';
import { daysOf, flawsOf, listedOf, NOON_MS, PLACE, shelved } from './shelved.ts';

const MIDNIGHT_MS = Date.parse('2026-03-02T00:00:00Z');

function shelfAt(path: string, over = {}): HlsShelf {
  return new HlsShelf({ path, clock: new FakeClock(NOON_MS), log: silentLog, ...over });
}

/** Eight seconds before midnight to eight after, with a gap, and a longer segment on each day. */
const HISTORY = [1, 2, 3, 4, 5, 6].map((number) =>
  shelved(number, {
    startMs: MIDNIGHT_MS + (number - 4) * 4000,
    gap: number === 2,
    durationS: number % 3 === 0 ? 5 : 4,
  }),
);

/** Puts all of it and drops the first two days' beginning; the names that were promised and stay. */
async function live(shelf: HlsShelf): Promise<string[]> {
  const promised: string[] = [];
  for (const each of HISTORY) {
    if ((await shelf.put(PLACE, each)) && !each.segment.gap) promised.push(each.segment.name);
  }
  const [first, , third] = HISTORY.map(({ segment }) => segment);
  if (promised.includes(third!.name)) {
    await shelf.drop(PLACE, [first!, HISTORY[1]!.segment], third);
    return promised.filter((name) => name !== first!.name);
  }
  return promised;
}

async function check(path: string, promised: readonly string[]): Promise<void> {
  for (const folder of await daysOf(path)) expect(await flawsOf(folder)).toEqual([]);
  const shelf = shelfAt(path);
  for (const { segment } of HISTORY.filter((each) => promised.includes(each.segment.name))) {
    const got = await shelf.get(PLACE, segment, 5000);
    expect({ name: segment.name, size: got?.body.size }).toEqual({
      name: segment.name,
      size: segment.sizeBytes,
    });
  }
  await shelf[Symbol.asyncDispose]();
}

async function callsOfLife(): Promise<number> {
  await using temp = await createTempFolder();
  const disk = failingDisk({ at: Number.POSITIVE_INFINITY, isDone: false, isForever: false });
  const shelf = shelfAt(temp.path, { disk });
  await live(shelf);
  await shelf[Symbol.asyncDispose]();
  return disk.count();
}

const calls = await callsOfLife();

describe('HlsShelf whose disk fails', () => {
  const kinds: readonly Omit<Failure, 'at'>[] = [
    { isDone: false, isForever: false },
    { isDone: true, isForever: false },
    { isDone: false, isForever: true },
    { isDone: true, isForever: true },
  ];
  for (const kind of kinds) {
    const when = kind.isDone ? 'after it was done' : 'half-way';
    const what = kind.isForever ? 'and with it the process' : 'once';
    test(`${what}, ${when}, at each of its calls: what was promised is there`, async () => {
      expect(calls).toBeGreaterThan(20);
      for (let at = 0; at < calls; at++) {
        await using temp = await createTempFolder();
        const shelf = shelfAt(temp.path, { disk: failingDisk({ ...kind, at }) });
        const promised = await live(shelf);
        await shelf[Symbol.asyncDispose]();
        // Whoever comes next puts the same again, and something new
        const next = shelfAt(temp.path);
        const last = HISTORY.at(-1)!;
        const seventh = shelved(7, { startMs: last.segment.startMs + 5000 });
        expect(await next.put(PLACE, last)).toBe(true);
        expect(await next.put(PLACE, seventh)).toBe(true);
        await next[Symbol.asyncDispose]();
        const names = await listedOf(temp.path);
        expect(names.slice(-2)).toEqual([last.segment.name, seventh.segment.name]);
        // What could not be dropped is still listed: it goes with the next that is
        for (const name of promised) expect(names).toContain(name);
        await check(temp.path, promised);
      }
    }, 60_000);
  }
});

describe('HlsShelf on a disk without room', () => {
  test('below the mark it takes nothing, says so once, and goes on by itself', async () => {
    await using temp = await createTempFolder();
    const room = { totalBytes: 100 * MIB, freeBytes: 5 * MIB };
    const lines: string[] = [];
    const write = (message: string) => void lines.push(message);
    const log = { ...silentLog, warn: write, info: write };
    const shelf = shelfAt(temp.path, {
      askRoom: () => Promise.resolve(room),
      log: { ...log, with: () => log },
    });
    for (const number of [1, 2]) {
      expect(await shelf.put(PLACE, shelved(number))).toBe(false);
      expect(await shelf.put(PLACE, shelved(number, { gap: true }))).toBe(true);
    }
    expect(shelf.stats()).toMatchObject({ state: 'full', bodies: 0, refused: 2 });
    room.freeBytes = 50 * MIB;
    expect(await shelf.put(PLACE, shelved(3))).toBe(true);
    room.freeBytes = 5 * MIB;
    expect(await shelf.put(PLACE, shelved(4))).toBe(false);
    expect(await shelf.put(PLACE, shelved(4, { gap: true }))).toBe(true);
    room.freeBytes = 50 * MIB;
    expect(await shelf.put(PLACE, shelved(5))).toBe(true);
    expect(await listedOf(temp.path)).toEqual(['3-abc.ts', '(4-abc.ts)', '5-abc.ts']);
    const [no, yes] = [
      'archive folder takes nothing: gaps until it does',
      'archive folder takes segments again',
    ];
    expect(lines).toEqual([no, yes, no, yes]);
    await shelf[Symbol.asyncDispose]();
  });

  test('a disk of 8 MiB that others fill to its end: gaps, until there is room', async () => {
    await using disk = await mountDisk(8 * MIB);
    if (disk === undefined) return;
    const room = { totalBytes: 1e12, freeBytes: 1e12 };
    const shelf = shelfAt(disk.path, { askRoom: () => Promise.resolve(room) });
    expect(await shelf.put(PLACE, shelved(1))).toBe(true);
    await writeFile(join(disk.path, 'other'), Buffer.alloc(8 * MIB)).catch(() => {});
    expect(await shelf.put(PLACE, shelved(2))).toBe(false);
    expect(await shelf.put(PLACE, shelved(2, { gap: true }))).toBe(true);
    const [folder = ''] = await daysOf(disk.path);
    expect((await readdir(folder)).sort()).toEqual(['1-abc.ts', 'index.m3u8']);
    await rm(join(disk.path, 'other'));
    expect(await shelf.put(PLACE, shelved(3))).toBe(true);
    expect(await listedOf(disk.path)).toEqual(['1-abc.ts', '(2-abc.ts)', '3-abc.ts']);
    await shelf[Symbol.asyncDispose]();
  });

  test('retention makes room on a disk that has none for a new list', async () => {
    await using disk = await mountDisk(8 * MIB);
    if (disk === undefined) return;
    const room = { totalBytes: 1e12, freeBytes: 1e12 };
    const shelf = shelfAt(disk.path, { askRoom: () => Promise.resolve(room) });
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    for (const number of numbers) expect(await shelf.put(PLACE, shelved(number))).toBe(true);
    await writeFile(join(disk.path, 'other'), Buffer.alloc(8 * MIB)).catch(() => {});
    const rows = numbers.map((number) => shelved(number).segment);
    expect(await shelf.drop(PLACE, rows.slice(0, 20), rows[20])).toBe(true);
    const [folder = ''] = await daysOf(disk.path);
    expect(await flawsOf(folder)).toEqual([]);
    expect((await listedOf(disk.path)).length).toBe(20);
    await shelf[Symbol.asyncDispose]();
  });

  test('a disk that has become read-only serves, and takes again once it can be written', async () => {
    await using disk = await mountDisk(8 * MIB);
    if (disk === undefined) return;
    const shelf = shelfAt(disk.path);
    expect(await shelf.put(PLACE, shelved(1))).toBe(true);
    await shelf[Symbol.asyncDispose]();
    await disk.setReadOnly(true);
    const next = shelfAt(disk.path);
    next.start();
    expect(await next.put(PLACE, shelved(2))).toBe(false);
    expect(next.stats().state).toBe('down');
    expect((await next.get(PLACE, shelved(1).segment, 5000))?.body.size).toBe(2000);
    await disk.setReadOnly(false);
    expect(await next.put(PLACE, shelved(3))).toBe(true);
    expect(next.stats().state).toBe('up');
    await next[Symbol.asyncDispose]();
  });
});

describe('HlsShelf and others', () => {
  test('of two on one folder the second writes nothing, until the first has ended', async () => {
    await using temp = await createTempFolder();
    const first = shelfAt(temp.path);
    const second = shelfAt(temp.path);
    expect(await first.put(PLACE, shelved(1))).toBe(true);
    expect(await second.put(PLACE, shelved(2))).toBe(false);
    expect(second.stats().state).toBe('down');
    expect(await second.get(PLACE, shelved(1).segment, 5000)).toBeDefined();
    await first[Symbol.asyncDispose]();
    expect(await second.put(PLACE, shelved(3))).toBe(true);
    await second[Symbol.asyncDispose]();
    expect(await listedOf(temp.path)).toEqual(['1-abc.ts', '3-abc.ts']);
  });

  test('a folder that somebody removes is made again', async () => {
    await using temp = await createTempFolder();
    const path = join(temp.path, 'archive');
    const shelf = shelfAt(path);
    expect(await shelf.put(PLACE, shelved(1))).toBe(true);
    await rm(path, { recursive: true });
    expect(await shelf.put(PLACE, shelved(2))).toBe(false);
    expect(await shelf.put(PLACE, shelved(3))).toBe(true);
    expect(shelf.losses().any).toBe(1);
    expect(await shelf.lost(PLACE, [shelved(1).segment, shelved(3).segment])).toHaveLength(1);
    await shelf[Symbol.asyncDispose]();
  });

  test('a list that somebody removes or cuts is gone on with', async () => {
    await using temp = await createTempFolder();
    const shelf = shelfAt(temp.path);
    for (const number of [1, 2, 3]) await shelf.put(PLACE, shelved(number));
    const [folder = ''] = await daysOf(temp.path);
    const list = join(folder, 'index.m3u8');
    const text = await Bun.file(list).text();
    await writeFile(list, text.slice(0, text.indexOf('3-abc') - 10));
    expect(await shelf.put(PLACE, shelved(4))).toBe(false);
    expect(await shelf.put(PLACE, shelved(5))).toBe(true);
    expect(await listedOf(temp.path)).toEqual(['1-abc.ts', '2-abc.ts', '5-abc.ts']);
    await rm(list);
    expect(await shelf.put(PLACE, shelved(6))).toBe(false);
    expect(await shelf.put(PLACE, shelved(7))).toBe(true);
    expect(await listedOf(temp.path)).toEqual(['7-abc.ts']);
    await shelf[Symbol.asyncDispose]();
  });
});

test('HlsShelf leaves a disk that hangs, and goes on when it answers', async () => {
  await using temp = await createTempFolder();
  const hang = Promise.withResolvers<void>();
  const clock = new FakeClock(NOON_MS);
  let isHanging = true;
  const writeWhole: typeof realDisk.writeWhole = async (...args) => {
    if (isHanging) await hang.promise;
    await realDisk.writeWhole(...args);
  };
  const begun = Promise.withResolvers<void>();
  const makeFolder: typeof realDisk.makeFolder = async (path) => {
    await realDisk.makeFolder(path);
    begun.resolve();
  };
  const shelf = shelfAt(temp.path, { disk: { ...realDisk, writeWhole, makeFolder }, clock });
  const first = shelf.put(PLACE, shelved(1));
  await begun.promise;
  await clock.advance(30_000);
  expect(await first).toBe(false);
  expect(await shelf.put(PLACE, shelved(2))).toBe(false);
  isHanging = false;
  hang.resolve();
  let isHeld = false;
  for (let tries = 0; tries < 200 && !isHeld; tries++) {
    isHeld = await shelf.put(PLACE, shelved(3));
    await Bun.sleep(5);
  }
  expect(isHeld).toBe(true);
  expect(await listedOf(temp.path)).toContain('3-abc.ts');
  await shelf[Symbol.asyncDispose]();
});
