// This file tests `weir user`, beside a server that runs and without one.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parseArguments, UsageError } from '../../src/command/command-line.ts';
import { USER_FLAGS } from '../../src/command/user-flags.ts';
import {
  limitsOf,
  nameOf,
  newNameOf,
  parseExpiry,
  passwordOf,
} from '../../src/command/user-values.ts';
import {
  formatAddresses,
  formatChanged,
  formatUsers,
  playerAddresses,
} from '../../src/command/user-words.ts';
import { loadConfig } from '../../src/config/load.ts';
import { COMMANDS } from '../../src/main.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { runWeir, Weir, weirCommand, weirEnv } from '../support/weir.ts';

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const DAY_MS = 86_400_000;

const given = (...args: string[]) =>
  parseArguments(args, { name: 'user', flags: USER_FLAGS, maxOperands: 2 });

describe('what weir user is given', () => {
  test('limits', () => {
    expect(limitsOf(given('add', 'a'), NOW_MS)).toEqual({});
    expect(limitsOf(given('add', 'a', '--connections', '2', '--expires', '30d'), NOW_MS)).toEqual({
      maxConnections: 2,
      expiresAtMs: NOW_MS + 30 * DAY_MS,
    });
    const lifted = given('set', 'a', '--connections', 'any', '--expires', 'never');
    expect(limitsOf(lifted, NOW_MS)).toEqual({ maxConnections: null, expiresAtMs: null });
    for (const wrong of ['0', '1001', 'two', '1.5', '', 'Any']) {
      expect(() => limitsOf(given('add', 'a', `--connections=${wrong}`), NOW_MS)).toThrow(
        UsageError,
      );
    }
  });

  test('a day lasts to its end, and nothing ends in the past', () => {
    expect(parseExpiry('2027-01-31', NOW_MS)).toBe(new Date(2027, 1, 1).getTime());
    expect(parseExpiry('2027-01-31T10:00:00Z', NOW_MS)).toBe(Date.UTC(2027, 0, 31, 10));
    for (const wrong of [
      '2026-05-30',
      '2027-02-31',
      '2027-13-01',
      'tomorrow',
      '0',
      '99999999999d',
    ]) {
      expect(() => parseExpiry(wrong, NOW_MS)).toThrow(UsageError);
    }
  });

  test('names and passwords', async () => {
    expect(nameOf(given('add', 'anna'))).toBe('anna');
    for (const wrong of [[], ['a/b'], ['..'], ['ü']]) {
      expect(() => nameOf(given('add', ...wrong))).toThrow(UsageError);
    }
    expect(() => nameOf(given('add', 'ü'))).toThrow('wanted 1 to 64 of A-Z, a-z, 0-9, ., _ and -');
    // One that there is already can still be removed
    expect(nameOf(given('remove', 'proxy'))).toBe('proxy');
    expect(() => newNameOf(given('add', 'proxy'))).toThrow('begins addresses of ours');
    expect(newNameOf(given('add', 'anna'))).toBe('anna');
    const from = (text: string) =>
      passwordOf(given('add', 'a', '--password-stdin'), async () => text);
    expect(await from('long-enough\n')).toEqual({ text: 'long-enough', isGenerated: false });
    expect(await from('long-enough\r\nmore')).toEqual({ text: 'long-enough', isGenerated: false });
    expect(from('')).rejects.toThrow('Cannot take the password');
    expect(from('with/slash')).rejects.toThrow('Cannot take the password');
    expect(from('ümläut-pass')).rejects.toThrow('wanted A-Z, a-z, 0-9 and');
    const made = await passwordOf(given('add', 'a'), async () => 'not read');
    expect(made).toEqual({ text: expect.stringMatching(/^[a-z2-9]{16}$/), isGenerated: true });
  });

  test('every action is in the help', () => {
    const { notes } = COMMANDS.find(({ name }) => name === 'user')!;
    for (const action of ['add', 'list', 'password', 'set', 'disable', 'enable', 'remove']) {
      expect(notes).toContain(`\n  ${action} `);
    }
  });
});

test('formatUsers() says who there is, and where there is nobody', () => {
  expect(formatUsers([], NOW_MS, '/data/shared.sqlite')).toBe(
    'There are no users in /data/shared.sqlite: weir user add NAME makes one.\n',
  );
  const base = { createdAtMs: NOW_MS, isEnabled: true };
  const users = [
    { ...base, name: 'anna', maxConnections: 2, expiresAtMs: NOW_MS },
    { ...base, name: 'b', isEnabled: false },
  ];
  expect(
    formatUsers(users, NOW_MS, '/data'),
  ).toBe(`user  state     streams at once    expires (UTC)     since
anna  expired   2                  2026-06-01T12:00  2026-06-01
b     disabled  as many as wanted  never             2026-06-01
`);
});

test('formatChanged() says what stands now, and what keeps the user out all the same', () => {
  const anna = { name: 'anna', createdAtMs: NOW_MS, isEnabled: true };
  const later = { ...anna, maxConnections: 3, expiresAtMs: NOW_MS + 1 };
  for (const [user, word, said] of [
    [anna, 'changed', 'changed: as many streams at once as wanted, never expires'],
    [later, 'changed', 'changed: 3 at once, expires 2026-06-01T12:00 (UTC)'],
    [
      { ...later, expiresAtMs: NOW_MS },
      'enabled',
      'enabled: 3 at once, expired 2026-06-01T12:00 (UTC)',
    ],
    [
      { ...later, isEnabled: false },
      'disabled',
      'disabled: 3 at once, expires 2026-06-01T12:00 (UTC)',
    ],
    [
      { ...later, isEnabled: false },
      'changed',
      'changed: 3 at once, expires 2026-06-01T12:00 (UTC), still disabled',
    ],
  ] as const) {
    expect(formatChanged(user, word, NOW_MS)).toBe(`User anna ${said}.\n`);
  }
});

test('playerAddresses() are what players open, by the public URL where there is one', async () => {
  await using folder = await createTempFolder();
  const yaml = 'public_url: https://tv.example.com/weir\nguides: https://guide.example.com/a.xml\n';
  await folder.write('weir.yaml', yaml);
  const { config } = await loadConfig({
    workingDir: folder.path,
    environment: {},
    flags: new Map(),
    m3u: [],
  });
  expect(playerAddresses(config, 'anna', 'a$b,c')).toEqual({
    server: 'https://tv.example.com/weir',
    lineUp:
      'https://tv.example.com/weir/get.php?username=anna&password=a%24b%2Cc&type=m3u_plus&output=ts',
    guide: 'https://tv.example.com/weir/xmltv.php?username=anna&password=a%24b%2Cc',
  });
  // No guide would be at its address
  const bare = playerAddresses({ ...config, guides: [] }, 'anna', 'abc');
  expect(bare.guide).toBeUndefined();
  expect(formatAddresses('anna', 'abc', bare)).toContain('\n  guide     none is configured\n');
});

describe('weir user', () => {
  test('without a server: adds, lists, changes and removes', async () => {
    await using folder = await createTempFolder();
    const data = ['--data', join(folder.path, 'data')];
    const weir = (...args: string[]) => runWeir(['user', ...args, ...data]);
    const added = await weir('add', 'anna', '--connections', '2', '--json');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    const { password } = JSON.parse(added.stdout) as { password: string };
    expect(password).toMatch(/^[a-z2-9]{16}$/);
    expect(await weir('add', 'anna')).toMatchObject({
      code: 1,
      stderr: 'weir: Cannot add anna: there is one already\n',
    });
    const listed = JSON.parse((await weir('list', '--json')).stdout) as { users: object[] };
    expect(listed.users).toEqual([
      expect.objectContaining({ name: 'anna', state: 'enabled', connections: 2, expires: null }),
    ]);
    const changed = await weir('set', 'anna', '--connections', '3', '--expires', '2d', '--json');
    expect(JSON.parse(changed.stdout)).toMatchObject({ connections: 3, state: 'enabled' });
    expect((await weir('set', 'anna', '--expires', 'never')).stdout).toBe(
      'User anna changed: 3 at once, never expires.\n',
    );
    expect((await weir('remove', 'anna')).stdout).toBe('User anna removed.\n');
    expect(await weir('remove', 'anna')).toMatchObject({ code: 1 });
    expect(await weir('remvoe', 'anna')).toMatchObject({ code: 2 });
    expect((await weir('list')).stdout).toContain(`no users in ${folder.path}`);
  }, 60_000);

  test('what an action does not heed is refused, and nothing is written', async () => {
    await using folder = await createTempFolder();
    for (const [args, said] of [
      [['disable', 'anna', '--expires', '2d'], 'weir user disable does not take --expires'],
      [['password', 'anna', '--connections=2'], 'weir user password does not take --connections'],
      [['list', 'anna'], 'weir user list takes no name, and was given "anna"'],
      [['set', 'anna'], 'Set what of the user? --connections, or --expires'],
      [['constructor', 'anna'], 'Unknown action "constructor"'],
    ] as const) {
      const { code, stderr } = await runWeir(['user', ...args, '--data', join(folder.path, 'd')]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) });
    }
  }, 60_000);

  test('beside a server, which takes it up within seconds', async () => {
    await using weir = await Weir.start();
    const users = async () => {
      const shown = await (await fetch(weir.url('/metrics'))).text();
      return /^weir_users (\d+)$/m.exec(shown)?.[1] ?? '0';
    };
    expect(await users()).toBe('0');
    const child = Bun.spawn({
      cmd: [...weirCommand(), 'user', 'add', 'anna', '--password-stdin', '--data', weir.dataDir],
      env: weirEnv(),
      stdin: new Blob(['long-enough\n']),
      stdout: 'pipe',
    });
    expect(await new Response(child.stdout).text()).toMatch(
      /^User anna added to .*shared\.sqlite\.\n[\s\S]*as you have chosen it/,
    );
    expect(await child.exited).toBe(0);
    expect(await until(async () => (await users()) === '1', 15_000)).toBe(true);
    const most = async () => {
      const login = await fetch(weir.url('/player_api.php?username=anna&password=long-enough'));
      return ((await login.json()) as { user_info: { max_connections: string } }).user_info;
    };
    const set = (connections: string) =>
      runWeir(['user', 'set', 'anna', '--connections', connections, '--data', weir.dataDir]);
    for (const [connections, told] of [
      ['3', '3'],
      ['any', '0'],
    ] as const) {
      expect((await set(connections)).code).toBe(0);
      const isTold = async () => (await most()).max_connections === told;
      expect(await until(isTold, 15_000)).toBe(true);
    }
    expect((await runWeir(['user', 'remove', 'anna', '--data', weir.dataDir])).code).toBe(0);
    expect(await until(async () => (await users()) === '0', 15_000)).toBe(true);
  }, 90_000);
});
