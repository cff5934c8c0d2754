// This file tests what is kept of pictures, and what goes.
import { describe, expect, test } from 'bun:test';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../../src/base/log.ts';
import { type HeldLogo, tagOf } from '../../../src/lineup/logos/logo-file.ts';
import { LogoShelf } from '../../../src/lineup/logos/logo-shelf.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { PICTURES } from '../../support/pictures.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

/** A PNG with so many bytes behind it. */
function logo(sizeBytes = PICTURES.png.length): HeldLogo {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(PICTURES.png);
  return { bytes, type: 'image/png', tag: tagOf(bytes), storedMs: 1, checkedMs: 1 };
}

function shelf(folder: string, maxBytes = 1e9, clock = new FakeClock()): LogoShelf {
  return new LogoShelf({ folder, maxBytes, clock, log: silentLog });
}

describe('LogoShelf', () => {
  test('keeps what it was given, over restarts and replacements', async () => {
    await using temp = await createTempFolder();
    const folder = join(temp.path, 'logos');
    const first = shelf(folder);
    expect(await first.get('a')).toBeUndefined();
    await first.put('a', logo(500));
    await first.put('b', logo(600));
    await first.put('a', logo(700));
    const { count, bytes } = first.stats();
    expect(count).toBe(2);
    expect((await readdir(folder)).every((name) => /^[0-9a-f]{40}\.logo$/.test(name))).toBe(true);
    const second = shelf(folder);
    expect(await second.get('a')).toEqual(logo(700));
    expect(await second.get('b')).toEqual(logo(600));
    expect(second.stats()).toEqual({ count, bytes });
    const third = shelf(folder);
    expect(await until(async () => third.stats().bytes === bytes, 10_000)).toBe(true);
    expect(third.stats().count).toBe(count);
  });

  test('lets go of the one asked for longest ago', async () => {
    await using temp = await createTempFolder();
    const clock = new FakeClock();
    const it = shelf(temp.path, 10_000, clock);
    for (const key of ['a', 'b', 'c']) {
      await it.put(key, logo(3000));
      clock.stepWall(3_700_000);
    }
    expect(await it.get('a')).toBeDefined();
    await it.put('d', logo(3000));
    expect(await it.get('b')).toBeUndefined();
    for (const key of ['a', 'c', 'd']) expect(await it.get(key)).toBeDefined();
    expect(it.stats().bytes).toBeLessThanOrEqual(10_000);
    expect(await readdir(temp.path)).toHaveLength(3);
  });

  test('knows after a restart which that is', async () => {
    await using temp = await createTempFolder();
    const before = shelf(temp.path);
    for (const key of ['a', 'b', 'c']) await before.put(key, logo(3000));
    const names = await readdir(temp.path);
    for (const [index, name] of names.sort().entries()) {
      await utimes(join(temp.path, name), index + 1, index + 1);
    }
    const after = shelf(temp.path, 7000);
    const held = await Promise.all(['a', 'b', 'c'].map((key) => after.get(key)));
    expect(held.filter((each) => each !== undefined)).toHaveLength(2);
    expect((await readdir(temp.path)).sort()).toEqual(names.slice(1));
  });

  test('touches nothing of others, and clears away what was half written', async () => {
    await using temp = await createTempFolder();
    const half = `${'a'.repeat(40)}.logo.half`;
    for (const name of ['notes.txt', half, 'x.logo']) await temp.write(name, 'x'.repeat(5000));
    const it = shelf(temp.path, 100);
    await it.put('a', logo(3000));
    expect((await readdir(temp.path)).sort()).toEqual(['notes.txt', 'x.logo']);
  });

  test('what was damaged is gone, and comes again', async () => {
    await using temp = await createTempFolder();
    const it = shelf(temp.path);
    await it.put('a', logo());
    const [name = ''] = await readdir(temp.path);
    await writeFile(join(temp.path, name), 'half a picture');
    expect(await it.get('a')).toBeUndefined();
    expect(it.stats()).toEqual({ count: 0, bytes: 0 });
    await it.put('a', logo());
    expect(await it.get('a')).toBeDefined();
    await rm(join(temp.path, name));
    expect(await it.get('a')).toBeUndefined();
    expect(it.stats()).toEqual({ count: 0, bytes: 0 });
  });

  test('a folder that cannot be written is said once; a few are held all the same', async () => {
    const said: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void said.push(message) };
    const clock = new FakeClock();
    const it = new LogoShelf({ folder: '/dev/null/logos', maxBytes: 1e9, clock, log });
    const large = 1_500_000;
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await it.put(key, logo(large));
    expect(said).toEqual(['logos are not kept: the folder cannot be written']);
    expect(await it.get('a')).toBeUndefined();
    expect((await it.get('f'))?.bytes.length).toBe(large);
    expect(it.stats()).toEqual({ count: 0, bytes: 0 });
  });
});
