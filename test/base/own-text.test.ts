// This file tests that a text copied out of a larger one is the same text.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ownText } from '../../src/base/own-text.ts';

test('ownText() is the same text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => ownText(text) === text));
});

test('ownText() has a place holder where half a surrogate stands', () => {
  expect(ownText('a\ud800b')).toBe('a\ufffdb');
});

test('ownText() keeps a byte order mark', () => {
  expect(ownText('\ufeffa')).toBe('\ufeffa');
});
