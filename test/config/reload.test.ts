// This file tests that a changed configuration is taken up, and a broken one is not.
import { describe, expect, test } from 'bun:test';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { Log, LogFields } from '../../src/base/log.ts';
import type { ConfigChanges } from '../../src/config/changes.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { ConfigReloader, type ReloadParts } from '../../src/config/reload.ts';
import { stampOf, watchFolderOf } from '../../src/config/watch.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createTempFolder } from '../support/temp-folder.ts';

type Said = { readonly level: string; readonly message: string; readonly fields: LogFields };

function listeningLog(said: Said[]): Log {
  const line = (level: string) => (message: string, fields: LogFields) =>
    said.push({ level, message, fields });
  const log = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
  return { ...log, with: () => listeningLog(said) } as Log;
}

/** A file that exists in the test only, so that every turn of events can be written down. */
async function world(text: string | undefined, options: { isNamed?: boolean } = {}) {
  const clock = new FakeClock();
  const said: Said[] = [];
  const applied: { ids: string[]; changes: ConfigChanges }[] = [];
  const file = { text, stamp: 1, inode: 1 };
  const folder = await createTempFolder();
  const isNamed = options.isNamed ?? true;
  let hint = () => {};
  let loads = 0;
  let failApply = false;
  let loading: Promise<unknown> = Promise.resolve();

  const load = (): Promise<LoadedConfig> => {
    loads++;
    loading = loadNow();
    return loading as Promise<LoadedConfig>;
  };
  const loadNow = async (): Promise<LoadedConfig> => {
    if (file.text === undefined) await rm(join(folder.path, 'weir.yaml'), { force: true });
    else await folder.write('weir.yaml', file.text);
    return await loadConfig({
      workingDir: folder.path,
      environment: {},
      flags: new Map(),
      m3u: [],
      ...(isNamed ? { configPath: 'weir.yaml' } : {}),
    });
  };
  const parts: ReloadParts = {
    clock,
    log: listeningLog(said),
    load,
    watch: (_, changed) => {
      hint = changed;
      return { [Symbol.dispose]: () => {} };
    },
    stamp: async () => {
      if (file.text === undefined) return undefined;
      return { mark: `${file.stamp}`, sizeBytes: file.text.length, inode: `${file.inode}` };
    },
    apply: ({ config }, changes) => {
      if (failApply) throw new Error('no room');
      applied.push({ ids: config.channels.map(({ id }) => id), changes });
    },
  };
  const first = await load();
  loads = 0;
  const reloader = new ConfigReloader(first, await parts.stamp(''), parts);
  return {
    clock,
    reloader,
    said,
    applied,
    hint: () => hint(),
    loads: () => loads,
    failApply: (fails: boolean) => {
      failApply = fails;
    },
    /** Into the file as it is, or another file in its place. */
    write: (next: string | undefined, how: 'into' | 'replace' = 'into') => {
      file.text = next;
      file.stamp++;
      if (how === 'replace') file.inode++;
    },
    /** Loading touches the real disk, which the fake clock does not wait for. */
    settle: async (byMs: number) => {
      for (let step = 0; step < 10; step++) {
        await clock.advance(byMs / 10);
        await loading.catch(() => {});
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    [Symbol.asyncDispose]: async () => {
      reloader[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const channels = (...ids: string[]) =>
  `channels:${ids.map((id) => `\n  - { id: ${id}, sources: http://h.example/${id} }`).join('')}\n`;

describe('ConfigReloader', () => {
  test('takes up a change after the file has settled', async () => {
    await using it = await world(channels('a', 'b'));
    it.write(channels('b', 'c'));
    it.hint();
    await it.settle(1000);
    expect(it.applied.map(({ ids }) => ids)).toEqual([['b', 'c']]);
    const { added, removed, changed } = it.applied[0]!.changes.channels;
    expect([added, removed].map((list) => list.map(({ id }) => id))).toEqual([['c'], ['a']]);
    expect(changed).toEqual([]);
    expect(it.said).toEqual([
      {
        level: 'info',
        message: 'configuration reloaded',
        fields: { reason: 'file changed', added: ['c'], removed: ['a'], changed: [], settings: [] },
      },
    ]);
    expect(it.reloader.stats()).toEqual({ taken: 1, refused: 0 });
  });

  test('does not read a file that is still being written', async () => {
    await using it = await world(channels('a'));
    for (let turn = 0; turn < 10; turn++) {
      it.write(channels('a', `part${turn}`));
      it.hint();
      await it.clock.advance(150);
    }
    expect(it.loads()).toBe(0);
    await it.settle(1000);
    expect(it.applied.map(({ ids }) => ids)).toEqual([['a', 'part9']]);
    expect(it.loads()).toBe(1);
  });

  test('reads a file that never stays the same in the end', async () => {
    await using it = await world(channels('a'));
    for (let turn = 0; turn < 200; turn++) {
      it.write(channels('a', `part${turn}`));
      it.hint();
      await it.clock.advance(199);
    }
    await it.settle(500);
    expect(it.loads()).toBeGreaterThan(0);
  });

  test('waits longer for a file that became shorter, unless it was replaced by another', async () => {
    for (const [how, beforeMs] of [
      ['into', 3000],
      ['replace', 200],
    ] as const) {
      await using it = await world(channels('a', 'b'));
      it.write(channels('b'), how);
      it.hint();
      await it.settle(beforeMs - 100);
      expect(it.loads()).toBe(0);
      await it.settle(400);
      expect(it.applied.map(({ ids }) => ids)).toEqual([['b']]);
    }
  });

  test('does not read what a slow writer has begun', async () => {
    await using it = await world(channels('a', 'b'));
    const whole = channels('a', 'b', 'c');
    for (const part of ['', whole.slice(0, 55), whole.slice(0, 90)]) {
      it.write(part);
      it.hint();
      await it.settle(2000);
    }
    expect(it.loads()).toBe(0);
    it.write(whole);
    await it.settle(1000);
    expect(it.applied.map(({ ids }) => ids)).toEqual([['a', 'b', 'c']]);
    expect(it.said.map(({ level }) => level)).toEqual(['info']);
  });

  const lost: readonly [string, string, string, string][] = [
    [
      'an empty file',
      '',
      'CONFIG_FILE_CUT',
      'weir.yaml:1:1: the file is empty, wanted what it held, or channels: [] for no channels',
    ],
    [
      'nothing but blanks',
      ' \n\n',
      'CONFIG_FILE_CUT',
      'weir.yaml:3:1: the file is empty, wanted what it held, or channels: [] for no channels',
    ],
    [
      'half a file that is one by itself',
      `${channels('a')}  - id: b\n    sources: http://h.exam`,
      'CONFIG_FILE_CUT',
      'weir.yaml:4:1: the file ends in the middle of a line that it held, wanted it whole',
    ],
    [
      'a file without the key',
      'log: { level: debug }\n',
      'CONFIG_CHANNELS_GONE',
      'weir.yaml:2:1: all 2 channels are gone from the file, wanted channels: [] where none is meant',
    ],
    [
      'a file with every channel commented out',
      'channels:\n  # - { id: a, sources: http://h.example/a }\n',
      'CONFIG_CHANNELS_GONE',
      'weir.yaml:3:1: all 2 channels are gone from the file, wanted channels: [] where none is meant',
    ],
  ];
  test.each(lost)(
    'refuses %s for what it was, and says why once',
    async (_, text, code, problem) => {
      await using it = await world(
        `${channels('a')}  - id: b\n    sources: http://h.example/b\n    name: B\n`,
      );
      it.write(text);
      it.hint();
      await it.settle(20_000);
      await it.reloader.reload('SIGHUP');
      expect(it.applied).toEqual([]);
      const where = (each: string) => each.replace(/^.*weir\.yaml/, 'weir.yaml');
      expect(it.said.map(({ fields }) => [fields['code'], fields['reason']])).toEqual([
        [code, 'file changed'],
        [code, 'SIGHUP'],
      ]);
      expect((it.said[0]!.fields['problems'] as string[]).map(where)).toEqual([problem]);
    },
  );

  const meant: readonly [string, string, string, string[]][] = [
    ['no channels where that is written', channels('a', 'b'), 'channels: []\n', []],
    ['other channels', channels('a', 'b'), channels('c'), ['c']],
    ['whole lines off the end', `${channels('a')}# b\n`, channels('a').trimEnd(), ['a']],
    ['the key away where it held none', 'channels: []\n', 'memory: 1GiB\n', ['demo']],
    ['comments for nothing', 'memory: 1GiB\n', '# none\n', ['demo']],
  ];
  test.each(meant)('takes %s', async (_, before, after, ids) => {
    await using it = await world(before);
    it.write(after);
    it.hint();
    await it.settle(10_000);
    expect(it.said.filter(({ level }) => level === 'error')).toEqual([]);
    expect(it.reloader.current.config.channels.map(({ id }) => id)).toEqual(ids);
    expect(it.reloader.stats()).toEqual({ taken: 1, refused: 0 });
  });

  test('sees a change that no hint told of', async () => {
    await using it = await world(channels('a'));
    it.write(channels('b'));
    await it.settle(5000);
    expect(it.applied.map(({ ids }) => ids)).toEqual([['b']]);
  });

  test('a hint without a change loads nothing', async () => {
    await using it = await world(channels('a'));
    for (let turn = 0; turn < 100; turn++) it.hint();
    await it.settle(10_000);
    expect(it.loads()).toBe(0);
    expect(it.said).toEqual([]);
  });

  test('keeps the old configuration when the new one is broken, and says so once', async () => {
    await using it = await world(channels('a'));
    it.write('channels: [{ id: b }]\nlisen: 1');
    it.hint();
    await it.settle(30_000);
    expect(it.applied).toEqual([]);
    expect(it.reloader.current.config.channels[0]?.id).toBe('a');
    expect(it.said).toEqual([
      {
        level: 'error',
        message: 'configuration refused, the old one stays',
        fields: {
          reason: 'file changed',
          code: 'CONFIG_KEY_MISSING',
          problems: [
            'weir.yaml:1:12: channels[0].sources: missing, wanted a list such as [https://origin.example.com/news.m3u8]',
            'weir.yaml:2:1: lisen: unknown key, did you mean listen?',
          ],
        },
      },
    ]);
    it.write(channels('a', 'b'));
    it.hint();
    await it.settle(1000);
    expect(it.applied.map(({ ids }) => ids)).toEqual([['a', 'b']]);
    expect(it.reloader.stats()).toEqual({ taken: 1, refused: 1 });
  });

  test('an asked-for reload loads even what looks the same, and says that nothing changed', async () => {
    await using it = await world(channels('a'));
    await it.reloader.reload('SIGHUP');
    expect(it.loads()).toBe(1);
    expect(it.applied).toEqual([]);
    expect(it.said).toEqual([
      { level: 'info', message: 'configuration unchanged', fields: { reason: 'SIGHUP' } },
    ]);
  });

  test('reloads asked for at once run one after the other', async () => {
    await using it = await world(channels('a'));
    it.write(channels('b'));
    await Promise.all([it.reloader.reload('one'), it.reloader.reload('two')]);
    expect(it.applied.map(({ ids }) => ids)).toEqual([['b']]);
    expect(it.said.map(({ fields }) => fields['reason'])).toEqual(['one', 'two']);
  });

  test('names the settings that need another start', async () => {
    await using it = await world(channels('a'));
    it.write(`listen: :81\nlog: { level: debug }\nprefetch: { workers: 5 }\n${channels('a')}`);
    await it.reloader.reload('SIGHUP');
    expect(it.applied[0]?.changes).toMatchObject({
      settings: ['log.level'],
      nextStart: ['listen', 'prefetch.workers'],
    });
    expect(it.said.at(-1)).toEqual({
      level: 'warn',
      message: 'settings that are taken up at the next start',
      fields: { settings: ['listen', 'prefetch.workers'] },
    });
  });

  test('another spelling of the same value is no change', async () => {
    await using it = await world(`memory: 64MiB\n${channels('a')}`);
    it.write(`memory: 65536KiB\n${channels('a')}`);
    await it.reloader.reload('SIGHUP');
    expect(it.applied).toEqual([]);
  });

  test('a file that is gone changes nothing', async () => {
    for (const isNamed of [true, false]) {
      await using it = await world(channels('a'), { isNamed });
      it.write(undefined);
      it.hint();
      await it.settle(10_000);
      expect(it.applied).toEqual([]);
      expect(it.said.map(({ fields }) => fields['code'])).toEqual(['CONFIG_FILE_MISSING']);
      it.write(channels('b'));
      await it.settle(5000);
      expect(it.applied.map(({ ids }) => ids)).toEqual([['b']]);
    }
  });

  test('a file that appears is taken up', async () => {
    await using it = await world(undefined, { isNamed: false });
    expect(it.reloader.current.config.channels[0]?.id).toBe('demo');
    it.write(channels('a'));
    await it.settle(5000);
    expect(it.applied.map(({ ids }) => ids)).toEqual([['a']]);
  });

  test('what cannot be taken up is not taken for current', async () => {
    await using it = await world(channels('a'));
    it.write(channels('b'));
    it.failApply(true);
    await it.reloader.reload('SIGHUP');
    expect(it.reloader.current.config.channels[0]?.id).toBe('a');
    expect(it.said.at(-1)?.fields).toMatchObject({ problems: ['no room'] });
    it.failApply(false);
    await it.reloader.reload('SIGHUP');
    expect(it.applied.map(({ ids }) => ids)).toEqual([['b']]);
  });

  test('nothing happens after the end', async () => {
    await using it = await world(channels('a'));
    it.reloader[Symbol.dispose]();
    it.write(channels('b'));
    it.hint();
    await it.settle(10_000);
    await it.reloader.reload('SIGHUP');
    expect(it.loads()).toBe(0);
    expect(it.clock.pendingCount).toBe(0);
  });
});

describe('stampOf() and watchFolderOf() on a real folder', () => {
  test('a rewrite, a replacement and a removal each give another stamp', async () => {
    await using folder = await createTempFolder();
    const path = await folder.write('weir.yaml', 'a');
    const stamps = [await stampOf(path)];
    await writeFile(path, 'ab');
    stamps.push(await stampOf(path));
    await rename(await folder.write('new', 'cd'), path);
    stamps.push(await stampOf(path));
    await rm(path);
    stamps.push(await stampOf(path));
    expect(new Set(stamps.map((stamp) => stamp?.mark)).size).toBe(4);
    expect(stamps.map((stamp) => stamp?.sizeBytes)).toEqual([1, 2, 2, undefined]);
    expect(stamps[1]?.inode).toBe(stamps[0]?.inode as string);
    expect(stamps[2]?.inode).not.toBe(stamps[0]?.inode as string);
  });

  test('a change, a replacement and an appearance are each hinted at', async () => {
    await using folder = await createTempFolder();
    const path = join(folder.path, 'weir.yaml');
    const acts = [
      () => folder.write('weir.yaml', 'a'),
      () => writeFile(path, 'ab'),
      async () => rename(await folder.write('new', 'cd'), path),
    ];
    for (const act of acts) {
      const hinted = Promise.withResolvers<void>();
      using _watch = watchFolderOf(path, hinted.resolve);
      await act();
      await hinted.promise;
    }
  });

  test('a folder that is not there is no reason to fail', () => {
    using _watch = watchFolderOf('/nowhere/at/all/weir.yaml', () => {});
  });

  test('the whole of it: a real file is changed and taken up', async () => {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', channels('a'));
    const load = () =>
      loadConfig({ workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] });
    const first = await load();
    const applied = Promise.withResolvers<string[]>();
    using _reloader = new ConfigReloader(first, await stampOf(first.watchPath), {
      clock: systemClock,
      log: listeningLog([]),
      watch: watchFolderOf,
      stamp: stampOf,
      load,
      apply: ({ config }) => applied.resolve(config.channels.map(({ id }) => id)),
    });
    await rename(await folder.write('new', channels('b')), join(folder.path, 'weir.yaml'));
    expect(await applied.promise).toEqual(['b']);
  });
});
