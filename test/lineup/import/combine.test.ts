// This file tests which entries of several line-ups become one channel, and what that is called.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { LineUpSetting } from '../../../src/config/resolve-lineups.ts';
import {
  type ChannelRow,
  type OwnChannel,
  RowReader,
} from '../../../src/lineup/import/channel-row.ts';
import { aloneChannels, combine } from '../../../src/lineup/import/combine.ts';
import { channelName } from '../../../src/lineup/import/identity/channel-name.ts';
import type { KnownEntry, LineUpEntries } from '../../../src/lineup/import/identity/known-entry.ts';
import type { Comparable } from '../../../src/lineup/import/identity/same-channel.ts';
import { guideShiftMsOf } from '../../../src/lineup/import/kept-facts.ts';
import { packKnown } from '../../../src/lineup/import/packed-entries.ts';
import {
  channelsOf,
  createDesk,
  inputOf,
  lineUpSetting,
  rowsOf,
} from '../../support/line-up-world.ts';

const entry = (id: string, like: Comparable, more: Partial<KnownEntry> = {}): KnownEntry => ({
  id,
  url: `http://h.example/${id}`,
  born: 1,
  ...like,
  ...more,
});
const A = lineUpSetting('a');
const B = { ...lineUpSetting('b'), merge: true };

/** Whether what a second line-up calls so becomes a source of what the first one does. */
function isJoined(first: Comparable, second: Comparable): boolean {
  const lineUps = [
    { setting: A, rows: [entry('one', first)] },
    { setting: B, rows: [entry('two', second)] },
  ];
  return combine([], lineUps).joined.size === 1;
}

describe('combine()', () => {
  const uk = (name: string): Comparable => ({ name, guide: 'bbc1.uk' });
  test.each<[string, Comparable, Comparable]>([
    ['one guide id', uk('BBC One'), { name: 'BBC 1 HD', guide: 'BBC1.uk' }],
    ['one guide id, and names of their own', uk('BBC One'), uk('Beeb 1')],
    ['one name', { name: 'Arte' }, { name: 'ARTE' }],
    ['one name but for its quality', { name: 'Arte' }, { name: 'Arte FHD' }],
    ['one name, written in another way', { name: 'Sky Sport 1' }, { name: 'SkySport one' }],
    ['one country, said differently', { name: 'UK: Dave' }, { name: 'Dave', guide: 'dave.uk' }],
    ['a guide id that ends like a host', { name: 'Own' }, { name: 'Own', guide: 'own.tv' }],
    ['the country of the group', { name: 'Dave', group: 'UK | Fun' }, { name: '|UK| Dave' }],
  ])('%s: another source', (_, first, second) => {
    expect(isJoined(first, second)).toBe(true);
    expect(isJoined(second, first)).toBe(true);
  });

  test.each<[string, Comparable, Comparable]>([
    ['numbers differ', { name: 'Sport 1' }, { name: 'Sport 2' }],
    ['a copied guide id, numbers differ', uk('BBC One'), uk('BBC Two')],
    ['a copied guide id, one has a number', uk('ITV'), uk('ITV 2')],
    ['a copied guide id, regions differ', uk('BBC One London'), uk('BBC One Scotland')],
    ['a copied guide id, one is of a region', uk('BBC One'), uk('BBC One Wales')],
    ['one is an hour later', { name: 'Film4' }, { name: 'Film4 +1' }],
    ['countries differ', { name: 'UK: Discovery' }, { name: 'DE: Discovery' }],
    ['one country is not known', { name: 'UK: Discovery' }, { name: 'Discovery' }],
    [
      'guide ids of two countries',
      { name: 'CNN', guide: 'cnn.us' },
      { name: 'CNN', guide: 'cnn.uk' },
    ],
    ['names differ', { name: 'News 24' }, { name: 'World 24' }],
    ['names of signs alone', { name: '***' }, { name: '---' }],
  ])('%s: a channel of its own', (_, first, second) => {
    expect(isJoined(first, second)).toBe(false);
    expect(isJoined(second, first)).toBe(false);
  });

  test('of one line-up a channel has one source, that of its quality', () => {
    const rows = ['SD', 'HD', 'FHD'].map((q, n) => entry(`b${n}`, { name: `Arte ${q}` }));
    const lineUps = [
      { setting: A, rows: [entry('a', { name: 'Arte HD' }), entry('c', { name: 'Other' })] },
      { setting: B, rows },
    ];
    const made = combine([], lineUps).rows;
    expect(made.map(({ id, sources }) => [id, sources.map(({ url }) => url)])).toEqual([
      ['a', ['http://h.example/a', 'http://h.example/b1']],
      ['c', ['http://h.example/c']],
      ['b0', ['http://h.example/b0']],
      ['b2', ['http://h.example/b2']],
    ]);
  });

  test('several that share a guide id take none that is called otherwise', () => {
    const rows = [entry('x', { name: 'X', guide: 'g' }), entry('y', { name: 'Y', guide: 'g' })];
    const second = [entry('z', { name: 'Z', guide: 'g' }), entry('w', { name: 'Y', guide: 'g' })];
    const { joined } = combine(
      [],
      [
        { setting: A, rows },
        { setting: B, rows: second },
      ],
    );
    expect([...joined]).toEqual(['w']);
  });

  test.each<[string, Comparable, string | undefined]>([
    ['the group that one of them has', { name: 'News HD', group: 'france' }, 'fr'],
    ['another group', { name: 'News', group: 'Italy' }, undefined],
    ['no group', { name: 'News' }, undefined],
    ['a group that several have', { name: 'News', group: 'Spain' }, undefined],
  ])('of several of one name in a list, to one of %s comes what is sure', (_, like, joins) => {
    const news = (id: string, group: string) => entry(id, { name: 'News', group });
    const rows = [
      news('de', 'Germany'),
      news('fr', 'France'),
      news('x', 'Spain'),
      news('y', 'Spain'),
    ];
    const made = combine(
      [],
      [
        { setting: A, rows },
        { setting: B, rows: [entry('b', like)] },
      ],
    );
    const found = made.rows.find(({ sources }) => sources.some(({ url }) => url.endsWith('/b')));
    expect(found?.id).toBe(joins ?? 'b');
    // Another list that has it once does not make it unsure
    const lists = [
      { setting: A, rows: [news('de', 'Germany')] },
      { setting: lineUpSetting('c'), rows: [news('fr', 'France')] },
      { setting: B, rows: [entry('b', like)] },
    ];
    expect([...combine([], lists).joined]).toEqual(['b']);
  });

  test('a channel of the file takes sources, and says who it is', () => {
    const own: OwnChannel = { id: 'mine', name: 'Arte', number: 7 };
    const logo = 'http://l.example/a.png';
    const rows = [entry('arte', { name: 'Arte', group: 'G' }, { logo, number: 3 })];
    const made = combine([own], [{ setting: { ...B, provider: 'p' }, rows }]);
    expect(made.rows).toEqual([
      {
        id: 'mine',
        isOwn: true,
        name: 'Arte',
        number: 7,
        group: 'G',
        logo,
        sources: [{ url: 'http://h.example/arte', provider: 'p' }],
      },
    ]);
    expect(made.shownAs).toEqual(new Map([['arte', { id: 'mine', number: 7 }]]));
  });

  test('the guide and how it is shifted are said by one of them, and for adults by any', () => {
    const first = entry('a', { name: 'Arte' }, { kept: { 'tvg-shift': '5' } });
    const kept = { 'tvg-shift': '-1.5', adult: '1', 'vlc:network-caching': '300' };
    const second = entry('b', { name: 'Arte', guide: 'arte.tv' }, { kept });
    const [row] = combine(
      [],
      [
        { setting: A, rows: [first] },
        { setting: B, rows: [second] },
      ],
    ).rows;
    expect(row).toMatchObject({ guide: 'arte.tv', guideShiftMs: -5_400_000, isAdult: true });
    expect(row?.vlcOptions).toBeUndefined();
    const reader = new RowReader();
    expect(reader.channel(row as ChannelRow)).toMatchObject({ guideShiftMs: -5_400_000 });
    const { guideShiftMs: _, ...own } = reader.channel(row as ChannelRow);
    const { guide: __, ...unguided } = own;
    expect(reader.widened(own, row as ChannelRow).guideShiftMs).toBeUndefined();
    expect(reader.widened(unguided, row as ChannelRow).guideShiftMs).toBe(-5_400_000);
  });

  test.each([
    ['+1', 3_600_000],
    ['-0.5', -1_800_000],
    ['2.25', 8_100_000],
    ['0', undefined],
    ['25', undefined],
    ['1h', undefined],
    ['', undefined],
  ])('tvg-shift="%s" moves the guide by %p ms', (shift, ms) => {
    expect(guideShiftMsOf({ kept: { 'tvg-shift': shift } })).toBe(ms as never);
  });

  const lists = fc.array(
    fc.array(
      fc.record({
        name: fc.constantFrom('A', 'A HD', 'UK: A', 'B', 'B 2', 'a'),
        guide: fc.constantFrom('a.uk', 'b', undefined),
        born: fc.integer({ min: 1, max: 3 }),
        merge: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
    { maxLength: 4 },
  );

  test('no entry is lost or there twice, and no two channels have one id', () => {
    fc.assert(
      fc.property(lists, (all) => {
        const lineUps = all.map((rows, index): LineUpEntries => {
          const setting: LineUpSetting = { ...A, key: `${index}`, merge: rows[0]?.merge ?? false };
          return {
            setting,
            rows: rows.map(({ name, guide, born }, n) =>
              entry(
                `e${index}-${n}`,
                { name, ...(guide === undefined ? {} : { guide }) },
                { born },
              ),
            ),
          };
        });
        const { rows, joined } = combine([{ id: 'e0-0', name: 'Own' }], lineUps);
        const urls = rows.flatMap(({ sources }) => sources.map(({ url }) => url));
        const wanted = lineUps.flatMap((lineUp) => [...lineUp.rows].map(({ url }) => url));
        expect(urls.toSorted()).toEqual(wanted.toSorted());
        expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
        expect(rows.length + joined.size).toBe(wanted.length);
      }),
    );
  });
});

describe('aloneChannels()', () => {
  const none = <T>(value: T) => fc.constantFrom(value, undefined, undefined, undefined, undefined);
  const row = fc.record({
    id: fc.constantFrom(...'abcdefghijklmnopqrstuv'),
    as: none({ id: 'z' }),
    goneMs: none(5),
    kind: none('film' as const),
    more: fc.record(
      {
        group: fc.constantFrom('x', 'y'),
        headers: fc.constantFrom({ 'user-agent': 'its own' }, { referer: 'http://r.example/' }),
        kept: fc.constantFrom<Record<string, string>>(
          { 'vlc:network-caching': '1000', catchup: 'default' },
          { adult: '1', 'tvg-shift': '+2' },
        ),
      },
      { requiredKeys: [] },
    ),
  });
  const lists = fc.array(fc.array(row, { maxLength: 3 }), { maxLength: 3 });
  const setting = fc.record({
    merge: none(true),
    userAgent: none('said for all'),
    provider: none('p'),
    sort: fc.constantFrom('list', 'list', 'name', 'number'),
  });

  test('are only given where combining changes nothing, and are what that gives', () => {
    let [times, wholes] = [0, 0];
    fc.assert(
      fc.property(lists, fc.constantFrom('a', 'own'), setting, (all, ownId, of) => {
        const own = [{ id: ownId, name: 'Own', number: 2 }];
        let number = 0;
        const lineUps = all.map((list, index) => {
          const entries = list.map(({ id, as, goneMs, kind, more }) => {
            const numbered = kind === undefined ? { number: ++number } : { kind };
            const given = { ...numbered, ...(as && { as }), ...(goneMs && { goneMs }) };
            return entry(id, { name: id }, { ...given, ...more });
          });
          const rules = { ...A.rules, sort: of.sort };
          const { merge = false, userAgent, provider } = of;
          const said = { ...(userAgent && { userAgent }), ...(provider && { provider }) };
          return {
            setting: { ...A, ...said, key: `${index}`, merge, rules },
            rows: packKnown(entries),
          };
        });
        const alone = aloneChannels(own, lineUps);
        if (alone === undefined) return;
        times++;
        if (alone.some((piece) => !('heads' in piece))) wholes++;
        const { rows, shownAs, joined } = combine(own, lineUps);
        expect([shownAs.size, joined.size]).toEqual([0, 0]);
        expect(rowsOf(alone)).toEqual([...rows]);
        const ids = lineUps.flatMap(({ rows }) =>
          [...rows].flatMap(({ id, goneMs, kind }) => (goneMs || kind ? [] : [id])),
        );
        expect(rows.map(({ id }) => id).sort()).toEqual(ids.sort());
      }),
      { numRuns: 1000 },
    );
    expect(times).toBeGreaterThan(100);
    expect(wholes).toBeGreaterThan(10);
  });
});

describe('a channel of several line-ups', () => {
  const list = (...names: string[]) => ({
    body: `#EXTM3U\n${names.map((name) => `#EXTINF:-1,${name}\nhttp://h.example/${name}\n`).join('')}`,
  });

  test('keeps id and number while its sources come and go, and gives them back', async () => {
    const script = {
      'http://a.example/': list('News', 'x', 'y', 'z'),
      'http://b.example/': list('News HD', 'u', 'v', 'w'),
    };
    const settings = [
      lineUpSetting('http://a.example/'),
      { ...lineUpSetting('http://b.example/'), merge: true },
    ];
    const input = inputOf(settings);
    const { desk } = createDesk({ script });
    const read = async (place: string) => await desk.call({ what: 'import', key: place, input });
    const news = async () => {
      const found = (await channelsOf(desk, input)) as {
        id: string;
        name: string;
        number: number;
        sources: { url: string }[];
      }[];
      const wanted = found.find(({ name }) => name.startsWith('News'));
      return [wanted?.id, wanted?.number, wanted?.sources.map(({ url }) => url.at(-1)).join('')];
    };
    await read('http://b.example/');
    const before = await news();
    expect(before).toEqual(['news-hd', 1, 'D']);
    // An earlier line-up that comes later changes nothing of what the channel is called
    await read('http://a.example/');
    expect(await news()).toEqual(['news-hd', 1, 'sD']);
    script['http://b.example/'] = list('u', 'v', 'w');
    await read('http://b.example/');
    expect(await news()).toEqual(['news-hd', 1, 's']);
    script['http://b.example/'] = list('News HD', 'u', 'v', 'w');
    await read('http://b.example/');
    expect(await news()).toEqual(['news-hd', 1, 'sD']);
    script['http://a.example/'] = list('x', 'y', 'z');
    await read('http://a.example/');
    expect(await news()).toEqual(['news-hd', 1, 'D']);
  });
});

describe('an id that two line-ups claim', () => {
  const [a, b] = ['http://a.example/', 'http://b.example/'];
  const list = (...names: string[]) => ({
    body: `#EXTM3U\n${names.map((name) => `#EXTINF:-1,${name}\nx/${name}\n`).join('')}`,
  });
  const first = lineUpSetting(a);
  const second = { ...lineUpSetting(b), merge: true };

  function world() {
    const script = { [a]: list('News', 'x', 'y'), [b]: list('News', 'u', 'v') };
    const { desk, clock } = createDesk({ script });
    const input = inputOf([first, second]);
    const read = async (key: string, by = input) =>
      await desk.call({ what: 'import', key, input: by, mayShrink: true });
    const news = async (by = input) => {
      const rows = await channelsOf(desk, by);
      const named = rows.filter(({ name }) => name === 'News');
      return named.map(({ id, number }) => `${id} ${number}`);
    };
    return { script, clock, input, read, news };
  }

  test('is that of the channel there is, not of the one that comes back', async () => {
    const { script, read, news } = world();
    await read(a);
    script[a] = list('x', 'y');
    await read(a);
    await read(b);
    const shown = await news();
    expect(shown).toEqual([expect.stringMatching(/^news-[0-9a-f]{8} 4$/)]);
    script[a] = list('News', 'x', 'y');
    await read(a);
    expect(await news()).toEqual(shown);
    // Nor is it once the two are told apart, or one of them is left
    script[a] = list('x', 'y');
    await read(a);
    expect(await news()).toEqual(shown);
  });

  test('is not given to a line-up that is named again, even before that is read', async () => {
    const { read, news, input, clock } = world();
    await read(a);
    const alone = inputOf([second]);
    await read(b, alone);
    const shown = await news(alone);
    expect(shown).toEqual([expect.stringMatching(/^news-[0-9a-f]{8} 4$/)]);
    // Who only tried to do without it has what there was
    expect(await news(input)).toEqual(['news 1']);
    await clock.advance(3_600_000);
    expect(await news(input)).toEqual(shown);
    await read(b);
    expect(await news()).toEqual(shown);
    await read(a);
    expect(await news()).toEqual(shown);
    expect(await news(alone)).toEqual(shown);
  });

  test('and its number are had once where they are joined no more, before either is read again', async () => {
    const { read, news } = world();
    await read(a);
    await read(b);
    expect(await news()).toEqual(['news 1']);
    const apart = inputOf([first, { ...second, merge: false }]);
    const [one, other] = await news(apart);
    expect(one).toBe('news 1');
    expect(other).toMatch(/^news-[0-9a-f]{8} 4$/);
  });
});

describe('channelName()', () => {
  test.each([
    ['UK: BBC One FHD', 'uk', 'bbc1', '1', 'fhd'],
    ['[DE] RTL 1080p HEVC', 'de', 'rtl', '', 'fhd hevc'],
    ['TV: Eins', undefined, 'tveins', '', ''],
    ['Film4 +1', undefined, 'film4plus1', '4 plus 1', ''],
    ['Россия 24', undefined, 'россия24', '24', ''],
  ] as const)('%p', (name, country, core, numbers, quality) => {
    const parts = channelName({ name });
    expect(parts).toEqual({ country, core, numbers, quality, regions: '' });
  });
});
