// This file tests what is written beside a body that was put, and what is believed of it.
import { describe, expect, test } from 'bun:test';
import { putWithin, stamped } from '../../../src/ring/tiers/stamped.ts';

const body = new Blob(['bytes']);
const given = { body, contentType: 'video/mp2t' };

describe('putWithin()', () => {
  test.each([
    ['what was put in that time', 1000, 500, 1500, true],
    ['the first moment of it', 1000, 1000, 1500, true],
    ['the last moment of it', 1000, 500, 1000, true],
    ['what was put before', 499, 500, 1500, false],
    ['what was put later', 1501, 500, 1500, false],
    ['any time at all', 7, 0, Number.POSITIVE_INFINITY, true],
  ] as const)('%s', (_, atMs, fromMs, toMs, isTaken) => {
    const found = putWithin(stamped(given, atMs), { fromMs, toMs });
    expect(found).toEqual(isTaken ? given : undefined);
  });

  test.each([
    'video/mp2t',
    'video/mp2t; stored=',
    'video/mp2t; stored=-5',
    'video/mp2t; stored=1e3',
    'video/mp2t; stored=1; stored=2',
    '',
  ])('what somebody else put as %j is not believed', (contentType) => {
    const always = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
    expect(putWithin({ body, contentType }, always)).toBeUndefined();
  });

  test('nothing stays nothing', () => {
    expect(putWithin(undefined, { fromMs: 0, toMs: 1 })).toBeUndefined();
  });
});
