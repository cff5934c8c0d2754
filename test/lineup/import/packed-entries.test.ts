// This file tests that entries are the same once they were packed, and what of them stays the same packed.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { KnownEntry } from '../../../src/lineup/import/identity/known-entry.ts';
import { packEntries } from '../../../src/lineup/import/list-entries.ts';
import type { ListEntry } from '../../../src/lineup/import/list-entry.ts';
import { headOf } from '../../../src/lineup/import/packed-channels.ts';
import { givenIn, packKnown, regiven } from '../../../src/lineup/import/packed-entries.ts';
import { createDesk, inputOf, lineUpSetting } from '../../support/line-up-world.ts';

const said = {
  name: fc.string(),
  url: fc.webUrl(),
  kind: fc.constantFrom('film' as const, 'series' as const),
  group: fc.string(),
  guide: fc.string(),
  kept: fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
};
const listed = fc.record(
  { ...said, number: fc.integer({ min: 1 }) },
  { requiredKeys: ['name', 'url'] },
);
const known: fc.Arbitrary<KnownEntry> = fc.record(
  {
    ...said,
    id: fc.string(),
    born: fc.nat(),
    number: fc.nat(),
    numberedFrom: fc.nat(),
    was: fc.array(fc.string()),
    goneMs: fc.nat(),
    as: fc.record({ id: fc.string(), number: fc.nat() }, { requiredKeys: ['id'] }),
  },
  { requiredKeys: ['name', 'url', 'id', 'born'] },
);
/** So many that they take several pieces. */
const many = { minLength: 0, maxLength: 700, size: 'max' as const };

describe('packed entries', () => {
  test('that are known are what they were, as are those that are picked', () => {
    fc.assert(
      fc.property(fc.array(known, many), fc.array(fc.nat(800)), (entries, indexes) => {
        const rows = packKnown(entries);
        expect([...rows]).toEqual(entries);
        expect(rows.length).toBe(entries.length);
        const wanted = [...new Set(indexes)].filter((index) => index < entries.length);
        const picked = wanted.sort((a, b) => a - b).map((index) => [index, entries[index]]);
        expect([...rows.at(new Set(indexes))] as unknown[]).toEqual(picked);
      }),
      { numRuns: 6 },
    );
  });

  test('of a list are what they were but for the number, which stands beside them', () => {
    fc.assert(
      fc.property(fc.array(listed, many), fc.nat(800), (entries, knownCount) => {
        const packed = packEntries(entries, knownCount);
        const without = entries.map(({ number: _, ...entry }): ListEntry => entry);
        expect([...packed.rows]).toEqual(without);
        expect(packed.numbers).toEqual(entries.map(({ number }) => number ?? 0));
        expect(packed.isLive).toEqual(entries.map(({ kind }) => kind === undefined));
        expect(packed.wishes.length).toBe(Math.max(0, entries.length - knownCount));
      }),
      { numRuns: 6 },
    );
  });

  test('that are given something else are the same otherwise; where nothing is, all is the same', () => {
    fc.assert(
      fc.property(fc.array(known, many), fc.nat(800), (entries, at) => {
        const rows = packKnown(entries);
        expect(regiven(rows, (given) => given)).toBe(rows);
        const one = entries[at];
        const changed = regiven(rows, (given) =>
          given.id === one?.id ? { ...given, goneMs: 7 } : given,
        );
        const wanted = entries.map((entry) =>
          entry.id === one?.id ? { ...entry, goneMs: 7 } : entry,
        );
        expect([...changed]).toEqual(wanted);
        expect([...givenIn(changed)].map(({ goneMs }) => goneMs)).toEqual(
          wanted.map(({ goneMs }) => goneMs),
        );
      }),
      { numRuns: 6 },
    );
  });
});

describe('channels on their way to the serving thread', () => {
  const URL = 'http://a.example/';
  const input = inputOf([lineUpSetting(URL)]);
  const names = Array.from({ length: 2000 }, (_, index) => `Channel ${index}`);
  const list = (token: string, all = names) =>
    `#EXTM3U\n${all
      .map((name) => {
        const number = name.slice(8);
        return `#EXTINF:-1 group-title="G",${name}\nhttp://h.example/live/u/${token}/${number}.ts\n`;
      })
      .join('')}`;

  async function headsOver(...lists: readonly string[]): Promise<readonly string[][]> {
    const script = { [URL]: { body: '' } };
    const { desk } = createDesk({ script });
    const heads: string[][] = [];
    for (const body of lists) {
      script[URL] = { body };
      await desk.call({ what: 'import', key: URL, input });
      heads.push((await desk.call({ what: 'combine', input })).channels.map(headOf));
    }
    return heads;
  }

  test('have the heads that they had while tokens change', async () => {
    const [before = [], after] = await headsOver(list('first'), list('second'));
    expect(before.length).toBeGreaterThan(8);
    expect(after).toEqual(before);
  });

  test('have most of them where one comes and another goes', async () => {
    const others = [...names.slice(0, 500), 'Channel 9999', ...names.slice(500, 1500)];
    const [before = [], after = []] = await headsOver(
      list('first'),
      list('second', [...others, ...names.slice(1501)]),
    );
    const left = before.filter((head) => !after.includes(head));
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(6);
  });
});
