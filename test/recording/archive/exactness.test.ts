// This file tests that an archive promises only what its shelf holds.
import { describe, expect, test } from 'bun:test';
import {
  ArchiveWorld,
  HOUR_MS,
  PLACE,
  past,
  record,
  restarted,
} from '../../support/archive-world.ts';
import { idOf } from '../../support/scripted-shelf.ts';

function lose(world: ArchiveWorld, ...sequences: number[]): void {
  for (const sequence of sequences) world.shelf.bodies.delete(idOf(PLACE, `${sequence}-x.ts`));
}

describe('Exactness', () => {
  test('after a start all rows are looked through; what is gone is a gap', async () => {
    const before = new ArchiveWorld();
    await record(before, 1, 300);
    lose(before, 1, 2, 3, 50, 150, 299);
    const world = restarted(before);
    await world.sweep();
    const shown = world.shown().split(' ');
    expect(shown[0]).toBe('4');
    expect(shown.filter((one) => one.startsWith('-'))).toEqual(['-50', '-150', '-299']);
    expect(shown).toHaveLength(297);
    expect(world.archivist.get('x')?.counts.gaps.lost).toBe(6);
    expect(world.said.filter((line) => line.includes('has lost segments'))).toHaveLength(1);
    expect(world.rows.rendition('x', 'main')).toMatchObject({ segments: 294, bytes: 294_000 });
  });

  test('a shelf that does not answer loses nothing, and is asked again', async () => {
    const before = new ArchiveWorld();
    await record(before, 1, 5);
    lose(before, 3);
    before.shelf.state = 'silent';
    const world = restarted(before);
    await world.sweep();
    expect(world.shown()).toBe('1 2 3 4 5');
    world.shelf.state = 'well';
    await world.sweep();
    expect(world.shown()).toBe('1 2 -3 4 5');
  });

  test('what is looked through already is not looked at again without a reason', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 5);
    await world.sweep();
    lose(world, 2, 4);
    await world.sweep();
    expect(world.shown()).toBe('1 2 3 4 5');
    world.shelf.losing.any++;
    await world.sweep();
    expect(world.shown()).toBe('1 -2 3 -4 5');
  });

  test('a shelf that made room has let go of its oldest: only those are looked at', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 400);
    await world.sweep();
    lose(world, ...Array.from({ length: 100 }, (_, index) => index + 1), 390);
    world.shelf.losing.oldest++;
    await world.sweep();
    const shown = world.shown().split(' ');
    expect(shown[0]).toBe('101');
    expect(shown).toContain('390');
  });

  test('now and then all is looked at without a reason', async () => {
    const world = new ArchiveWorld({ archives: { x: { keepMs: 24 * HOUR_MS } } });
    await record(world, 1, 5);
    await world.sweep();
    lose(world, 2);
    await world.clock.advance(HOUR_MS);
    await world.sweep();
    expect(world.shown()).toBe('1 -2 3 4 5');
  });

  test('whoever asks for what is gone is told so, and it is a gap from then on', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 3);
    await world.sweep();
    lose(world, 2);
    const [rendition] = world.archives.channel('x')?.renditions ?? [];
    const asked = [rendition?.body('2-x.ts'), rendition?.body('2-x.ts')];
    expect(await Promise.all(asked)).toEqual([{ kind: 'gone' }, { kind: 'gone' }]);
    expect(world.archivist.get('x')?.counts.gaps.lost).toBe(1);
    expect(world.shown()).toBe('1 -2 3');
    expect(await rendition?.body('2-x.ts')).toEqual({ kind: 'gone' });
  });

  test('whoever asks a shelf that does not answer is told to come again', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 3);
    world.shelf.state = 'silent';
    const [rendition] = world.archives.channel('x')?.renditions ?? [];
    expect(await rendition?.body('2-x.ts')).toEqual({ kind: 'late', retryAfterS: 2 });
    world.shelf.state = 'well';
    expect(await rendition?.body('2-x.ts')).toMatchObject({ kind: 'whole' });
    expect(world.shown()).toBe('1 2 3');
  });

  test('bodies that lie elsewhere from now on are gaps', async () => {
    const world = new ArchiveWorld();
    await record(world, 1, 3);
    await world.sweep();
    world.shelf.bodies.clear();
    world.apply({ x: { keepMs: HOUR_MS, hlsPath: '/elsewhere' } });
    expect(world.said.at(-1)).toContain('lies elsewhere');
    await record(world, 4, 4);
    await world.sweep();
    expect(world.shown()).toBe('4');
  });
});

describe('an index of another process', () => {
  test('is read and not written, until it is ours', async () => {
    const before = new ArchiveWorld();
    await record(before, 1, 3);
    const world = new ArchiveWorld({ index: before.killed(), ...pick(before), isOurs: false });
    expect(world.said).toEqual([
      'warn archives are read and not written: data folder in use by another weir',
    ]);
    expect(world.archivist.keeps('x')).toBe(false);
    lose(world, 2);
    world.archivist.take(PLACE, past(4));
    await world.clock.advance(2 * HOUR_MS);
    await world.sweep();
    const [rendition] = world.archives.channel('x')?.renditions ?? [];
    expect(await rendition?.body('1-x.ts')).toMatchObject({ kind: 'whole' });
    expect(await rendition?.body('2-x.ts')).toEqual({ kind: 'gone' });
    expect(world.shown()).toBe('1 2 3');
    world.apply({ x: { keepMs: HOUR_MS, sizeBytes: 7 } });
    world.isOurs = true;
    world.archivist.takeOver();
    expect(world.rows.channel('x')).toContain('"sizeBytes":7');
    world.apply({ x: { keepMs: HOUR_MS } });
    expect(world.archivist.keeps('x')).toBe(true);
    await record(world, 5, 5);
    await world.sweep();
    expect(world.shown()).toBe('5');
  });
});

function pick({ shelf, clock }: ArchiveWorld) {
  return { shelf, clock };
}
