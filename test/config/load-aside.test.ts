// This file tests that a large configuration is loaded beside the server, with the same outcome.
import { describe, expect, test } from 'bun:test';
import { systemClock } from '../../src/base/clock.ts';
import { ConfigError } from '../../src/config/errors.ts';
import { type LoadInput, loadConfig } from '../../src/config/load.ts';
import { loadAside } from '../../src/config/load-aside.ts';
import { CONFIG_WORKER } from '../../src/threads.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';

const channels = (count: number, url: string) =>
  `channels:\n${Array.from({ length: count }, (_, index) => `  - { id: c${index}, sources: ['${url}'] }\n`).join('')}`;

const inputIn = (folder: TempFolder): LoadInput => ({
  workingDir: folder.path,
  environment: { WEIR_MEMORY: '64MiB' },
  flags: new Map([['listen', ':9000']]),
  m3u: [],
});

describe('loadAside()', () => {
  for (const count of [3, 1000]) {
    test(`gives what loadConfig() gives of ${count} channels`, async () => {
      await using folder = await createTempFolder();
      await folder.write('weir.yaml', channels(count, 'http://h.example/a'));
      const input = inputIn(folder);
      expect(await loadAside(input, CONFIG_WORKER, systemClock)).toEqual(await loadConfig(input));
    });

    test(`refuses what loadConfig() refuses of ${count} channels`, async () => {
      await using folder = await createTempFolder();
      await folder.write('weir.yaml', channels(count, 'ftp://u:c4n4ry@h.example/a'));
      const input = inputIn(folder);
      const wanted = await loadConfig(input).catch((error) => error);
      const error = await loadAside(input, CONFIG_WORKER, systemClock).catch((error) => error);
      expect(error).toBeInstanceOf(ConfigError);
      expect([error.code, error.message, error.problems]).toEqual([
        wanted.code,
        wanted.message,
        wanted.problems,
      ]);
    });
  }

  test('goes on answering while a large one is read', async () => {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', channels(3000, 'http://h.example/a'));
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const loaded = await loadAside(inputIn(folder), CONFIG_WORKER, systemClock);
    clearInterval(timer);
    expect(loaded.config.channels).toHaveLength(3000);
    expect(turns).toBeGreaterThan(10);
  });

  test('reads it here where no thread comes up', async () => {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', channels(1000, 'http://h.example/a'));
    const nowhere = new URL('./no-such-worker.ts', import.meta.url);
    const loaded = await loadAside(inputIn(folder), nowhere, systemClock);
    expect(loaded.config.channels).toHaveLength(1000);
  });
});
