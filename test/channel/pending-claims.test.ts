// This file tests what is held while the store that nodes share is away.
import { describe, expect, test } from 'bun:test';
import { PendingClaims } from '../../src/channel/pending-claims.ts';
import { MemorySharedStore } from '../support/memory-shared-store.ts';

const NOTHING = new Map<string, unknown>();

describe('PendingClaims', () => {
  test('what is held stands, then what was claimed before, then what is proposed', () => {
    const pending = new PendingClaims();
    const held = new Map([['a', 'held']]);
    const first = pending.claim(
      'id',
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
      held,
    );
    expect([...first]).toEqual([
      ['a', 'held'],
      ['b', 1],
    ]);
    expect([
      ...pending.claim(
        'id',
        new Map([
          ['b', 2],
          ['c', 2],
        ]),
        held,
      ),
    ]).toEqual([
      ['b', 1],
      ['c', 2],
    ]);
    expect(pending.size).toBe(2);
    expect(pending.get('id', 'b')).toBe(1);
    expect(pending.get('else', 'b')).toBeUndefined();
    expect([...pending.over('id', held)].sort()).toEqual([
      ['a', 'held'],
      ['b', 1],
      ['c', 2],
    ]);
    expect(pending.over('else', held)).toBe(held);
  });

  test('is not changed by who proposed it', () => {
    const pending = new PendingClaims();
    const proposed = { number: 1 };
    pending.claim('id', new Map([['a', proposed]]), NOTHING);
    proposed.number = 2;
    expect(pending.get('id', 'a')).toEqual({ number: 1 });
  });

  test('claims them once it is back, and says of which kinds another came first', async () => {
    const pending = new PendingClaims();
    const store = new MemorySharedStore();
    await store.save('number', new Map([['a', 7]]));
    pending.claim(
      'number',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      NOTHING,
    );
    pending.claim('id', new Map([['a', 'x']]), NOTHING);
    const kept: unknown[] = [];
    const changed = await pending.settle(store, async (kind, standing) => {
      kept.push([kind, ...standing]);
    });
    expect(changed).toEqual(['number']);
    expect(kept).toEqual([
      ['number', ['a', 7], ['b', 2]],
      ['id', ['a', 'x']],
    ]);
    expect(pending.size).toBe(0);
    expect(await store.get('number', 'b')).toBe(2);
  });

  test('what is claimed while they are being claimed waits for the next time', async () => {
    const pending = new PendingClaims();
    pending.claim('id', new Map([['a', 1]]), NOTHING);
    const store = new MemorySharedStore();
    const claim = store.claim.bind(store);
    store.claim = async (kind, documents) => {
      const standing = await claim(kind, documents);
      // It has gone away in between
      pending.claim('id', new Map([['b', 1]]), NOTHING);
      return standing;
    };
    expect(await pending.settle(store, async () => {})).toEqual([]);
    expect(pending.size).toBe(1);
    expect(pending.get('id', 'b')).toBe(1);
  });

  test('holds so many and no more, and of one that is too much nothing', () => {
    const pending = new PendingClaims();
    const many = (prefix: string, count: number) =>
      new Map(Array.from({ length: count }, (_, at) => [`${prefix}${at}`, at]));
    pending.claim('id', many('a', 99_999), NOTHING);
    expect(() => pending.claim('id', many('b', 2), NOTHING)).toThrow(
      'Cannot hold 2 claims: the shared store is away, and 99999 wait',
    );
    expect(pending.size).toBe(99_999);
    pending.claim('id', many('b', 1), NOTHING);
    expect(pending.size).toBe(100_000);
  });
});
