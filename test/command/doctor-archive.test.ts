// This file tests what `weir doctor` says of archives.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { checkArchive } from '../../src/command/doctor-archive.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createTempFolder } from '../support/temp-folder.ts';

async function load(text: string, workingDir: string): Promise<Config> {
  await Bun.write(join(workingDir, 'weir.yaml'), text);
  const input = { workingDir, environment: {}, flags: new Map(), m3u: [] };
  return (await loadConfig(input)).config;
}

const CHANNEL = 'channels: [{ id: a, sources: http://h/a, archive: 24h }]';

describe('checkArchive()', () => {
  test('without one says so', async () => {
    await using folder = await createTempFolder();
    expect(await checkArchive(await load('', folder.path))).toEqual([
      { state: 'ok', what: 'archive', found: 'no channel is archived' },
    ]);
  });

  test('says what is kept, and whether a disk has room for it', async () => {
    await using folder = await createTempFolder();
    const small = `${CHANNEL}\noverflow: { disk: { path: ./t, size: 1GiB } }`;
    const findings = await checkArchive(await load(small, folder.path));
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'warn']);
    expect(findings[0]?.found).toBe(
      '1 of 1 channels are kept; together at most: as much as it takes',
    );
    expect(findings[1]?.found).toEndWith('at 4 Mbit/s a channel all archives take 40.2GiB');
    const capped = `${small}\narchive: { size: 64MiB }`;
    const [, room] = await checkArchive(await load(capped, folder.path));
    expect(room).toMatchObject({ state: 'ok' });
  });

  test('a data folder that cannot be written fails', async () => {
    await using folder = await createTempFolder();
    const file = await folder.write('taken', '');
    const text = `${CHANNEL}\noverflow: redis://h\ndata: ${join(file, 'data')}`;
    const [finding] = await checkArchive(await load(text, folder.path));
    expect(finding).toMatchObject({ state: 'fail', what: 'archive' });
    expect(finding?.found).toEndWith('cannot be written: nothing is archived');
  });
});
