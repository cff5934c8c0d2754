// This file tests that files are read whole into memory that is used again.
import { expect, test } from 'bun:test';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { ReadBuffers } from '../../../src/ring/tiers/read-buffers.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { bodyOf, MIB } from './stored-segment.ts';

test('files of any size come whole, also many at once', async () => {
  await using folder = await createTempFolder();
  const buffers = new ReadBuffers(64 * MIB);
  const sizes = [0, 1, MIB - 1, MIB, MIB + 1, 9 * MIB, 5, 3 * MIB];
  for (const size of sizes) await folder.write(`${size}`, bodyOf(`${size}`, size));
  const all = [...sizes, ...sizes].map(async (size) => {
    const bytes = await buffers.read(join(folder.path, `${size}`), (read) => read.slice());
    expect(Buffer.compare(bytes!, bodyOf(`${size}`, size))).toBe(0);
  });
  await Promise.all(all);
});

test('one after the other uses the same memory', async () => {
  await using folder = await createTempFolder();
  const buffers = new ReadBuffers(64 * MIB);
  const used = new Set<ArrayBufferLike>();
  for (let index = 0; index < 20; index++) {
    const path = await folder.write(`${index}`, bodyOf('x', MIB));
    await buffers.read(path, ({ buffer }) => used.add(buffer));
  }
  expect(used.size).toBe(1);
});

test('what is too large is not read, what is missing throws, what was cut has what is left', async () => {
  await using folder = await createTempFolder();
  const buffers = new ReadBuffers(1000);
  expect(
    await buffers.read(await folder.write('large', bodyOf('x', 1001)), () => 1),
  ).toBeUndefined();
  expect(buffers.read(join(folder.path, 'none'), () => 1)).rejects.toThrow('ENOENT');
  const path = await folder.write('cut', bodyOf('x', 900));
  expect(await buffers.read(path, ({ length }) => length)).toBe(900);
  truncateSync(path, 100);
  expect(await buffers.read(path, ({ length }) => length)).toBe(100);
});
