// This file tests that channels of line-ups keep their ids and numbers, whatever their lists do.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { KnownEntry } from '../../../../src/lineup/import/identity/known-entry.ts';
import {
  type SettleContext,
  settle as settlePacked,
} from '../../../../src/lineup/import/identity/settle.ts';
import { packEntries } from '../../../../src/lineup/import/list-entries.ts';
import type { ListEntry } from '../../../../src/lineup/import/list-entry.ts';
import { packKnown } from '../../../../src/lineup/import/packed-entries.ts';

const DAY_MS = 86_400_000;

const NONE: SettleContext = {
  takenIds: new Set(),
  takenNumbers: new Set(),
  numbers: new Map(),
  edition: 1,
  nowMs: 1000,
};

function settle(
  entries: readonly ListEntry[],
  known: readonly KnownEntry[],
  context: SettleContext,
) {
  const settled = settlePacked(packEntries(entries, known.length), packKnown(known), context);
  return { ...settled, rows: [...settled.rows] };
}

function first(entries: readonly ListEntry[]): readonly KnownEntry[] {
  return settle(entries, [], NONE).rows;
}

function next(
  entries: readonly ListEntry[],
  known: readonly KnownEntry[],
  more: Partial<SettleContext> = {},
) {
  return settle(entries, known, { ...NONE, edition: 2, ...more });
}

/** By the URL's path, which none of the lists here changes, so that a test knows which is which. */
const stamp = ({ url }: ListEntry) => /\/(\d+)\.ts/.exec(url)?.[1] ?? url;
const idsByStamp = (rows: readonly KnownEntry[]) =>
  new Map(rows.filter(({ goneMs }) => goneMs === undefined).map((row) => [stamp(row), row.id]));
const numbersByStamp = (rows: readonly KnownEntry[]) =>
  new Map(rows.filter(({ goneMs }) => goneMs === undefined).map((row) => [stamp(row), row.number]));

/** Lists as they are: names and guide ids that several share, groups, numbers on some. */
const anyList = fc
  .array(
    fc.record({
      name: fc.constantFrom('News', 'News HD', 'Sport 1', 'Sport 2', 'Новости', 'a', 'News!'),
      group: fc.constantFrom('UK', 'DE', undefined),
      guide: fc.constantFrom('news.uk', 'sport.uk', undefined, undefined),
      number: fc.constantFrom(1, 2, 7, undefined, undefined),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((rows) =>
    rows.map(({ name, group, guide, number }, index): ListEntry => {
      return {
        name,
        ...(group === undefined ? {} : { group }),
        ...(guide === undefined ? {} : { guide }),
        ...(number === undefined ? {} : { number }),
        url: `http://h.example/live/user/secret/${1000 + index}.ts?token=a${index}`,
      };
    }),
  );

const shuffled = (list: readonly ListEntry[], seed: number) =>
  list
    .map((entry, index) => ({ entry, at: Bun.hash.wyhash(`${seed} ${index}`) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ entry }) => entry);

const withToken = (list: readonly ListEntry[], token: string) =>
  list.map((entry) => ({
    ...entry,
    url: entry.url.replace(/user\/secret/, `user/${token}`).replace(/token=\w+/, `token=${token}`),
  }));

describe('settle()', () => {
  test('no two entries have one id or one number, and none of others is given', () => {
    fc.assert(
      fc.property(anyList, (list) => {
        const takenIds = new Set(['news-uk', 'news']);
        const takenNumbers = new Set([2, 8]);
        const { rows } = settle(list, [], { ...NONE, takenIds, takenNumbers });
        const ids = rows.map(({ id }) => id);
        const numbers = rows.map(({ number }) => number);
        expect(new Set([...ids, ...takenIds]).size).toBe(ids.length + takenIds.size);
        expect(new Set([...numbers, ...takenNumbers]).size).toBe(ids.length + takenNumbers.size);
        for (const id of ids) expect(id).toMatch(/^[a-z0-9_-]{1,64}$/);
      }),
    );
  });

  test('a shuffle and new tokens change neither ids nor numbers', () => {
    fc.assert(
      fc.property(anyList, fc.nat(), fc.boolean(), (list, seed, isRenewed) => {
        const known = first(list);
        const now = shuffled(isRenewed ? withToken(list, 'fresh0000000001') : list, seed);
        const { rows, changes } = next(now, known);
        expect(idsByStamp(rows)).toEqual(idsByStamp(known));
        expect(numbersByStamp(rows)).toEqual(numbersByStamp(known));
        expect(changes).toEqual({ added: [], gone: [], back: [], renamed: [], renumbered: [] });
      }),
    );
  });

  test('renames and new groups change no id, over any number of refreshes', () => {
    const renames = fc.array(
      fc.record({ at: fc.nat(), name: fc.string({ minLength: 1 }), group: fc.string() }),
    );
    fc.assert(
      fc.property(anyList, renames, fc.nat(), (list, changes, seed) => {
        let rows = first(list.map(({ guide: _, ...entry }) => entry));
        const before = idsByStamp(rows);
        let now: readonly ListEntry[] = list.map(({ guide: _, ...entry }) => entry);
        for (const [step, { at, name }] of changes.entries()) {
          // One at a time and to what no other is called: what is one channel's is not another's
          const index = at % now.length;
          now = now.map((entry, n) =>
            n === index ? { ...entry, name: `${name} ${step}` } : entry,
          );
          rows = next(shuffled(now, seed + step), rows).rows;
        }
        expect(idsByStamp(rows)).toEqual(before);
      }),
    );
  });

  test('what leaves and comes back has the id it had, for 90 days', () => {
    fc.assert(
      fc.property(anyList, fc.nat(), fc.nat({ max: 89 }), (list, seed, days) => {
        const known = first(list);
        const kept = list.filter((_, index) => (seed >> (index % 31)) % 2 === 0);
        const less = next(kept, known, { nowMs: 5000 });
        expect(less.changes.gone.length).toBe(list.length - kept.length);
        const again = next(list, less.rows, { nowMs: 5000 + days * DAY_MS });
        expect(idsByStamp(again.rows)).toEqual(idsByStamp(known));
        expect(numbersByStamp(again.rows)).toEqual(numbersByStamp(known));
        expect(again.changes.back.length).toBe(list.length - kept.length);
        expect(again.changes.added).toEqual([]);
        const forgotten = next(kept, less.rows, { nowMs: 5000 + 90 * DAY_MS });
        expect(forgotten.rows.length).toBe(kept.length);
      }),
    );
  });

  test('what is new takes nothing from what is there', () => {
    fc.assert(
      fc.property(anyList, anyList, fc.nat(), (list, more, seed) => {
        const known = first(list);
        const others = more.map((entry, index) => ({
          ...entry,
          name: `Other ${index}`,
          guide: `other${index}.example`,
          url: `http://other.example/${5000 + index}.ts`,
        }));
        const { rows } = next(shuffled([...list, ...others], seed), known);
        const now = idsByStamp(rows);
        for (const [which, id] of idsByStamp(known)) expect(now.get(which)).toBe(id);
        expect(new Set(now.values()).size).toBe(list.length + others.length);
      }),
    );
  });

  const entry = (name: string, url: string, more: Partial<ListEntry> = {}): ListEntry => ({
    name,
    url,
    ...more,
  });
  const idAfter = (before: readonly ListEntry[], after: ListEntry) =>
    next([after], first(before)).rows.find(({ url }) => url === after.url)?.id;

  test.each<[string, ListEntry[], ListEntry, string]>([
    [
      'the guide id stands for it where all else is new',
      [entry('A', 'http://a/1', { guide: 'x.uk' }), entry('B', 'http://a/2', { guide: 'y.uk' })],
      entry('New name', 'http://b/9', { guide: 'X.UK' }),
      'x-uk',
    ],
    [
      'name and group do where there is no guide id',
      [entry('Ä 1', 'http://a/1', { group: 'G' }), entry('B', 'http://a/2')],
      entry('a 1', 'http://b/9', { group: 'g' }),
      'a-1',
    ],
    [
      'the name alone where the group is new',
      [entry('A', 'http://a/1', { group: 'G' }), entry('B', 'http://a/2')],
      entry('A', 'http://b/9', { group: 'H' }),
      'a',
    ],
    [
      'the address where the name is new',
      [entry('A', 'http://a/l/1.m3u8?token=1'), entry('B', 'http://a/l/2.m3u8?token=1')],
      entry('C', 'http://a/l/1.m3u8?token=2'),
      'a',
    ],
    [
      'parameters that say which channel it is are no token',
      [entry('A', 'http://a/play?id=1&t=x'), entry('B', 'http://a/play?id=2&t=x')],
      entry('C', 'http://a/play?t=y&id=2'),
      'b',
    ],
    [
      'the name goes before an address that another had',
      [entry('A', 'http://a/1'), entry('B', 'http://a/2')],
      entry('A', 'http://a/2'),
      'a',
    ],
  ])('%s', (_, before, after, id) => {
    expect(idAfter(before, after)).toBe(id);
  });

  const stays = entry('A', 'http://a/play?c=1', { group: 'G', guide: 's' });
  test.each<[string, ListEntry, ListEntry]>([
    [
      'at an address that differs in what nobody knows to be a channel',
      entry('B', 'http://a/play?c=2'),
      entry('C', 'http://a/play?c=3'),
    ],
    [
      'at an address that differs in what may be a token',
      entry('B', 'http://a/8c5f0c02-1111-3333/i.m3u8'),
      entry('C', 'http://a/8c5f0c02-1111-4444/i.m3u8'),
    ],
    ['with another name of signs', entry('***', 'http://a/2'), entry('---', 'http://a/3')],
    ['without a name', entry('', 'http://a/2'), entry('', 'http://a/3')],
    [
      'called what several are called',
      entry('A', 'http://a/2', { group: 'H' }),
      entry('A', 'http://a/3', { group: 'I' }),
    ],
    [
      'with a guide id that several have',
      entry('B', 'http://a/2', { guide: 's' }),
      entry('C', 'http://a/3', { guide: 's' }),
    ],
  ])('what comes %s is not what went', (_, gone, comes) => {
    const beside = entry('D', 'http://a/8c5f0c02-1111-2222/i.m3u8');
    const known = first([stays, beside, gone]);
    const { rows, changes } = next([beside, comes, stays], known);
    expect(changes.gone).toEqual([known[2]?.id as string]);
    expect(changes.added).toEqual([rows[1]?.id as string]);
    expect(changes.added).not.toEqual(changes.gone);
  });

  test('an address alone says nothing of what had gone, whoever has it now', () => {
    const [a, b] = [entry('A', 'http://a/1'), entry('B', 'http://a/2')];
    const without = next([a], first([a, b])).rows;
    const { changes } = next([a, entry('C', 'http://a/2')], without);
    expect(changes).toMatchObject({ added: ['c'], back: [] });
    // Nor one that it had before that
    const moved = next([a, entry('B', 'http://a/3')], first([a, b])).rows;
    const later = next([a, entry('C', 'http://a/2')], next([a], moved).rows);
    expect(later.changes).toMatchObject({ added: ['c'], back: [] });
  });

  test.each<[string, string, Partial<ListEntry>, string, Partial<ListEntry>]>([
    ['the name is new', 'B', {}, 'X', {}],
    ['name and group are new', 'B', { group: 'G' }, 'X', { group: 'H' }],
    ['guide ids come', 'B', {}, 'B', { guide: 's' }],
    ['guide ids go', 'B', { guide: 's' }, 'B', {}],
    ['the guide id is that of another now', 'B', { guide: 's' }, 'B', { guide: 't' }],
  ])('where several share an address but for a word: %s', (_, name, had, newName, has) => {
    const [b, c] = ['http://a/play?c=2', 'http://a/play?c=3'];
    const known = first([stays, entry(name, b, had), entry(name, c, had)]);
    const { rows } = next([entry(newName, c, has), entry(newName, b, has), stays], known);
    expect(rows.map(({ id }) => id)).toEqual(known.map(({ id }) => id).reverse());
  });

  test('an entry that matches what a channel was called before is that channel', () => {
    const one = first([entry('Old', 'http://a/1.ts', { group: 'G' }), entry('B', 'http://a/2.ts')]);
    const two = next([entry('New', 'http://a/1.ts', { group: 'G' })], one).rows;
    const three = next([entry('Old', 'http://b/7.ts', { group: 'G' })], two).rows;
    expect(three[0]?.id).toBe('old');
  });

  test('a rule that renames changes nothing of what an entry is known by', () => {
    const plain = entry('UK: News', 'http://a/live/u/p/1.ts', { group: 'X' });
    const ruled: ListEntry = { ...plain, name: 'News', listed: ['UK: News', 'X'] };
    const known = first([ruled, entry('News', 'http://a/live/u/p/2.ts', { group: 'X' })]);
    const moved = { ...plain, url: 'http://b/9.ts' };
    const { rows } = next([moved, entry('News', 'http://b/8.ts', { group: 'X' })], known);
    expect(rows.map(({ id }) => id)).toEqual(known.map(({ id }) => id));
  });

  test('numbers stay what they were, whatever the list says later; renumber gives new ones', () => {
    const list = [
      entry('A', 'http://a/1', { number: 5 }),
      entry('B', 'http://a/2', { number: 5 }),
      entry('C', 'http://a/3'),
    ];
    const known = first(list);
    expect(known.map(({ number }) => number)).toEqual([5, 6, 7]);
    const moved = list.map((one, index) => ({ ...one, number: 90 - index }));
    expect(next(moved, known).rows.map(({ number }) => number)).toEqual([5, 6, 7]);
    const renumbered = next(list, known, { renumberFrom: 100 });
    expect(renumbered.rows.map(({ number }) => number)).toEqual([100, 101, 102]);
    expect(renumbered.changes.renumbered).toEqual(['a', 'b', 'c']);
    const more = next([entry('D', 'http://a/4'), ...list], renumbered.rows, { renumberFrom: 100 });
    expect(more.rows.map(({ number }) => number)).toEqual([103, 100, 101, 102]);
    expect(next(list, renumbered.rows).rows.map(({ number }) => number)).toEqual([5, 101, 102]);
  });

  test('a number that a channel had before line-ups were kept is its number', () => {
    const numbers = new Map([['b', 42]]);
    const rows = settle([entry('A', 'http://a/1'), entry('B', 'http://a/2')], [], {
      ...NONE,
      numbers,
    }).rows;
    expect(rows.map(({ number }) => number)).toEqual([1, 42]);
  });

  test('once all numbers are used up channels have none', () => {
    const takenNumbers = new Set(Array.from({ length: 99_998 }, (_, n) => n + 2));
    const { rows } = settle([entry('A', 'http://a/1'), entry('B', 'http://a/2')], [], {
      ...NONE,
      takenNumbers,
    });
    expect(rows.map(({ number }) => number)).toEqual([1, undefined]);
  });
});
