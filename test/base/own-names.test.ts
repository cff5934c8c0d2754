// This file tests that no two things are called the same.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ownNames } from '../../src/base/own-names.ts';

describe('ownNames()', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['nothing', [], []],
    ['names of their own', ['a', 'b'], ['a', 'b']],
    ['three of one name', ['a', 'a', 'a'], ['a', 'a 2', 'a 3']],
    ['one that is called as the second would be', ['a 2', 'a', 'a'], ['a 2', 'a', 'a 3']],
  ];
  test.each(rows)('%s', (_, names, own) => {
    expect(ownNames(names)).toEqual(own);
  });

  test('no two are the same, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'a 2', 'a 2 2', 'a 3', 'b', '')), (names) => {
        expect(new Set(ownNames(names)).size).toBe(names.length);
      }),
    );
  });
});
