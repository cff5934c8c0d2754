// This file tests who is locked out for guessing, and for how long.
import { describe, expect, test } from 'bun:test';
import { LockOut } from '../../src/access/lock-out.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MINUTE_MS = 60_000;

function guess(lockOut: LockOut, count: number, name: string, address: string, first = 0): void {
  for (let at = first; at < first + count; at++) lockOut.failed(name, `wrong-${at}`, address);
}

describe('LockOut', () => {
  test('locks one name at one address after ten different passwords, for ten minutes', async () => {
    const clock = new FakeClock();
    const lockOut = new LockOut(clock);
    guess(lockOut, 9, 'anna', '10.0.0.1');
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(false);
    expect(lockOut.failed('anna', 'the tenth', '10.0.0.1')).toBe(true);
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(true);
    expect(lockOut.isLocked('anna', '10.0.0.2')).toBe(false);
    expect(lockOut.isLocked('ben', '10.0.0.1')).toBe(false);
    expect(lockOut.lockedCount).toBe(1);
    await clock.advance(10 * MINUTE_MS - 1);
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(true);
    await clock.advance(1);
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(false);
    expect(lockOut.lockedCount).toBe(0);
  });

  test('a player that goes on with the same wrong password does not guess', () => {
    const lockOut = new LockOut(new FakeClock());
    for (let at = 0; at < 500; at++) lockOut.failed('anna', 'old', '10.0.0.1');
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(false);
  });

  test('locks an address that tries many names', () => {
    const lockOut = new LockOut(new FakeClock());
    for (let at = 0; at < 50; at++) lockOut.failed(`user-${at}`, 'same', '10.0.0.1');
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(true);
    expect(lockOut.isLocked('anna', '10.0.0.2')).toBe(false);
  });

  test('forgets what was wrong long ago, or before the right one', async () => {
    const clock = new FakeClock();
    const lockOut = new LockOut(clock);
    guess(lockOut, 9, 'anna', '10.0.0.1');
    await clock.advance(11 * MINUTE_MS);
    guess(lockOut, 9, 'anna', '10.0.0.1', 9);
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(false);
    lockOut.succeeded('anna', '10.0.0.1');
    guess(lockOut, 9, 'anna', '10.0.0.1', 18);
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(false);
  });

  test.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['fe80::1%eth0', 'fe80::2%eth1', true],
  ])('takes %s and %s for the same place: %p', (one, two, isSame) => {
    const lockOut = new LockOut(new FakeClock());
    guess(lockOut, 10, 'anna', one);
    expect(lockOut.isLocked('anna', two)).toBe(isSame);
  });

  test('holds so many and no more, and forgets who failed first', () => {
    const lockOut = new LockOut(new FakeClock());
    guess(lockOut, 10, 'anna', '10.0.0.1');
    for (let at = 0; at < 11_000; at++) lockOut.failed('ben', 'x', `10.1.${at >> 8}.${at & 255}`);
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(false);
    guess(lockOut, 10, 'anna', '10.0.0.1');
    expect(lockOut.isLocked('anna', '10.0.0.1')).toBe(true);
  });
});
