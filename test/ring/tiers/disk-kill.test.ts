// This file tests that a folder of segments outlives writers that are killed.
import { expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { DiskTier } from '../../../src/ring/tiers/disk.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { bodyOf, HOUR_MS, key, MIB, NEVER, NOW_MS, read } from './stored-segment.ts';

const ROUNDS = 10;
const MOST_PUTS = 25;
const random = seededRandom(4);

/** The names that a writer told of before it was killed. */
async function writeAndKill(path: string, round: number): Promise<string[]> {
  const writer = Bun.spawn({
    cmd: [process.execPath, join(import.meta.dir, 'disk-writer.ts'), path, `${round}`],
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const killAfter = 1 + Math.floor(random() * MOST_PUTS);
  let told = '';
  for await (const chunk of writer.stdout) {
    told += new TextDecoder().decode(chunk);
    if (told.split('\n').length > killAfter) writer.kill('SIGKILL');
  }
  await writer.exited;
  return told.split('\n').slice(0, -1);
}

test('kill -9 of a writer: all it promised is there and whole, and what is half goes', async () => {
  await using folder = await createTempFolder();
  const promised: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    promised.push(...(await writeAndKill(folder.path, round)));
    const files = await readdir(join(folder.path, 'news'));
    const whole = files.filter((name) => name.endsWith('.seg'));

    await using tier = new DiskTier({
      path: folder.path,
      sizeBytes: 512 * MIB,
      clock: systemClock,
    });
    await tier.open(NEVER);
    expect((await tier.use(NEVER)).segments).toBe(whole.length);
    expect(whole.length).toBeGreaterThanOrEqual(promised.length);
    for (const name of promised) {
      const body = await read(await tier.get(key(name), NEVER));
      expect({ name, order: Buffer.compare(body, bodyOf(name, 200_000)) }).toEqual({
        name,
        order: 0,
      });
    }
  }
  await using tier = new DiskTier({ path: folder.path, sizeBytes: 512 * MIB, clock: systemClock });
  await tier.open(NEVER);
  await tier.sweep(NOW_MS + HOUR_MS, NEVER);
  const left = await readdir(join(folder.path, 'news'));
  expect(left.filter((name) => !name.endsWith('.seg'))).toEqual([]);
  expect(left.length).toBeGreaterThanOrEqual(promised.length);
}, 60_000);
