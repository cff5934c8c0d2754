// This file tests what `weir doctor` finds on a machine.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { openSharedForCommand, openSharedOffline } from '../../src/channel/open-shared.ts';
import { EXIT, parseArguments } from '../../src/command/command-line.ts';
import { CONFIG_FLAGS } from '../../src/command/config-flags.ts';
import { formatFindings, runDoctor } from '../../src/command/doctor.ts';
import { checkArchiveFolders } from '../../src/command/doctor-archive-folders.ts';
import { checkMachine } from '../../src/command/doctor-machine.ts';
import { checkNetwork } from '../../src/command/doctor-network.ts';
import { checkStore } from '../../src/command/doctor-store.ts';
import { checkTiers } from '../../src/command/doctor-tiers.ts';
import type { Finding } from '../../src/command/finding.ts';
import { loadConfig } from '../../src/config/load.ts';
import { knownRows } from '../../src/lineup/import/packed-entries.ts';
import { WaitingLineUps } from '../../src/lineup/import/waiting-line-ups.ts';
import { createTempFolder } from '../support/temp-folder.ts';

async function load(text: string, workingDir: string) {
  const flags = new Map([['listen', '127.0.0.1:0']]);
  await Bun.write(join(workingDir, 'weir.yaml'), text);
  return await loadConfig({ workingDir, environment: {}, flags, m3u: [] });
}

const named = (findings: readonly Finding[], what: string) =>
  findings.find((finding) => finding.what === what) as Finding;

describe('checkMachine()', () => {
  test('says something of each part, and this machine can run weir', async () => {
    await using folder = await createTempFolder();
    const findings = await checkMachine(await load('', folder.path));
    expect(findings.map(({ what }) => what)).toEqual([
      'weir',
      'system',
      'cores',
      'memory',
      'segments',
      'open files',
      'data folder',
      'clock',
      'ffmpeg',
    ]);
    expect(named(findings, 'data folder').found).toMatch(/\/data, will be made, .* free$/);
    expect(named(findings, 'memory').found).toContain('for 2 to 5 channels at once of 8 Mbit/s');
    expect(named(findings, 'clock').state).not.toBe('fail');
  });

  test('memory beyond that of the machine fails', async () => {
    await using folder = await createTempFolder();
    const findings = await checkMachine(await load('memory: 1TiB', folder.path));
    const { state, advice } = named(findings, 'memory');
    expect(state).toBe('fail');
    expect(advice).toStartWith('set memory below ');
  });

  test('a data folder that is a file, and one that is there', async () => {
    await using folder = await createTempFolder();
    await folder.write('taken', '');
    const taken = named(await checkMachine(await load('data: taken', folder.path)), 'data folder');
    expect(taken).toMatchObject({ state: 'warn', found: `${folder.path}/taken is no folder` });
    const here = named(await checkMachine(await load('data: .', folder.path)), 'data folder');
    expect(here.found).toStartWith(`${folder.path}, `);
  });

  test('a data folder that cannot be written', async () => {
    await using folder = await createTempFolder();
    // Nobody makes a folder there, not even root.
    const loaded = await load('data: /proc/weir/data', folder.path);
    const finding = named(await checkMachine(loaded), 'data folder');
    expect(finding).toMatchObject({
      state: 'warn',
      found: '/proc/weir/data cannot be written',
    });
  });
});

describe('checkNetwork()', () => {
  test('looks at the receive buffer only where datagrams are received', async () => {
    await using folder = await createTempFolder();
    const without = await checkNetwork(await load('', folder.path));
    expect(named(without, 'datagrams')).toBeUndefined();
    const group = 'channels: [{ id: a, sources: ["udp://@239.1.2.3:5000"] }]';
    const found = await checkNetwork(await load(group, folder.path));
    expect(named(found, 'datagrams').found).toMatch(/kept for a busy moment$|not known here$/);
  });

  test('says something of each part', async () => {
    await using folder = await createTempFolder();
    const findings = await checkNetwork(await load('', folder.path));
    expect(findings.map(({ what }) => what)).toEqual(['listen', 'addresses', 'names']);
    expect(named(findings, 'listen')).toMatchObject({ state: 'ok' });
    expect(named(findings, 'names').found).toBe('no source needs one');
  });

  test('a port that is taken, and an address that is not ours', async () => {
    await using folder = await createTempFolder();
    using taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    const input = { workingDir: folder.path, environment: {}, m3u: [] };
    const at = (listen: string) => loadConfig({ ...input, flags: new Map([['listen', listen]]) });
    const same = await checkNetwork(await at(`127.0.0.1:${taken.port}`));
    expect(named(same, 'listen')).toMatchObject({
      state: 'warn',
      found: `127.0.0.1:${taken.port} is taken`,
    });
    const other = await checkNetwork(await at('192.0.2.123:0'));
    expect(named(other, 'listen').state).toBe('fail');
  });

  test('names are asked for; addresses, loops and computed paths need none', async () => {
    await using folder = await createTempFolder();
    const text = `channels:
  - { id: a, sources: [http://127.0.0.1/a, 'http://[::1]/a', { loop: demo }] }
  - { id: b, sources: [http://localhost/b] }`;
    const finding = named(await checkNetwork(await load(text, folder.path)), 'names');
    expect(finding).toEqual({ state: 'ok', what: 'names', found: '1 of 1 asked for are answered' });
  });
});

describe('checkStore()', () => {
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  const store = async (text: string, folder: string) =>
    await checkStore((await load(text, folder)).config);

  test('makes none, and writes into the one there is', async () => {
    await using folder = await createTempFolder();
    expect(await store('', folder.path)).toMatchObject({ state: 'ok', what: 'store' });
    expect(await Bun.file(join(folder.path, 'data/shared.sqlite')).exists()).toBe(false);
    const { config } = await load('', folder.path);
    await using held = await openSharedForCommand(config, deps);
    const { state, found } = await store('', folder.path);
    expect([state, found]).toEqual(['ok', expect.stringContaining('took a note and gave it back')]);
    expect((await held.load('doctor')).size).toBe(0);
  });

  test('says what is wrong, without secrets', async () => {
    await using folder = await createTempFolder();
    const { state, found } = await store('store: postgres://u:c4n4ry@127.0.0.1:1/d', folder.path);
    expect(state).toBe('warn');
    expect(found).toBe(
      'Cannot use postgres at 127.0.0.1:1, database d: no connection (CHANNEL_STORE_UNREACHABLE)',
    );
    const { config } = await load('store: postgres://u@127.0.0.1:1/d', folder.path);
    await using here = await openSharedOffline(config, deps);
    const counts = { channels: 1, films: 0, gone: 0 };
    const record = {
      fetchedMs: 1,
      counts,
      listedCount: 1,
      readAs: '',
      validators: {},
      unusedRules: [],
    };
    const lineUp = {
      record: { ...record, problems: { first: [], counts: {} } },
      rows: knownRows([]),
    };
    await new WaitingLineUps(here, () => false).put({
      number: 0,
      lineUps: new Map([['a', lineUp]]),
      waiting: new Set(['a']),
    });
    expect((await checkStore(config)).found).toEndWith(
      '; line-ups that wait until they can be kept in it: 1',
    );
  });
});

describe('checkTiers()', () => {
  async function tiers(text: string, folder: string) {
    return await checkTiers((await load(text, folder)).config);
  }

  test('without any it says so', async () => {
    await using folder = await createTempFolder();
    const found = 'not configured: segments are held in memory alone';
    expect(await tiers('', folder.path)).toEqual([{ state: 'ok', what: 'overflow', found }]);
  });

  test('each is written to and read, and leaves nothing behind', async () => {
    await using folder = await createTempFolder();
    const text = 'overflow: [{ disk: { path: held, size: 64MiB }, age: 2h }]';
    const [finding, ...more] = await tiers(text, folder.path);
    expect([finding?.state, finding?.what, more]).toEqual(['ok', 'disk', []]);
    expect(finding?.found).toContain('held took 64 KiB and gave it back in ');
    expect(finding?.found).toEndWith('segments are held for 2h');
    const left = await Array.fromAsync(new Bun.Glob('held/**/*').scan(folder.path));
    expect(left.filter((path) => /[0-9a-f]{16}/.test(path))).toEqual([]);
  });

  test('what is wrong with one is said, and its secrets are not', async () => {
    await using folder = await createTempFolder();
    const closed = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    const { port } = closed;
    closed.stop(true);
    await folder.write('file', '');
    const text = `overflow: [redis://u:c4n4ry@127.0.0.1:${port}/0, { disk: { path: file/held, size: 64MiB } }]`;
    const findings = await tiers(text, folder.path);
    const advice = 'weir plays without it, and uses it once it works';
    expect(findings).toMatchObject([
      { state: 'warn', what: 'redis', advice },
      { state: 'warn', what: 'disk', advice },
    ]);
    expect(findings[0]?.found).toContain(`127.0.0.1:${port}`);
    expect(findings[0]?.found).toEndWith('(TIER_UNREACHABLE)');
    expect(JSON.stringify(findings)).not.toContain('c4n4ry');
  });
});

describe('runDoctor()', () => {
  async function doctor(text: string, args: string[]) {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', text);
    const flags = [...CONFIG_FLAGS, { name: '--json', means: '' }];
    let said = '';
    const code = await runDoctor(parseArguments(args, { name: 'doctor', flags, maxOperands: 0 }), {
      environment: {},
      workingDir: folder.path,
      isPerson: false,
      isColoured: false,
      out: (text) => {
        said += text;
      },
      error: () => {},
    });
    return { code, said };
  }

  test('looks at the machine even where the configuration is broken, and fails', async () => {
    const { code, said } = await doctor('lisen: 1', ['--json', '--listen', '127.0.0.1:0']);
    const { ok, findings } = JSON.parse(said);
    expect([code, ok]).toEqual([EXIT.failed, false]);
    expect(findings[0]).toEqual({
      state: 'fail',
      what: 'configuration',
      found: 'weir.yaml:1:1: lisen: unknown key, did you mean listen?',
      advice: 'weir check says all of it',
    });
    expect(findings.length).toBeGreaterThan(10);
  });

  test('a row for each, and a sum', () => {
    const findings: Finding[] = [
      { state: 'ok', what: 'a', found: 'good' },
      { state: 'warn', what: 'longer', found: 'so so', advice: 'do this' },
      { state: 'fail', what: 'b', found: 'bad' },
    ];
    expect(formatFindings(findings, false)).toBe(
      'ok    a       good\nwarn  longer  so so\n              → do this\nFAIL  b       bad\n\n1 ok, 1 to mind, 1 failed\n',
    );
    expect(formatFindings(findings, true)).toContain('\x1b[31mFAIL\x1b[0m');
  });
});

describe('checkArchiveFolders()', () => {
  const archived = (path: string, keep = '1m') =>
    `channels:\n  - { id: a, archive: { keep: ${keep}, as: hls, path: ${path} }, sources: ['http://a.example/x.m3u8'] }`;

  test('a folder that will be made has room for a minute, and none for ninety days of many channels', async () => {
    await using folder = await createTempFolder();
    const [enough] = await checkArchiveFolders(
      (await load(archived('./kept'), folder.path)).config,
    );
    expect(enough?.state).toBe('ok');
    expect(enough?.found).toStartWith(`${folder.path}/kept has room for `);
    const text = `${archived('./kept', '90d')}\n${many('./kept', 300)}`;
    const [short] = await checkArchiveFolders((await load(text, folder.path)).config);
    expect(short).toMatchObject({ state: 'warn' });
  });

  test('a file in its place fails', async () => {
    await using folder = await createTempFolder();
    await folder.write('kept', '');
    const [finding] = await checkArchiveFolders(
      (await load(archived('./kept'), folder.path)).config,
    );
    const found = `${folder.path}/kept is a file, and no folder`;
    expect(finding).toMatchObject({ state: 'fail', found });
  });

  test('none where no channel asks for one', async () => {
    await using folder = await createTempFolder();
    expect(await checkArchiveFolders((await load('', folder.path)).config)).toEqual([]);
  });

  /** Together more than the disk of any machine that runs this test. */
  function many(path: string, count: number): string {
    const lines = Array.from({ length: count }, (_, index) => {
      const archive = `{ keep: 90d, as: hls, path: ${path} }`;
      return `  - { id: c${index}, archive: ${archive}, sources: ['http://a.example/${index}.m3u8'] }`;
    });
    return lines.join('\n');
  }
});
