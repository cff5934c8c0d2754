// This file checks the order in which the addresses of a name are tried.
import { describe, expect, test } from 'bun:test';
import { AddressBook } from '../../src/net/address-book.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('AddressBook.order()', () => {
  // RFC 8305 §4
  const TURNS: readonly (readonly [given: string, tried: string])[] = [
    ['', ''],
    ['1', '1'],
    ['1 2 3', '1 2 3'],
    ['::1 ::2 1 2', '::1 1 ::2 2'],
    ['1 2 ::1', '1 ::1 2'],
    ['::1 1 2 3', '::1 1 2 3'],
    ['::1 ::2 ::3 1', '::1 1 ::2 ::3'],
  ];
  test.each([...TURNS])('%p is tried as %p', (given, tried) => {
    const list = (text: string) => text.split(' ').filter((address) => address !== '');
    expect(new AddressBook(new FakeClock()).order(list(given), 80)).toEqual(list(tried));
  });

  test('what answered goes first for a minute, what did not goes last for ten', async () => {
    const clock = new FakeClock();
    const book = new AddressBook(clock);
    book.note('::1', 80, false);
    book.note('2', 80, true);
    const order = () => book.order(['::1', '1', '2'], 80).join(' ');
    expect(order()).toBe('2 1 ::1');
    expect(book.isGood('2', 80)).toBe(true);
    await clock.advance(60_000);
    expect(order()).toBe('1 2 ::1');
    await clock.advance(540_000);
    expect(order()).toBe('::1 1 2');
  });

  test('ports are apart, and what is forgotten is unknown', () => {
    const book = new AddressBook(new FakeClock());
    book.note('1', 80, true);
    expect([book.isGood('1', 80), book.isGood('1', 81)]).toEqual([true, false]);
    book.forget('1', 80);
    expect(book.isGood('1', 80)).toBe(false);
  });
});
