// This file tests what archives let go of: the oldest first, and never under a viewer.
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

const AUDIO = { ...PLACE, rendition: 'audio-a', kind: 'audio' } as const;

function counts(world: ArchiveWorld, channel = 'x') {
  return world.archivist.get(channel)?.counts.dropped;
}

describe('Retention by age', () => {
  test('drops what ended so long ago, first its row and then its body', async () => {
    const world = new ArchiveWorld({ archives: { x: { keepMs: 60_000 } } });
    await record(world, 1, 10);
    await world.sweep();
    expect(counts(world)).toMatchObject({ age: 0 });
    await world.clock.advance(40_000);
    let rowsAtDrop = '';
    const { drop } = world.shelf;
    world.shelf.drop = (...args) => {
      rowsAtDrop = world.shown();
      return drop.apply(world.shelf, args);
    };
    await world.sweep();
    expect(world.shown()).toBe('7 8 9 10');
    expect(rowsAtDrop).toBe('7 8 9 10');
    expect(world.shelf.dropped).toEqual([
      { names: ['1-x.ts', '2-x.ts', '3-x.ts', '4-x.ts', '5-x.ts', '6-x.ts'], oldest: '7-x.ts' },
    ]);
    expect(world.shelf.bodies.size).toBe(4);
    expect(counts(world)).toMatchObject({ age: 6 });
    expect(world.said).toEqual(['info archive let go of its oldest']);
  });

  test('also of more than go at once', async () => {
    const world = new ArchiveWorld({ archives: { x: { keepMs: 60_000 } } });
    await record(world, 1, 200);
    await world.sweep();
    expect(world.segments().length).toBe(14);
    await world.clock.advance(HOUR_MS);
    await world.sweep();
    expect(world.segments()).toEqual([]);
    expect(world.shelf.bodies.size).toBe(0);
    expect(world.shelf.dropped.at(-1)?.oldest).toBeUndefined();
    expect(world.rows.rendition('x', 'main')).toMatchObject({ segments: 0, bytes: 0 });
  });

  test('a channel that is archived no longer keeps what it has as long as it said', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 3);
    world.apply({});
    world.archivist.take(PLACE, past(4));
    await world.clock.advance(1000);
    await world.sweep();
    expect(world.shown()).toBe('1 2 3');
    expect(world.archivist.keeps('x')).toBe(false);
    expect(world.archives.channel('x')?.renditions[0]?.held()).toBeDefined();
    await world.clock.advance(HOUR_MS);
    await world.sweep();
    expect(world.segments()).toEqual([]);
  });

  test('one that keeps less from now on drops the rest', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 30);
    world.apply({ x: { keepMs: 60_000 } });
    await world.sweep();
    expect(world.segments().length).toBe(14);
  });

  test('a shelf holds nothing for longer than it was asked to: that is not promised', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 2);
    const { untilMs } = world.shelf.puts[0]?.shelved ?? { untilMs: 0 };
    world.apply({ x: { keepMs: 1000 * HOUR_MS } });
    await world.clock.advance(untilMs - world.clock.nowMs());
    const [rendition] = world.archives.channel('x')?.renditions ?? [];
    const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
    expect(rendition?.segments(all, 9).map(({ gap }) => gap)).toEqual([true, false]);
    expect(await rendition?.body('1-x.ts')).toEqual({ kind: 'gone' });
    await world.sweep();
    expect(world.shown()).toBe('2');
    expect(counts(world)).toMatchObject({ expired: 1, age: 0 });
  });

  test('gaps at the old end stand for nothing', async () => {
    const world = new ArchiveWorld();
    for (const sequence of [1, 2]) world.archivist.take(PLACE, gone(sequence));
    await record(world, 3, 4);
    world.archivist.take(PLACE, gone(5));
    await world.clock.advance(4000);
    await world.sweep();
    expect(world.shown()).toBe('3 4 -5');
  });
});

describe('Retention by size', () => {
  test('drops the oldest of the channel, whichever rendition has it', async () => {
    const world = new ArchiveWorld({ archives: { x: { keepMs: HOUR_MS, sizeBytes: 8000 } } });
    for (let sequence = 1; sequence <= 10; sequence++) {
      world.archivist.take(PLACE, past(sequence));
      world.archivist.take(AUDIO, past(sequence));
      await world.clock.advance(60_000);
    }
    await world.sweep();
    expect(world.shown()).toBe('7 8 9 10');
    expect(world.shown('audio-a')).toBe('7 8 9 10');
    expect(counts(world)).toEqual({ age: 0, size: 12, total: 0, expired: 0 });
  });

  test('drops the oldest of all channels', async () => {
    const archives = { x: { keepMs: HOUR_MS }, y: { keepMs: HOUR_MS, sizeBytes: 3000 } };
    const world = new ArchiveWorld({ archives, totalBytes: 5000 });
    const y = { ...PLACE, channel: 'y' };
    await record(world, 1, 5, y);
    await world.clock.advance(600_000);
    await record(world, 6, 9);
    await world.sweep();
    expect(world.shown('main', 'y')).toBe('5');
    expect(world.shown()).toBe('6 7 8 9');
    expect(counts(world, 'y')).toMatchObject({ size: 2, total: 2 });
    expect(counts(world)).toMatchObject({ size: 0, total: 0 });
  });

  test('counts over a kill: the sums lie beside the rows', async () => {
    const before = new ArchiveWorld();
    await record(before, 1, 9);
    const world = restarted(before, { archives: { x: { keepMs: HOUR_MS, sizeBytes: 4500 } } });
    await world.sweep();
    expect(world.shown()).toBe('6 7 8 9');
  });
});

describe('Retention under a viewer', () => {
  test('nothing goes that somebody watches, and nothing newer in its place', async () => {
    const archives = { x: { keepMs: 600_000, sizeBytes: 20_000 } };
    const world = new ArchiveWorld({ archives });
    const startMs = world.clock.nowMs();
    await record(world, 1, 50);
    const [rendition] = world.archives.channel('x')?.renditions ?? [];
    rendition?.keep(
      { fromMs: startMs - 4000, toMs: startMs + 8000 },
      world.clock.nowMs() + 1_800_000,
    );
    await world.sweep();
    expect(world.segments()).toHaveLength(50);
    expect(world.said.at(-1)).toBe('warn archive is over its size: what would go is being watched');
    await world.clock.advance(1_700_000);
    await world.sweep();
    expect(world.segments()).toHaveLength(50);
    await world.clock.advance(200_000);
    await world.sweep();
    expect(world.segments()).toEqual([]);
  });

  test('who watches the picture holds the sound too', async () => {
    const world = new ArchiveWorld({ archives: { x: { keepMs: 60_000 } } });
    for (let sequence = 1; sequence <= 5; sequence++) {
      world.archivist.take(PLACE, past(sequence));
      world.archivist.take(AUDIO, past(sequence));
      await world.clock.advance(4000);
    }
    const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
    const rendition = world.archives.channel('x')?.rendition('main');
    rendition?.keep(all, world.clock.nowMs() + HOUR_MS);
    await world.clock.advance(HOUR_MS / 2);
    await world.sweep();
    expect(world.shown('audio-a')).toBe('1 2 3 4 5');
  });

  test('who never lets go is believed for six hours, for which shelves hold more', async () => {
    const world = new ArchiveWorld({ archives: { x: { keepMs: 60_000 } } });
    await record(world, 1, 5);
    const [rendition] = world.archives.channel('x')?.renditions ?? [];
    const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
    rendition?.keep(all, Number.POSITIVE_INFINITY);
    await world.clock.advance(5.9 * HOUR_MS);
    await world.sweep();
    expect(world.shown()).toBe('1 2 3 4 5');
    expect(counts(world)).toMatchObject({ expired: 0 });
    await world.clock.advance(0.2 * HOUR_MS);
    await world.sweep();
    expect(world.segments()).toEqual([]);
  });
});
