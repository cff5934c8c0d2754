// This file tests what lies in a folder of plain HLS.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../../../src/base/log.ts';
import { bare, quoted } from '../../../../src/media/m3u8/attribute-kind.ts';
import type { Key, MultivariantPlaylist } from '../../../../src/media/m3u8/playlist.ts';
import { HlsShelf, type HlsShelfOptions } from '../../../../src/recording/archive/hls/shelf.ts';
import { bodyOf } from '../../../ring/tiers/stored-segment.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createTempFolder, type TempFolder } from '../../../support/temp-folder.ts';
import { until } from '../../../support/until.ts';
import {
  DAY,
  flawsOf,
  listedOf,
  listIn,
  NOON_MS,
  PLACE,
  SEGMENT_BYTES,
  shelved,
} from './shelved.ts';

const HOUR_MS = 3_600_000;

let temp: TempFolder;
let clock: FakeClock;
const open: HlsShelf[] = [];

beforeEach(async () => {
  temp = await createTempFolder();
  clock = new FakeClock(NOON_MS);
});

afterEach(async () => {
  for (const shelf of open.splice(0)) await shelf[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

function shelfAt(path = temp.path, over: Partial<HlsShelfOptions> = {}): HlsShelf {
  const shelf = new HlsShelf({ path, clock, log: silentLog, ...over });
  open.push(shelf);
  return shelf;
}

const today = () => join(temp.path, 'news', DAY, '720p');
const textOf = (folder: string) => readFile(join(folder, 'index.m3u8'), 'utf8');

async function putAll(shelf: HlsShelf, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) expect(await shelf.put(PLACE, shelved(number))).toBe(true);
}

describe('HlsShelf writes', () => {
  test('a folder for each channel, day and rendition, with lists beside the files', async () => {
    const shelf = shelfAt();
    await putAll(shelf, [7, 8]);
    expect((await readdir(join(temp.path, 'news', DAY))).sort()).toEqual(['720p', 'index.m3u8']);
    expect((await readdir(today())).sort()).toEqual(['7-abc.ts', '8-abc.ts', 'index.m3u8']);
    expect(await textOf(today())).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:3',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-TARGETDURATION:4',
        '#EXT-X-MEDIA-SEQUENCE:7',
        '#EXT-X-DISCONTINUITY-SEQUENCE:0',
        '#EXT-X-PLAYLIST-TYPE:EVENT',
        '#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:28.000Z',
        '#EXTINF:4.0,',
        '7-abc.ts',
        '#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:32.000Z',
        '#EXTINF:4.0,',
        '8-abc.ts',
        '',
      ].join('\n'),
    );
    // 2000 bytes in 4 s
    expect(await textOf(join(today(), '..'))).toBe(
      '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-STREAM-INF:BANDWIDTH=4000\n720p/index.m3u8\n',
    );
    expect<Uint8Array>(await Bun.file(join(today(), '7-abc.ts')).bytes()).toEqual(
      bodyOf('7-abc.ts', SEGMENT_BYTES),
    );
  });

  test('a discontinuity, a gap, and a target duration that stays true', async () => {
    const shelf = shelfAt();
    await shelf.put(PLACE, shelved(5, { discontinuity: true, discontinuitySequence: 3 }));
    await shelf.put(PLACE, shelved(6, { gap: true }));
    const long = { durationS: 9.6, discontinuity: true, discontinuitySequence: 4 };
    await shelf.put(PLACE, shelved(7, long));
    const list = await listIn(today());
    expect(list.discontinuitySequence).toBe(2);
    expect(list.targetDuration).toBe(10);
    expect(list.segments.map(({ gap, discontinuity }) => [gap, discontinuity])).toEqual([
      [false, true],
      [true, false],
      [false, true],
    ]);
    expect(await flawsOf(today())).toEqual([]);
  });

  test('gaps before the first segment of a day are not listed', async () => {
    const shelf = shelfAt();
    for (const number of [1, 2]) await shelf.put(PLACE, shelved(number, { gap: true }));
    expect(await readdir(temp.path)).toEqual(['weir.lock']);
    await putAll(shelf, [3]);
    expect(await listedOf(temp.path)).toEqual(['3-abc.ts']);
  });

  test('init segments and keys lie beside, the keys for nobody else to read', async () => {
    const key: Key = { method: 'AES-128', uri: 'x', iv: '0'.repeat(32), attributes: new Map() };
    const keys = [{ key, asset: 'key-a.key' }];
    const map = { asset: 'init-a.mp4', keys: [] };
    const assets = new Map([
      ['key-a.key', new Blob(['k'.repeat(16)])],
      ['init-a.mp4', new Blob(['moov'])],
    ]);
    const shelf = shelfAt();
    const name = '1-abc.m4s';
    await shelf.put(PLACE, { ...shelved(1, { name, map, keys }), assets });
    expect((await stat(join(today(), 'key-a.key'))).mode & 0o777).toBe(0o600);
    expect(await Bun.file(join(today(), 'init-a.mp4')).text()).toBe('moov');
    await putAll(shelf, [2]);
    const list = await listIn(today());
    expect(list.version).toBe(6);
    expect(list.segments.map(({ keys: each }) => each.map(({ uri }) => uri))).toEqual([
      ['key-a.key'],
      [],
    ]);
    expect(list.segments[0]?.map).toMatchObject({ uri: 'init-a.mp4', keys: [] });
  });

  test('nothing twice, whoever asks again', async () => {
    const shelf = shelfAt();
    await putAll(shelf, [1, 2, 1, 2]);
    await shelf[Symbol.asyncDispose]();
    await putAll(shelfAt(), [2, 3]);
    expect(await listedOf(temp.path)).toEqual(['1-abc.ts', '2-abc.ts', '3-abc.ts']);
  });

  test('no name that could lead elsewhere, or that a system cannot have', async () => {
    const shelf = shelfAt();
    for (const name of [
      '../up.ts',
      'a/b.ts',
      '.hidden.ts',
      'con.ts',
      'LPT1.ts',
      'a.',
      'a',
      'a:b.ts',
    ]) {
      expect([name, await shelf.put(PLACE, shelved(1, { name }))]).toEqual([name, false]);
      const { segment } = shelved(1, { name });
      expect(await shelf.get(PLACE, segment, 1000)).toBeUndefined();
    }
    await shelf.put({ channel: 'con', rendition: 'aux' }, shelved(1));
    const [folder = ''] = (await readdir(temp.path)).filter((each) => each !== 'weir.lock');
    expect(folder).toMatch(/^=[0-9a-f]{32}$/);
    const inDay = (await readdir(join(temp.path, folder, DAY))).sort();
    expect(inDay).toEqual([expect.stringMatching(/^=[0-9a-f]{32}$/), 'index.m3u8']);
  });

  test('a body that cannot be read is refused, and the folder is not blamed', async () => {
    const shelf = shelfAt();
    const stored = { body: Bun.file(join(temp.path, 'gone')), contentType: 'video/mp2t' };
    expect(await shelf.put(PLACE, { ...shelved(1), stored })).toBe(false);
    expect(shelf.stats()).toMatchObject({ state: 'up', bodies: 0, refused: 1 });
  });
});

describe('HlsShelf and days', () => {
  test('each segment lies in the day of UTC it begins in; the day before is closed', async () => {
    const shelf = shelfAt();
    const midnight = Date.parse('2026-03-02T00:00:00Z');
    await shelf.put(PLACE, shelved(1, { startMs: midnight - 2000 }));
    expect((await textOf(today())).endsWith('1-abc.ts\n')).toBe(true);
    await shelf.put(PLACE, shelved(2, { startMs: midnight + 2000 }));
    expect((await textOf(today())).endsWith('1-abc.ts\n#EXT-X-ENDLIST\n')).toBe(true);
    const next = join(temp.path, 'news', '2026-03-02', '720p');
    expect((await listIn(next)).segments.map(({ uri }) => uri)).toEqual(['2-abc.ts']);
  });

  test('a day that ended is closed also where nothing more comes', async () => {
    const shelf = shelfAt();
    shelf.start();
    await putAll(shelf, [1]);
    await clock.advance(13 * HOUR_MS);
    // What it does in between waits for the disk, not for this clock
    const isClosed = async () => {
      await clock.advance(60_000);
      return (await textOf(today())).endsWith('#EXT-X-ENDLIST\n');
    };
    expect(await until(isClosed, 4000)).toBe(true);
  });

  test('a stop closes, and a start goes on', async () => {
    const shelf = shelfAt();
    await putAll(shelf, [1]);
    await shelf[Symbol.asyncDispose]();
    expect((await listIn(today())).endList).toBe(true);
    expect(await shelf.put(PLACE, shelved(2))).toBe(false);
    await shelfAt().put(PLACE, shelved(2, { discontinuity: true, discontinuitySequence: 1 }));
    const list = await listIn(today());
    expect([list.endList, list.segments.length]).toEqual([false, 2]);
    expect(await flawsOf(today())).toEqual([]);
  });

  test('what a process before left open or torn is put in order', async () => {
    const folder = (day: string) => join(temp.path, 'news', day, '720p');
    const first = shelfAt();
    for (const [number, day] of ['2026-02-27', '2026-02-28', DAY].entries()) {
      await first.put(PLACE, shelved(number, { startMs: Date.parse(`${day}T10:00:00Z`) }));
    }
    await first[Symbol.asyncDispose]();
    const torn = '#EXT-X-PROGRAM-DATE-TIME:2026-02-28T11:00:00.000Z\n#EXTINF:4.0,\n99-a';
    for (const day of ['2026-02-28', DAY]) {
      const text = (await textOf(folder(day))).replace('#EXT-X-ENDLIST\n', torn);
      await Bun.write(join(folder(day), 'index.m3u8'), text);
      await Bun.write(join(folder(day), '.99-abc.ts.half'), 'half');
    }
    shelfAt().start();
    const isTidy = async () =>
      (await textOf(folder('2026-02-28'))).endsWith('1-abc.ts\n#EXT-X-ENDLIST\n') &&
      (await textOf(folder(DAY))).endsWith('2-abc.ts\n');
    expect(await until(isTidy, 5000)).toBe(true);
    expect((await readdir(folder(DAY))).sort()).toEqual(['2-abc.ts', 'index.m3u8']);
  });

  test('a key of before is taken back where what comes has none', async () => {
    const key: Key = { method: 'AES-128', uri: 'x', iv: '0'.repeat(32), attributes: new Map() };
    const first = shelfAt();
    const assets = new Map([['key-a.key', new Blob(['k'.repeat(16)])]]);
    await first.put(PLACE, { ...shelved(1, { keys: [{ key, asset: 'key-a.key' }] }), assets });
    await first[Symbol.asyncDispose]();
    await putAll(shelfAt(), [2]);
    expect((await listIn(today())).segments.map(({ keys }) => keys.length)).toEqual([1, 0]);
  });

  test('zeros where a cut of power left them, and a line without its file, are cut off', async () => {
    const first = shelfAt();
    await putAll(first, [1, 2]);
    await first[Symbol.asyncDispose]();
    const path = join(today(), 'index.m3u8');
    const ghost = '#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:10:00.000Z\n#EXTINF:4.0,\n9-abc.ts\n';
    const text = (await textOf(today())).replace('#EXT-X-ENDLIST\n', ghost);
    await Bun.write(path, `${text}${'\0'.repeat(500)}`);
    await putAll(shelfAt(), [3]);
    expect(await listedOf(temp.path)).toEqual(['1-abc.ts', '2-abc.ts', '3-abc.ts']);
  });

  test('a list of which nothing can be read is begun anew', async () => {
    const first = shelfAt();
    await putAll(first, [1]);
    await first[Symbol.asyncDispose]();
    await Bun.write(join(today(), 'index.m3u8'), '\0'.repeat(300));
    await putAll(shelfAt(), [2]);
    expect(await listedOf(temp.path)).toEqual(['2-abc.ts']);
  });
});

describe('HlsShelf is where the archive is served from', () => {
  test('a body that is held comes with its type, and no other', async () => {
    const shelf = shelfAt();
    await putAll(shelf, [1]);
    const { segment } = shelved(1);
    for (const form of ['memory', 'pieces'] as const) {
      const stored = await shelf.get(PLACE, segment, 1000, form);
      expect(stored?.contentType).toBe('video/mp2t');
      expect<Uint8Array | undefined>(await stored?.body.bytes()).toEqual(
        bodyOf('1-abc.ts', SEGMENT_BYTES),
      );
      expect(await shelf.get(PLACE, shelved(2).segment, 1000, form)).toBeUndefined();
    }
    await Bun.write(join(today(), '1-abc.ts'), 'cut');
    for (const form of ['memory', 'pieces'] as const) {
      expect(await shelf.get(PLACE, segment, 1000, form)).toBeUndefined();
    }
  });

  test('what was just written stays, also where all that has a row is dropped', async () => {
    const shelf = shelfAt();
    await putAll(shelf, [1, 2, 3]);
    const [one, two, three] = [1, 2, 3].map((number) => shelved(number).segment);
    expect(await shelf.drop(PLACE, [one!, two!], undefined)).toBe(true);
    expect(await listedOf(temp.path)).toEqual(['3-abc.ts']);
    expect(await shelf.get(PLACE, three!, 1000)).toBeDefined();
    expect(await shelf.drop(PLACE, [three!], undefined)).toBe(true);
    expect(await shelf.get(PLACE, three!, 1000)).toBeUndefined();
  });

  test('lost(): what is gone or cut, but no gap; undefined where the folder is not there', async () => {
    const shelf = shelfAt();
    await putAll(shelf, [1, 2, 3]);
    await Bun.write(join(today(), '2-abc.ts'), 'cut');
    const rows = [1, 2, 3].map((number) => shelved(number).segment);
    const gap = shelved(4, { gap: true }).segment;
    const lost = await shelf.lost(PLACE, [...rows, gap]);
    expect(lost?.map(({ name }) => name)).toEqual(['2-abc.ts']);
    expect(await shelfAt(join(temp.path, 'not-mounted')).lost(PLACE, rows)).toBeUndefined();
  });
});

describe('HlsShelf says what belongs together', () => {
  const uri = (id: string) => `${id}/index.m3u8`;
  const attributes = new Map([
    ['BANDWIDTH', bare(2_000_000)],
    ['AUDIO', quoted('snd')],
  ]);
  const multivariant: MultivariantPlaylist = {
    kind: 'multivariant',
    version: 3,
    independentSegments: true,
    variants: [
      { uri: uri('720p'), bandwidth: 2_000_000, audio: 'snd', attributes },
      { uri: uri('360p'), bandwidth: 500_000, attributes: new Map() },
    ],
    renditions: [
      {
        type: 'AUDIO',
        groupId: 'snd',
        name: 'English',
        uri: uri('audio-en'),
        isDefault: true,
        autoselect: true,
        attributes: new Map(),
      },
    ],
    iFrames: [],
    sessionData: [],
    sessionKeys: [],
    defines: new Map(),
  };

  test('of what lies there, as it comes', async () => {
    const shelf = shelfAt();
    shelf.describe('news', multivariant);
    await putAll(shelf, [1]);
    const index = () => textOf(join(today(), '..'));
    expect(await index()).not.toContain('snd');
    expect(await index()).toContain('\n720p/index.m3u8\n');
    await shelf.put({ ...PLACE, rendition: 'audio-en' }, shelved(1));
    expect(await index()).toContain('AUDIO="snd"');
    expect(await index()).toContain('URI="audio-en/index.m3u8"');
    expect(await index()).not.toContain('360p');
  });

  test('the busiest segment of the day is its bandwidth, over a restart too', async () => {
    const first = shelfAt();
    await putAll(first, [1]);
    await first.put(PLACE, shelved(2, { durationS: 1 }));
    await first[Symbol.asyncDispose]();
    const second = shelfAt();
    await putAll(second, [3]);
    await second[Symbol.asyncDispose]();
    expect(await textOf(join(today(), '..'))).toContain('BANDWIDTH=16000\n');
  });
});
