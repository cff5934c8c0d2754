// This file tests which channels are taken for the same, which are proposed, and which never are.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { channelWords } from '../../../src/guide/match/channel-words.ts';
import { GuideIndex, type GuideNames } from '../../../src/guide/match/guide-index.ts';
import { isMisspelt, LIKENESS_BAR } from '../../../src/guide/match/likeness.ts';
import { type MatchWanted, matchChannel } from '../../../src/guide/match/match-channel.ts';

function indexOf(...channels: readonly (GuideNames | string)[]): GuideIndex {
  const index = new GuideIndex();
  for (const channel of channels) {
    index.add(typeof channel === 'string' ? { id: `id:${channel}`, names: [channel] } : channel);
  }
  return index;
}

function match(index: GuideIndex, name: string, more: Partial<MatchWanted> = {}) {
  return matchChannel({ channel: 'own', isWritten: false, name, ...more }, index);
}

/** What else a guide has: so that common words weigh little. */
const OTHERS = [
  ...['BBC One', 'BBC Two', 'BBC Three', 'BBC Four', 'BBC News', 'BBC Parliament', 'BBC Scotland'],
  ...['ITV1', 'ITV2', 'ITV3', 'ITV4', 'Channel 4', 'Film4', 'E4', 'More4', '5USA', '5 Action'],
  ...['Sky News', 'Sky Arts', 'Sky Mix', 'Sky Sports F1', 'Sky Sports Golf', 'Sky Sports Racing'],
  ...['RTL', 'RTLZWEI', 'VOX', 'Das Erste', 'ZDF', 'ZDFneo', 'arte', '3sat', 'KiKA', 'SAT.1 Gold'],
  ...['TF1', 'France 2', 'France 3', 'France 5', 'Canal+', 'Canal+ Cinéma', 'W9', 'TMC', 'M6'],
];

/** A name in a line-up, and in a guide. */
const SAME: readonly (readonly [string, string])[] = [
  ['BBC One HD', 'BBC One'],
  ['UK: BBC ONE FHD', 'BBC One'],
  ['BBC 1', 'BBC One'],
  ['|UK| BBC Two ᴴᴰ', 'BBC Two HD'],
  ['Sky Sports 1', 'SkySports1'],
  ['ITV 2', 'ITV2'],
  ['TF1 FR HD', 'TF1'],
  ['[FR] France 2 4K', 'France 2'],
  ['Télétoon', 'Teletoon'],
  ['Canal Plus', 'CANAL+'],
  ['DE: SAT.1', 'SAT 1'],
  ['SAT.1 (DE)', 'Sat.1 HD'],
  ['RTL ZWEI', 'RTLZWEI'],
  ['A&E', 'A and E'],
  ['BBC Four UHD 50fps', 'BBC Four'],
  ['Sky Sport 01', 'Sky Sport 1'],
  ['Dave ja vu', 'Dave Ja Vu'],
  ["Bob's Channel", 'Bobs Channel'],
  ['Россия 1', 'РОССИЯ 1'],
  ['3SAT', '3sat HD'],
  ['Channel 4+1', 'Channel 4 +1'],
  ['US - CNN', 'CNN'],
  ['Disney Jr.', 'Disney Junior'],
];

/** Never taken for each other, and never at the bar. */
const APART: readonly (readonly [string, string])[] = [
  ['BBC One', 'BBC Two'],
  ['BBC One', 'BBC One +1'],
  ['BBC One London', 'BBC One Scotland'],
  ['BBC One', 'BBC One Wales'],
  ['Sky Sport 1', 'Sky Sport 11'],
  ['Sky Sport 1 1', 'Sky Sport 11'],
  ['Sky Sports F1', 'Sky Sports 1'],
  ['Channel 4', 'TV 4'],
  ['Channel 4', 'Channel 5'],
  ['Film4', 'E4'],
  ['France 3 Alsace', 'France 3 Lorraine'],
  ['SAT.1', 'SAT.1 Gold'],
  ['CNN', 'CNN International'],
  ['Al Jazeera English', 'Al Jazeera Arabic'],
  ['UK: Discovery', 'DE: Discovery'],
  ['Discovery', 'Discovery Science'],
  ['Canal+', 'Canal+ Sport'],
  ['Canal+', 'Canal'],
  ['ZDF', 'ZDFneo'],
  ['Nick', 'Nick Jr.'],
  ['MTV', 'MTV 80s'],
  ['Sky Sport 1', 'Sky Sports 1'],
  ['RTL', 'RTL II'],
  ['ARTE', 'ARTV'],
  ['Cartoon Network', 'Cartoonito'],
  ['ESPN', 'ESPN 2'],
  ['Euronews', 'Euronews Deutsch'],
  ['HD', '4K'],
];

describe('matchChannel() by name', () => {
  test.each(SAME)('%s is %s', (own, guide) => {
    const others = OTHERS.filter((name) => channelWords(name).key !== channelWords(guide).key);
    const { found } = match(indexOf(...others, guide), own);
    expect(found).toMatchObject({ id: `id:${guide}`, by: 'name', score: 1 });
  });

  test.each(APART)('%s is not %s', (own, guide) => {
    for (const [a, b] of [
      [own, guide],
      [guide, own],
    ] as const) {
      const keys = new Set([channelWords(a).key, channelWords(b).key]);
      const others = OTHERS.filter((name) => !keys.has(channelWords(name).key));
      for (const index of [indexOf(b), indexOf(...others, b)]) {
        const { found, proposals } = match(index, a);
        // An hour later of the same is what the guide says, an hour later
        if (found?.shiftMs === undefined) expect({ a, found }).toEqual({ a, found: undefined });
        for (const { id, score } of proposals) {
          if (id === `id:${b}`) expect(score).toBeLessThan(LIKENESS_BAR);
        }
      }
    }
  });

  test('is not asked where two channels have the name', () => {
    const twice = [
      { id: 'one.uk', names: ['Discovery'] },
      { id: 'one.de', names: ['Discovery'] },
    ];
    expect(match(indexOf(...twice), 'Discovery').found).toBeUndefined();
    expect(match(indexOf(...twice), 'DE: Discovery').found?.id).toBe('one.de');
    const numbered = twice.map((channel, at) => ({
      ...channel,
      names: ['Discovery', `${at + 7}`],
    }));
    expect(match(indexOf(...numbered), 'Discovery', { number: 8 }).found?.id).toBe('one.de');
  });

  test('looks at every name that a guide gives a channel', () => {
    const index = indexOf({ id: 'x', names: ['101', 'First', 'The Second One', 'Premier'] });
    expect(match(index, 'premier HD').found).toMatchObject({ id: 'x', name: 'First' });
  });

  test('takes an hour later of a channel where there is no other', () => {
    const later = match(indexOf(...OTHERS), 'BBC Two +1').found;
    expect(later).toMatchObject({ id: 'id:BBC Two', shiftMs: 3600_000, by: 'name' });
    expect(match(indexOf('BBC Two', 'BBC Two+1'), 'BBC Two +1').found).toEqual({
      id: 'id:BBC Two+1',
      name: 'BBC Two+1',
      score: 1,
      why: 'the same name',
      by: 'name',
    });
  });
});

describe('matchChannel() by id', () => {
  const index = indexOf({ id: ' BBC1.uk', names: ['BBC One'] }, { id: 'x', names: ['Other'] });
  test('whatever its case, before any name', () => {
    const { found } = match(index, 'Other', { guideId: 'bbc1.UK ' });
    expect(found).toMatchObject({ id: ' BBC1.uk', by: 'id' });
  });

  test('to the letter where two differ in case alone', () => {
    const cases = indexOf({ id: 'A.uk', names: ['One'] }, { id: 'a.uk', names: ['Two'] });
    const idOf = (guideId: string) => match(cases, 'x', { guideId }).found?.id;
    expect(['A.uk', 'a.uk', 'a.UK'].map(idOf)).toEqual(['A.uk', 'a.uk', 'A.uk']);
  });

  test('by the channel itself where no id is given', () => {
    expect(match(index, 'Nothing', { channel: 'x' }).found).toMatchObject({ id: 'x', by: 'id' });
  });

  test('by name where the guide has no such id', () => {
    expect(match(index, 'BBC 1', { guideId: 'none' }).found).toMatchObject({ by: 'name' });
  });

  test('as the configuration says, and by nothing else', () => {
    const wanted = { isWritten: true, choice: { guideId: 'x' } };
    expect(match(index, 'BBC 1', { ...wanted, guideId: 'none' }).found).toBeUndefined();
    expect(match(index, 'Other', { ...wanted, guideId: 'bbc1.uk' }).found).toMatchObject({
      by: 'configuration',
    });
  });

  test('as an operator chose, before id and name', () => {
    const chosen = match(index, 'BBC One', { guideId: 'bbc1.uk', choice: { guideId: 'X' } });
    expect(chosen.found).toMatchObject({ id: 'x', by: 'choice' });
    const none = match(index, 'BBC One', { guideId: 'bbc1.uk', choice: { guideId: null } });
    expect(none).toEqual({ proposals: [] });
  });
});

describe('matchChannel() by likeness', () => {
  test('takes what differs in a word that says nothing', () => {
    const { found } = match(indexOf(...OTHERS), 'BBC Parliament TV');
    expect(found).toMatchObject({ id: 'id:BBC Parliament', by: 'likeness' });
    expect(found?.score).toBeGreaterThanOrEqual(LIKENESS_BAR);
    expect(found?.why).toContain('tv');
  });

  test('proposes what is less alike, and why', () => {
    const { found, proposals } = match(indexOf(...OTHERS), 'BBC Parliment');
    expect(found).toBeUndefined();
    expect(proposals[0]).toMatchObject({
      id: 'id:BBC Parliament',
      why: 'parliment for parliament',
    });
  });

  test('leaves it where two are as alike', () => {
    const index = indexOf(...OTHERS, 'Parliament Network', 'The Parliament');
    const { found, proposals } = match(index, 'Parliament TV');
    expect(found).toBeUndefined();
    expect(proposals.length).toBeGreaterThan(1);
  });

  test('a letter more, less, other or in the other order is a slip', () => {
    const rows = [
      ['discovery', 'discovry', true],
      ['discovery', 'discoverx', true],
      ['discovery', 'dsicovery', true],
      ['discovery', 'discoveryy', true],
      ['discovery', 'recovery', false],
      ['arte', 'artv', false],
      ['sports', 'sport', true],
    ] as const;
    for (const [a, b, slip] of rows) {
      expect([a, b, isMisspelt(a, b)]).toEqual([a, b, slip]);
      expect(isMisspelt(b, a)).toBe(slip);
    }
  });

  test('never throws, never passes 1, and never takes what differs in a number', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc
        .array(
          fc.constantFrom(
            'BBC',
            'One',
            '1',
            '11',
            '+1',
            'HD',
            'UK:',
            'Sky',
            'Sport',
            '|',
            '(DE)',
            ' ',
          ),
        )
        .map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 6 }), name, (names, own) => {
        const index = indexOf(...names.map((each, at) => ({ id: `${at}`, names: [each] })));
        const { found, proposals } = match(index, own);
        for (const { score } of proposals) expect(score).toBeLessThanOrEqual(1);
        if (found === undefined || found.by === 'id') return;
        const words = channelWords(names[Number(found.id)] as string);
        expect(words.digits).toBe(channelWords(own).digits);
      }),
    );
  });
});
