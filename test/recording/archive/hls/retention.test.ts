// This file tests what goes out of a folder of plain HLS when it is too old.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../../../src/base/log.ts';
import type { Key } from '../../../../src/media/m3u8/playlist.ts';
import type { ArchivedSegment } from '../../../../src/recording/archive/archived.ts';
import { HlsShelf } from '../../../../src/recording/archive/hls/shelf.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createTempFolder, type TempFolder } from '../../../support/temp-folder.ts';
import { flawsOf, listedOf, listIn, NOON_MS, PLACE, shelved } from './shelved.ts';

let temp: TempFolder;
let shelf: HlsShelf;

beforeEach(async () => {
  temp = await createTempFolder();
  shelf = new HlsShelf({ path: temp.path, clock: new FakeClock(NOON_MS), log: silentLog });
});

afterEach(async () => {
  await shelf[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const folderOf = (day: string) => join(temp.path, 'news', day, '720p');
const DAYS = ['2026-02-27', '2026-02-28', '2026-03-01'] as const;

/** Four of each day; the last two of a day are another programme. */
const ROWS: readonly Partial<ArchivedSegment>[] = DAYS.flatMap((day, dayIndex) =>
  [0, 1, 2, 3].map((index) => ({
    startMs: Date.parse(`${day}T10:00:00Z`) + index * 4000,
    discontinuity: index === 2,
    discontinuitySequence: dayIndex + (index >= 2 ? 1 : 0),
  })),
);
const all = ROWS.map((row, number) => shelved(number, row));
const rows = all.map(({ segment }) => segment);

async function putAll(): Promise<void> {
  for (const each of all) expect(await shelf.put(PLACE, each)).toBe(true);
}

describe('HlsShelf drops', () => {
  test('whole days with their folders, and the beginning of a list', async () => {
    await putAll();
    expect(await shelf.drop(PLACE, rows.slice(0, 7), rows[7])).toBe(true);
    expect((await readdir(join(temp.path, 'news'))).sort()).toEqual(['2026-02-28', '2026-03-01']);
    const cut = await listIn(folderOf(DAYS[1]));
    // The tag of the seventh went with it
    expect(cut).toMatchObject({ mediaSequence: 7, discontinuitySequence: 2, endList: true });
    expect(cut.type).toBeUndefined();
    expect(await flawsOf(folderOf(DAYS[1]))).toEqual([]);
    expect((await readdir(folderOf(DAYS[1]))).sort()).toEqual(['7-abc.ts', 'index.m3u8']);
    expect((await listedOf(temp.path)).length).toBe(5);
  });

  test('out of the list that is being written, which goes on', async () => {
    await putAll();
    await shelf.drop(PLACE, rows.slice(0, 9), rows[9]);
    const startMs = rows.at(-1)!.startMs + 4000;
    expect(await shelf.put(PLACE, shelved(12, { startMs }))).toBe(true);
    const names = [9, 10, 11, 12].map((number) => `${number}-abc.ts`);
    expect(await listedOf(temp.path)).toEqual(names);
    expect(await listIn(folderOf(DAYS[2]))).toMatchObject({ mediaSequence: 9, endList: false });
    expect(await flawsOf(folderOf(DAYS[2]))).toEqual([]);
  });

  test('everything, where nothing is left', async () => {
    await putAll();
    expect(await shelf.drop(PLACE, rows, undefined)).toBe(true);
    expect(await readdir(temp.path)).toEqual(['weir.lock']);
    expect(await shelf.put(PLACE, shelved(20))).toBe(true);
  });

  test('nothing of another rendition, and the day says what is left of it', async () => {
    await putAll();
    const sound = { ...PLACE, rendition: 'audio-en' };
    for (const each of all.slice(0, 4)) await shelf.put(sound, each);
    await shelf.drop(PLACE, rows.slice(0, 4), rows[4]);
    const day = join(temp.path, 'news', DAYS[0]);
    expect((await readdir(day)).sort()).toEqual(['audio-en', 'index.m3u8']);
    expect(await readFile(join(day, 'index.m3u8'), 'utf8')).not.toContain('720p');
    expect((await listIn(join(day, 'audio-en'))).segments.length).toBe(4);
  });

  test('no file that somebody put beside ours', async () => {
    await putAll();
    await writeFile(join(folderOf(DAYS[0]), 'notes.txt'), 'mine');
    await writeFile(join(temp.path, 'news', 'notes.txt'), 'mine');
    await shelf.drop(PLACE, rows, undefined);
    expect(await readdir(folderOf(DAYS[0]))).toEqual(['notes.txt']);
    expect((await readdir(join(temp.path, 'news'))).sort()).toEqual([DAYS[0], 'notes.txt']);
  });

  test('what a process before could not', async () => {
    await putAll();
    // Those before it were dropped from the index, and then weir was killed
    expect(await shelf.drop(PLACE, [rows[9]!], rows[10])).toBe(true);
    expect(await listedOf(temp.path)).toEqual(['10-abc.ts', '11-abc.ts']);
  });

  test('from a long list many at a time, since it is written anew', async () => {
    const count = 1900;
    const long = Array.from({ length: count }, (_, number) =>
      shelved(number, { startMs: NOON_MS + number * 4000 }),
    );
    await shelf.put(PLACE, long[0]!);
    const path = join(folderOf('2026-03-01'), 'index.m3u8');
    // As a day's work has left it
    const entry = ({ segment }: (typeof long)[number]) =>
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startMs).toISOString()}\n#EXTINF:4.0,\n${segment.name}\n`;
    await shelf[Symbol.asyncDispose]();
    const text = (await readFile(path, 'utf8')).replace('#EXT-X-ENDLIST\n', '');
    await writeFile(path, text + long.slice(1).map(entry).join(''));
    shelf = new HlsShelf({ path: temp.path, clock: new FakeClock(NOON_MS), log: silentLog });
    const rowsOfLong = long.map(({ segment }) => segment);
    for (let from = 0; from < 99; from += 33) {
      await shelf.drop(PLACE, rowsOfLong.slice(from, from + 33), rowsOfLong[from + 33]);
      expect((await listIn(folderOf('2026-03-01'))).segments.length).toBe(count);
    }
    await shelf.drop(PLACE, [rowsOfLong[99]!], rowsOfLong[100]);
    expect(await listIn(folderOf('2026-03-01'))).toMatchObject({ mediaSequence: 100 });
    expect((await listIn(folderOf('2026-03-01'))).segments.length).toBe(count - 100);
  });

  test('up to a gap at the beginning of a day, which no list has', async () => {
    const gap = shelved(8, { ...ROWS[8], gap: true });
    const withGap = all.map((each, index) => (index === 8 ? gap : each));
    for (const each of withGap) await shelf.put(PLACE, each);
    await shelf.drop(PLACE, rows.slice(0, 8), gap.segment);
    const names = [9, 10, 11].map((number) => `${number}-abc.ts`);
    expect(await listedOf(temp.path)).toEqual(names);
  });

  test('what is in force stays in force: init segment and key', async () => {
    const key: Key = { method: 'AES-128', uri: 'x', iv: '1'.repeat(32), attributes: new Map() };
    const over = { keys: [{ key, asset: 'key-a.key' }], map: { asset: 'init-a.mp4', keys: [] } };
    const assets = new Map([
      ['key-a.key', new Blob(['k'.repeat(16)])],
      ['init-a.mp4', new Blob(['moov'])],
    ]);
    const encrypted = [1, 2, 3].map((number) => ({ ...shelved(number, over), assets }));
    for (const each of encrypted) await shelf.put(PLACE, each);
    await shelf.drop(PLACE, [encrypted[0]!.segment], encrypted[1]!.segment);
    for (const { segment } of [encrypted[1]!]) {
      const list = await listIn(folderOf('2026-03-01'));
      expect(list.segments.map(({ uri }) => uri)).toEqual([segment.name, '3-abc.ts']);
      expect(list.version).toBe(6);
      for (const { map, keys } of list.segments) {
        expect(map).toMatchObject({ uri: 'init-a.mp4', keys: [] });
        expect(keys.map(({ uri, iv }) => [uri, iv])).toEqual([['key-a.key', '1'.repeat(32)]]);
      }
    }
    expect(await readdir(folderOf('2026-03-01'))).toContain('key-a.key');
  });
});
