// This file tests that imported channels keep their ids.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { assignIds, idFromName } from '../../src/lineup/channel-id.ts';

const ID = /^[a-z0-9_-]{1,64}$/;

describe('idFromName()', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['BBC One', 'bbc-one'],
    ['BBCOne.uk@HD', 'bbcone-uk-hd'],
    ['news_24', 'news_24'],
    ['Canal+', 'canal-plus'],
    ['Film4 +1', 'film4-plus-1'],
    ['A&E', 'a-and-e'],
    ['TF1 (Série Été)', 'tf1-serie-ete'],
    ['Łódź Straße Ærø', 'lodz-strasse-aero'],
    ['ＮＨＫ　１', 'nhk-1'],
    ['  --x--  ', 'x'],
    ['x'.repeat(64), 'x'.repeat(64)],
    // A hash of the name behind what is left of it, or behind a c
    ['Россия 1', '1-6a96b6d3'],
    ['Канал 1', '1-1fe30f55'],
    ['日本', 'c-cf2abf0c'],
    ['📺', 'c-e692faa2'],
    ['', 'c-e3b0c442'],
    ['y'.repeat(65), `${'y'.repeat(55)}-c4a2649e`],
  ];
  test.each(rows)('%p is %p', (name, id) => {
    expect(idFromName(name)).toBe(id);
  });

  test('is an id for any text, and one for every way to write it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(idFromName(name)).toMatch(ID);
        expect(idFromName(name.normalize('NFD'))).toBe(idFromName(name.normalize('NFC')));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('assignIds()', () => {
  type Wanted = { readonly id: string; readonly key: string };
  const assign = (wanted: readonly Wanted[], taken: readonly string[]) =>
    assignIds(wanted, (id) => taken.includes(id));
  const entry = fc.record({
    id: fc.constantFrom('news', 'sport', 'news-0000', 'x'.repeat(64)),
    key: fc.string({ minLength: 1, maxLength: 8 }),
  });
  const entries = fc.uniqueArray(entry, { selector: ({ key }) => key, maxLength: 40 });
  const taken = fc.uniqueArray(fc.constantFrom('news', 'demo', 'other'));

  test('ids are unique, none is taken, and the order does not matter', () => {
    fc.assert(
      fc.property(entries, taken, (wanted, used) => {
        const ids = assign(wanted, used);
        expect(new Set([...ids, ...used]).size).toBe(ids.length + used.length);
        for (const id of ids) expect(id).toMatch(ID);
        const backwards = assign(wanted.toReversed(), used);
        expect(backwards.toReversed()).toEqual([...ids]);
      }),
      { numRuns: 1000 },
    );
  });

  test('one of the rivals has the id as it is', () => {
    const wanted = ['a', 'b', 'c'].map((key) => ({ id: 'news', key }));
    const ids = assign(wanted, []);
    expect(ids.filter((id) => id === 'news')).toHaveLength(1);
    expect(ids.filter((id) => /^news-[0-9a-f]{8}$/.test(id))).toHaveLength(2);
  });

  test('a taken id is given to none of them, and one alone is moved as well', () => {
    expect(assign([{ id: 'demo', key: 'a' }], ['demo'])).toEqual(['demo-ca978112']);
  });

  test('an id that looks like a hashed one stays with whom it belongs to', () => {
    const wanted = [
      { id: 'demo', key: 'a' },
      { id: 'demo-ca978112', key: 'b' },
    ];
    const ids = assign(wanted, ['demo']);
    expect(ids).toEqual(['demo-ca978112ca1bbdca', 'demo-ca978112']);
  });
});
