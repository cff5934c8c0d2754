// This file tests who may watch.
import { describe, expect, test } from 'bun:test';
import { openUsers } from '../../src/access/open-users.ts';
import {
  DUMMY_HASH,
  generatePassword,
  hashPassword,
  passwordFault,
} from '../../src/access/password.ts';
import { isUserName, UserStore } from '../../src/access/user-store.ts';
import { silentLog } from '../../src/base/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemorySharedStore } from '../support/memory-shared-store.ts';
import { until } from '../support/until.ts';

const DAY_MS = 86_400_000;
const AT = '10.0.0.1';
/** As quick as can be: what is tested is not the hash. */
const quickHash = (password: string) => `quick ${password}`;

async function createWorld(documents: Readonly<Record<string, object>> = {}) {
  const clock = new FakeClock();
  const store = new MemorySharedStore();
  const base = { createdAtMs: clock.nowMs(), isEnabled: true };
  const put = (name: string, document: object | null) =>
    store.beside().save('user', new Map([[name, document && { ...base, ...document }]]));
  for (const [name, document] of Object.entries(documents)) await put(name, document);
  const compared: string[] = [];
  const compare = async (password: string, hash: string) => {
    compared.push(hash);
    await Promise.resolve();
    return hash === quickHash(password);
  };
  const users = await openUsers(store, { clock, log: silentLog, compare });
  return { clock, store, users, put, compared };
}

const anna = { passwordHash: quickHash('right'), maxConnections: 2 };

describe('openUsers()', () => {
  test('without any it is empty, and lets nobody in', async () => {
    const { users, put } = await createWorld();
    expect(users.isEmpty).toBe(true);
    expect(await users.check('', '', AT)).toEqual({ kind: 'refused', why: 'unknown' });
    expect(await users.check('admin', 'admin', AT)).toEqual({ kind: 'refused', why: 'unknown' });
    await put('anna', anna);
    expect(await until(() => !users.isEmpty, 5000)).toBe(true);
  });

  test('lets in who has the right password, and compares it once', async () => {
    const { users, compared, clock } = await createWorld({ anna });
    const right = {
      kind: 'user',
      user: { name: 'anna', isEnabled: true, createdAtMs: clock.nowMs(), maxConnections: 2 },
    } as const;
    const answers = await Promise.all([1, 2, 3].map(() => users.check('anna', 'right', AT)));
    expect(answers).toEqual([right, right, right]);
    expect(await users.check('anna', 'right', '10.0.0.2')).toEqual(right);
    expect(compared).toHaveLength(1);
    expect(await users.check('anna', 'wrong', AT)).toEqual({ kind: 'refused', why: 'unknown' });
    expect(await users.check('Anna', 'right', AT)).toEqual({ kind: 'refused', why: 'unknown' });
    expect(users.stats().checks).toEqual({
      right: 4,
      unknown: 2,
      disabled: 0,
      expired: 0,
      'locked-out': 0,
      busy: 0,
    });
  });

  test('compares with something where there is no such name, to take as long', async () => {
    const { users, compared } = await createWorld({ anna });
    await users.check('nobody', 'right', AT);
    await users.check('anna', 'wrong', AT);
    expect(compared).toEqual([DUMMY_HASH, anna.passwordHash]);
  });

  test('says of who knows the password that they are disabled or have expired', async () => {
    const { users, clock } = await createWorld({
      off: { ...anna, isEnabled: false },
      over: { ...anna, expiresAtMs: Date.UTC(2026, 0, 1) + DAY_MS },
    });
    expect(await users.check('off', 'right', AT)).toMatchObject({
      why: 'disabled',
      user: { name: 'off' },
    });
    expect(await users.check('off', 'wrong', AT)).toEqual({ kind: 'refused', why: 'unknown' });
    expect(await users.check('over', 'right', AT)).toMatchObject({ kind: 'user' });
    await clock.advance(DAY_MS);
    expect(await users.check('over', 'right', AT)).toMatchObject({
      why: 'expired',
      user: { name: 'over' },
    });
  });

  test('forgets that a password was right once there is another, or nobody', async () => {
    const { users, put } = await createWorld({ anna });
    expect((await users.check('anna', 'right', AT)).kind).toBe('user');
    await put('anna', { passwordHash: quickHash('new') });
    expect(
      await until(async () => (await users.check('anna', 'right', AT)).kind === 'refused', 5000),
    ).toBe(true);
    expect((await users.check('anna', 'new', AT)).kind).toBe('user');
    await put('anna', null);
    expect(await until(() => users.isEmpty, 5000)).toBe(true);
    expect((await users.check('anna', 'new', AT)).kind).toBe('refused');
  });

  test('locks out who guesses, be the last guess right, and nobody elsewhere', async () => {
    const { users, clock } = await createWorld({ anna });
    for (let at = 0; at < 10; at++) await users.check('anna', `wrong-${at}`, AT);
    expect(await users.check('anna', 'right', AT)).toEqual({ kind: 'refused', why: 'locked-out' });
    expect((await users.check('anna', 'right', '10.0.0.2')).kind).toBe('user');
    expect(await users.check('anna', 'right', AT)).toEqual({ kind: 'refused', why: 'locked-out' });
    expect(users.stats().lockedOut).toBe(1);
    await clock.advance(600_000);
    expect((await users.check('anna', 'right', AT)).kind).toBe('user');
  });

  test('locks out who sends all guesses at once', async () => {
    const { users } = await createWorld({ anna });
    const guesses = [...Array.from({ length: 60 }, (_, at) => `wrong-${at}`), 'right'];
    const answers = await Promise.all(guesses.map((guess) => users.check('anna', guess, AT)));
    expect(answers.at(-1)).toEqual({ kind: 'refused', why: 'locked-out' });
    expect(users.stats().checks.unknown).toBe(10);
    expect((await users.check('anna', 'right', '10.0.0.2')).kind).toBe('user');
  });

  test('a flood of comparisons is turned away, and who was right before is let in', async () => {
    const { users } = await createWorld({ anna });
    await users.check('anna', 'right', AT);
    const flood = Array.from({ length: 500 }, (_, at) =>
      users.check(`user-${at}`, 'x', `10.2.${at >> 8}.${at & 255}`),
    );
    expect((await users.check('anna', 'right', AT)).kind).toBe('user');
    const answers = await Promise.all(flood);
    const turnedAway = answers.filter((each) => each.kind === 'refused' && each.why === 'busy');
    expect(turnedAway.length).toBeGreaterThan(300);
    expect((await users.check('anna', 'wrong', AT)).kind).toBe('refused');
  });

  test('documents that are none let nobody in', async () => {
    const { users } = await createWorld({
      a: { passwordHash: 7 },
      b: { ...anna, maxConnections: 'many' },
      c: { ...anna, expiresAtMs: '2026' },
      d: { ...anna, isEnabled: 'yes' },
      '..': anna,
    });
    expect(users.isEmpty).toBe(true);
  });
});

describe('UserStore', () => {
  test('adds, changes and removes users, whose passwords really count', async () => {
    const store = new MemorySharedStore();
    const stored = new UserStore(store);
    const user = { name: 'anna', createdAtMs: 1, isEnabled: true };
    await stored.add(user, 'first-password');
    expect(stored.add(user, 'other')).rejects.toThrow('Cannot add anna: there is one already');
    expect(stored.change('ben', { isEnabled: false })).rejects.toThrow('Cannot find ben');
    using users = await openUsers(store, { clock: new FakeClock(), log: silentLog });
    expect((await users.check('anna', 'first-password', AT)).kind).toBe('user');
    expect((await users.check('anna', 'other', AT)).kind).toBe('refused');
    await stored.change('anna', { password: 'second-password', maxConnections: 3 });
    using again = await openUsers(store, { clock: new FakeClock(), log: silentLog });
    expect(await again.check('anna', 'second-password', AT)).toMatchObject({
      user: { maxConnections: 3 },
    });
    await stored.change('anna', { expiresAtMs: 5 });
    // What is not named stays, and null takes a limit off
    await stored.change('anna', { maxConnections: null });
    const { user: left } = (await stored.load()).get('anna')!;
    expect(left).toEqual({ ...user, expiresAtMs: 5 });
    await stored.remove('anna');
    expect((await stored.load()).size).toBe(0);
    expect(stored.remove('anna')).rejects.toThrow('Cannot find anna');
    expect(JSON.stringify([...(await store.load('user'))])).not.toContain('second-password');
  });
});

test('hashPassword() makes what the hash of nobody looks like', async () => {
  const parameters = (hash: string) => hash.split('$').slice(0, 4);
  expect(parameters(await hashPassword('a password'))).toEqual(parameters(DUMMY_HASH));
});

test('passwordFault() and isUserName() allow what arrives in a path', () => {
  for (const good of [generatePassword(), 'aB3.~!$*(),:@-_', 'x'.repeat(128)]) {
    expect(passwordFault(good)).toBeUndefined();
  }
  for (const bad of [
    '',
    'short',
    'x'.repeat(129),
    'with blank',
    'a/b/c/d/e',
    'a&b=c%20d',
    'ümläute1',
    'a+b+c+d+e',
  ]) {
    expect(passwordFault(bad)).toBeDefined();
  }
  const names = ['a', 'A.b-c_9', '..a', '.', '..', '...', '', 'a b', 'a/b', 'ü', 'x'.repeat(65)];
  expect(names.filter(isUserName)).toEqual(['a', 'A.b-c_9', '..a']);
});
