// This file tests what is written of a rendition into its archive, and when it is promised.
import { describe, expect, test } from 'bun:test';
import {
  ArchiveWorld,
  gone,
  HOUR_MS,
  PLACE,
  past,
  record,
  restarted,
} from '../../support/archive-world.ts';
import { settle } from '../../support/fake-clock.ts';
import { listedKey, listedSegment } from '../../support/listed.ts';

describe('Recorder', () => {
  test('writes a row for each segment, in order, numbered without a hole', async () => {
    const world = new ArchiveWorld();
    const startMs = world.clock.nowMs();
    await record(world, 10, 14);
    const rows = world.segments();
    expect(world.shown()).toBe('10 11 12 13 14');
    const first = Math.floor((startMs - 4000) / 1000);
    expect(rows.map(({ number }) => number - first)).toEqual([0, 1, 2, 3, 4]);
    expect(rows.map((row) => row.startMs - startMs)).toEqual([-4000, 0, 4000, 8000, 12_000]);
    expect(rows.map((row) => row.endMs - row.startMs)).toEqual([4000, 4000, 4000, 4000, 4000]);
    expect(rows.some(({ discontinuity }) => discontinuity)).toBe(false);
    expect(world.rows.rendition('x', 'main')).toMatchObject({ segments: 5, bytes: 5000 });
  });

  test('a segment is promised only once its body is held', async () => {
    const world = new ArchiveWorld();
    world.shelf.state = 'hangs';
    world.archivist.take(PLACE, past(1));
    await settle();
    expect(world.shelf.puts).toHaveLength(1);
    expect(world.segments()).toEqual([]);
    expect(world.archives.channel('x')?.renditions[0]?.held()).toBeUndefined();
    world.shelf.letGo('well');
    await settle();
    expect(world.shown()).toBe('1');
  });

  test('what a shelf refuses is put again, and what follows waits for it', async () => {
    const world = new ArchiveWorld();
    world.shelf.state = 'refuses';
    await record(world, 1, 3);
    expect(world.segments()).toEqual([]);
    expect(world.archivist.get('x')).toMatchObject({ queued: 3, queuedBytes: 3000 });
    world.shelf.state = 'well';
    await world.clock.advance(2000);
    expect(world.shown()).toBe('1 2 3');
    expect(world.archivist.get('x')).toMatchObject({ queued: 0, queuedBytes: 0 });
    expect(world.archivist.get('x')?.counts.putsFailed).toBeGreaterThan(3);
  });

  test('what a shelf refuses for long is looked through once', async () => {
    const world = new ArchiveWorld();
    world.shelf.state = 'refuses';
    const told = past(1);
    const body = told.body as Blob;
    const slice = body.slice.bind(body);
    let looks = 0;
    body.slice = (...span) => {
      looks++;
      return slice(...span);
    };
    world.archivist.take(PLACE, told);
    await settle();
    const first = looks;
    expect(first).toBeGreaterThan(0);
    await world.clock.advance(60_000);
    expect(world.shelf.puts.length).toBeGreaterThan(50);
    expect(looks).toBe(first);
    world.shelf.state = 'well';
    await world.clock.advance(2000);
    expect(world.shown()).toBe('1');
  });

  test('what never came is a gap of its length', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 1);
    world.archivist.take(PLACE, gone(2));
    await world.clock.advance(4000);
    await record(world, 3, 3);
    expect(world.shown()).toBe('1 -2 3');
    const rows = world.segments();
    expect(rows[1]).toMatchObject({ gap: 'source', sizeBytes: 0, startMs: rows[0]?.endMs });
    expect(rows[2]?.discontinuity).toBe(false);
    expect(world.archivist.get('x')?.counts.gaps.source).toBe(1);
    expect(world.said).toEqual(['warn archive has a gap', 'info archive goes on']);
  });

  test('over its limit of memory the oldest that waits becomes a gap, and is counted', async () => {
    const world = new ArchiveWorld({ memoryBytes: 0 });
    world.shelf.state = 'refuses';
    const body = new Blob([new Uint8Array(24 * 2 ** 20)]);
    for (let sequence = 1; sequence <= 4; sequence++) {
      world.archivist.take(PLACE, past(sequence, { body }));
      await world.clock.advance(4000);
    }
    expect(world.archivist.get('x')).toMatchObject({ queued: 4, queuedBytes: 2 * body.size });
    world.shelf.state = 'well';
    await world.clock.advance(2000);
    expect(world.shown()).toBe('-1 -2 3 4');
    expect(world.archivist.get('x')?.counts.gaps.queue).toBe(2);
    expect(world.archivist.get('x')?.queuedBytes).toBe(0);
  });

  test('of two channels the one with more that waits gives way', async () => {
    const archives = { x: { keepMs: HOUR_MS }, y: { keepMs: HOUR_MS } };
    const world = new ArchiveWorld({ archives, memoryBytes: 0 });
    world.shelf.state = 'refuses';
    const large = new Blob([new Uint8Array(30 * 2 ** 20)]);
    const y = { ...PLACE, channel: 'y' };
    world.archivist.take(y, past(1));
    for (const sequence of [1, 2, 3]) world.archivist.take(PLACE, past(sequence, { body: large }));
    await world.clock.advance(100);
    world.shelf.state = 'well';
    await world.clock.advance(2000);
    expect(world.shown('main', 'y')).toBe('1');
    expect(world.shown()).toBe('-1 2 3');
  });

  test('a body that is acknowledged although it was given up is no gap', async () => {
    const world = new ArchiveWorld({ memoryBytes: 0 });
    world.shelf.state = 'hangs';
    const body = new Blob([new Uint8Array(40 * 2 ** 20)]);
    world.archivist.take(PLACE, past(1, { body }));
    await settle();
    world.archivist.take(PLACE, past(2, { body }));
    await settle();
    world.shelf.letGo('well');
    await world.clock.advance(2000);
    expect(world.shown()).toBe('1 2');
    expect(world.archivist.get('x')?.counts.gaps.queue).toBe(0);
  });

  test('where the index cannot be written nothing is promised until it can', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 1);
    const { add } = world.rows;
    world.rows.add = () => {
      throw new Error('database or disk is full');
    };
    await record(world, 2, 3);
    expect(world.shown()).toBe('1');
    expect(world.said.at(-1)).toContain('error segment cannot be written into the archive');
    world.rows.add = add;
    await world.clock.advance(2000);
    expect(world.shown()).toBe('1 2 3');
  });

  test('begins a discontinuity where segments between were never told, and counts them', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 2);
    await world.clock.advance(60_000);
    world.archivist.take(PLACE, past(20, { follows: false }));
    await settle();
    world.archivist.take(PLACE, past(21, { discontinuity: true }));
    await settle();
    const rows = world.segments();
    expect(rows.map(({ discontinuity }) => discontinuity)).toEqual([false, false, true, true]);
    expect(rows.map(({ discontinuitySequence }) => discontinuitySequence)).toEqual([0, 0, 1, 2]);
    expect(rows[2]!.startMs - rows[1]!.endMs).toBe(60_000);
    expect(rows[3]!.startMs).toBe(rows[2]!.endMs);
  });

  describe('after a start', () => {
    test('what is listed again is not written again, and what follows follows', async () => {
      const before = new ArchiveWorld();
      await record(before, 1, 5);
      const world = restarted(before);
      for (const sequence of [3, 4, 5, 6]) {
        world.archivist.take(PLACE, past(sequence, { follows: sequence > 3 }));
      }
      await settle();
      await world.clock.advance(1000);
      expect(world.shown()).toBe('1 2 3 4 5 6');
      const last = world.segments().at(-1);
      expect(last).toMatchObject({ discontinuity: false, discontinuitySequence: 0 });
    });

    test('what waited when it was killed is written then', async () => {
      const before = new ArchiveWorld();
      await record(before, 1, 3);
      before.shelf.state = 'refuses';
      before.archivist.take(PLACE, past(4));
      await settle();
      before.shelf.state = 'well';
      const world = restarted(before);
      for (const sequence of [2, 3, 4, 5]) {
        world.archivist.take(PLACE, past(sequence, { follows: sequence > 2 }));
      }
      await world.clock.advance(1000);
      expect(world.shown()).toBe('1 2 3 4 5');
      expect(world.segments().some(({ discontinuity }) => discontinuity)).toBe(false);
    });

    test('after a pause the first is a discontinuity, and no number is given twice', async () => {
      const before = new ArchiveWorld();
      await record(before, 1, 3);
      const numbers = before.segments().map(({ number }) => number);
      const world = restarted(before);
      await world.clock.advance(2 * HOUR_MS);
      await world.sweep();
      expect(world.segments()).toEqual([]);
      world.archivist.take(PLACE, past(900, { follows: false }));
      await settle();
      const [row] = world.segments();
      expect(row).toMatchObject({ discontinuity: true, discontinuitySequence: 1 });
      expect(row?.number).toBe(numbers.at(-1)! + 1);
    });
  });

  describe('keeps what segments need', () => {
    const init = { body: new Blob(['an init segment']), contentType: 'video/mp4' };
    const key = { body: new Blob(['0123456789abcdef']), contentType: 'application/octet-stream' };
    const asset = { name: 'init-a.mp4', ref: { kind: 'http', url: 'http://h/i' } } as const;
    const encrypted = listedSegment(7, {
      extension: 'mp4',
      map: { asset, keys: [] },
      keys: [listedKey('key-k.bin')],
    });

    test('by their bytes, and keys with the IV that the list meant', async () => {
      const world = new ArchiveWorld();
      const assets = new Map([
        ['init-a.mp4', init],
        ['key-k.bin', key],
      ]);
      world.archivist.take(PLACE, past(7, { listed: encrypted, assets, contentType: 'video/mp4' }));
      await world.clock.advance(100);
      const rendition = world.archives.channel('x')?.rendition('main');
      const [segment] = rendition?.segments({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, 9) ?? [];
      expect(segment?.contentType).toBe('video/mp4');
      expect(segment?.map?.asset).toMatch(/^init-[0-9a-f]{24}\.mp4$/);
      expect(segment?.keys[0]?.asset).toMatch(/^key-[0-9a-f]{24}\.bin$/);
      expect(segment?.keys[0]?.key).toEqual({
        method: 'AES-128',
        iv: '7'.padStart(32, '0'),
        attributes: new Map(),
      });
      const found = await rendition?.body(segment?.keys[0]?.asset ?? '');
      expect(found).toMatchObject({ kind: 'whole', contentType: 'application/octet-stream' });
      expect(await (found as { body: Blob }).body.text()).toBe('0123456789abcdef');
      const [put] = world.shelf.puts;
      expect([...(put?.shelved.assets.keys() ?? [])]).toEqual([
        segment?.map?.asset ?? '',
        segment?.keys[0]?.asset ?? '',
      ]);
    });

    test('and without them it is a gap', async () => {
      const world = new ArchiveWorld();
      const assets = new Map([['init-a.mp4', init]]);
      world.archivist.take(PLACE, past(7, { listed: encrypted, assets }));
      await world.clock.advance(100);
      expect(world.segments()).toMatchObject([{ gap: 'asset', sizeBytes: 0 }]);
      expect(world.shelf.bodies.size).toBe(0);
      expect(world.archivist.get('x')?.counts.gaps.asset).toBe(1);
    });
  });
});
