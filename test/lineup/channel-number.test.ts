// This file tests that channels without a number get one that stays.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChannelConfig } from '../../src/config/config.ts';
import { channelNumbers } from '../../src/lineup/channel-number.ts';

function channel(id: string, number?: number): ChannelConfig {
  const rest = { id, name: id, mode: 'buffered', sources: [], keepWarm: false } as const;
  return number === undefined ? rest : { ...rest, number };
}

describe('channelNumbers()', () => {
  test('keeps what was given and hashes the rest, the same in every version', () => {
    const numbers = channelNumbers([channel('news', 5), channel('sport'), channel('clock')]);
    expect([...numbers].sort()).toEqual([
      ['clock', NUMBERS.clock],
      ['news', 5],
      ['sport', NUMBERS.sport],
    ]);
  });

  test('a number that was given moves the channel that would have had it', () => {
    const numbers = channelNumbers([channel('sport'), channel('news', NUMBERS.sport)]);
    expect(numbers.get('sport')).toBe(NUMBERS.sport + 1);
  });

  test('is whole, unique, within five digits, whatever the order', () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_-]{1,12}$/), { maxLength: 300 });
    fc.assert(
      fc.property(ids, fc.nat(), (all, seed) => {
        const channels = all.map((id, index) =>
          channel(id, index % 7 === 0 ? 10_000 + index : undefined),
        );
        const numbers = channelNumbers(channels);
        expect(numbers.size).toBe(all.length);
        expect(new Set(numbers.values()).size).toBe(all.length);
        for (const number of numbers.values()) {
          expect(Number.isInteger(number) && number >= 10_000 && number <= 99_999).toBe(true);
        }
        const shuffled = channels.toSorted((a, b) => hash(a.id, seed) - hash(b.id, seed));
        expect(new Map([...channelNumbers(shuffled)].sort())).toEqual(new Map([...numbers].sort()));
      }),
      { numRuns: 100 },
    );
  });

  test('a channel more or less leaves the others where they are', () => {
    const channels = Array.from({ length: 200 }, (_, index) => channel(`channel-${index}`));
    const before = channelNumbers(channels);
    const after = channelNumbers([...channels.slice(50), channel('another')]);
    const moved = channels.slice(50).filter(({ id }) => before.get(id) !== after.get(id));
    expect(moved.map(({ id }) => id)).toEqual([]);
  });

  test('more channels than slots is no endless search', () => {
    const channels = Array.from({ length: 60_000 }, (_, index) => channel(`c${index}`));
    expect(channelNumbers(channels).size).toBe(45_000);
  });
});

/** FNV-1a of the id, modulo 90,000, and 10,000. */
const NUMBERS = { sport: 31245, clock: 23373 };

function hash(text: string, seed: number): number {
  let sum = seed;
  for (const char of text) sum = (sum * 31 + char.charCodeAt(0)) % 1_000_003;
  return sum;
}
