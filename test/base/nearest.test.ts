// This file tests the guess at what a mistyped word was meant to be.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { editDistance, nearest } from '../../src/base/nearest.ts';

describe('editDistance()', () => {
  const rows: readonly [string, string, number][] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['listen', 'listen', 0],
    ['lisen', 'listen', 1],
    ['lsiten', 'listen', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ];
  test.each(rows)('%j to %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  test('is a distance: symmetric, zero for the same only, never over the longer word', () => {
    const word = fc.string({ maxLength: 20 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  test('a very long word costs no more than a long one', () => {
    expect(editDistance('x'.repeat(1e6), 'y'.repeat(1e6))).toBe(64);
  });
});

describe('nearest()', () => {
  const known = ['listen', 'public_url', 'memory', 'prefetch', 'channels', 'id'];
  const rows: readonly [string, string | undefined][] = [
    ['lisen', 'listen'],
    ['publicUrl', 'public_url'],
    ['public-url', 'public_url'],
    ['MEMORY', 'memory'],
    ['chanels', 'channels'],
    ['ip', 'id'],
    ['colour', undefined],
    ['', undefined],
    ['x', undefined],
  ];
  test.each(rows)('%j is most likely %j', (word, expected) => {
    expect(nearest(word, known)).toBe(expected as string);
  });
});
