// This file tests how programmes are read, and that what is read is written so that it is read again.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseProgramme } from '../../../src/media/xmltv/parse-programme.ts';
import type { Programme } from '../../../src/media/xmltv/programme.ts';
import { writeProgramme } from '../../../src/media/xmltv/write-programme.ts';

const EMPTY: Omit<Programme, 'channel' | 'startMs' | 'titles'> = {
  subTitles: [],
  descriptions: [],
  credits: [],
  categories: [],
  keywords: [],
  icons: [],
  urls: [],
  countries: [],
  episodes: [],
  video: {},
  audio: {},
  subtitles: [],
  ratings: [],
  starRatings: [],
  isNew: false,
};

const START = Date.UTC(2026, 10, 21, 20);
const AT = 'start="20261121200000 +0000" channel="c"';

function shell(inner: string, attributes = AT): string {
  return `<programme ${attributes}><title>T</title>${inner}</programme>`;
}

const base: Programme = { ...EMPTY, channel: 'c', startMs: START, titles: [{ text: 'T' }] };

const READ: readonly (readonly [string, string, Programme])[] = [
  ['what it must have', shell(''), base],
  ['an end', shell('', `${AT} stop="20261121210000 +0000"`), { ...base, stopMs: START + 3600_000 }],
  ['an end before its start', shell('', `${AT} stop="20261121190000 +0000"`), base],
  ['an end that is no time', shell('', `${AT} stop="later"`), base],
  ['an end a week later', shell('', `${AT} stop="20261128200000 +0000"`), base],
  ['a time in another zone', shell('', 'start="20261121210000 +0100" channel="c"'), base],
  ['single quotes', shell('', "start='20261121200000 +0000' channel='c'"), base],
  [
    'languages',
    shell('<title lang="de">U</title><desc lang="en">D</desc>'),
    {
      ...base,
      titles: [{ text: 'T' }, { text: 'U', lang: 'de' }],
      descriptions: [{ text: 'D', lang: 'en' }],
    },
  ],
  [
    'entities',
    shell('<desc>&lt;b&gt; &amp;amp; &eacute;&#233;&#xE9; &hellip; &nope; A & B</desc>'),
    { ...base, descriptions: [{ text: '<b> &amp; \u00e9\u00e9\u00e9 \u2026 &nope; A & B' }] },
  ],
  [
    'markup that stands in a text',
    shell('<desc>One line<br/>another, <![CDATA[& a third]]></desc>'),
    { ...base, descriptions: [{ text: 'One line another, & a third' }] },
  ],
  [
    'data',
    shell('<desc><![CDATA[a < b & c]]></desc>'),
    { ...base, descriptions: [{ text: 'a < b & c' }] },
  ],
  [
    'characters XML has not',
    shell('<desc>a\u0001\u0085b&#1;c</desc>'),
    { ...base, descriptions: [{ text: 'abc' }] },
  ],
  ['emoji', shell('<desc>\u{1f600}</desc>'), { ...base, descriptions: [{ text: '\u{1f600}' }] }],
  ['empty elements', shell('<desc/><sub-title></sub-title><category> </category>'), base],
  [
    'both kinds of episode numbers, and none said',
    shell(
      '<episode-num system="xmltv_ns">1.4.0/2</episode-num><episode-num system="onscreen">S02E05</episode-num><episode-num>5</episode-num>',
    ),
    {
      ...base,
      episodes: [
        { system: 'xmltv_ns', value: '1.4.0/2' },
        { system: 'onscreen', value: 'S02E05' },
        { system: 'onscreen', value: '5' },
      ],
    },
  ],
  [
    'people',
    shell(
      '<credits><actor role="Hero">A</actor><director>D</director><actor>B</actor><cook>C</cook></credits>',
    ),
    {
      ...base,
      credits: [
        { role: 'director', name: 'D' },
        { role: 'actor', name: 'A', part: 'Hero' },
        { role: 'actor', name: 'B' },
      ],
    },
  ],
  ['a date with dashes', shell('<date>2026-11-21</date>'), { ...base, date: '20261121' }],
  ['a date with a time', shell('<date>20261121200000</date>'), { ...base, date: '20261121' }],
  ['a date of words', shell('<date>last year</date>'), base],
  [
    'ratings',
    shell(
      '<rating system="BBFC"><value>PG</value><icon src="http://h/pg.png"/></rating><star-rating><value>3/5</value></star-rating><rating/>',
    ),
    {
      ...base,
      ratings: [{ value: 'PG', system: 'BBFC', icons: ['http://h/pg.png'] }],
      starRatings: [{ value: '3/5', icons: [] }],
    },
  ],
  [
    'icons that are addresses, and others',
    shell(
      '<icon src="https://h/a.png" width="1"/><icon src="javascript:alert(1)"/><icon/><icon src="http://h/a b"/>',
    ),
    { ...base, icons: ['https://h/a.png'] },
  ],
  [
    'how it is shown',
    shell(
      '<video><aspect>16:9</aspect><quality>HDTV</quality></video><audio><stereo>dolby</stereo></audio><subtitles type="teletext"/><subtitles type="other"/>',
    ),
    {
      ...base,
      video: { aspect: '16:9', quality: 'HDTV' },
      audio: { stereo: 'dolby' },
      subtitles: ['teletext'],
    },
  ],
  [
    'new, first and last',
    shell(
      '<previously-shown start="20250101000000"/><premiere>First</premiere><last-chance/><new/>',
    ),
    {
      ...base,
      previouslyShown: { startMs: Date.UTC(2025, 0, 1) },
      premiere: 'First',
      lastChance: '',
      isNew: true,
    },
  ],
  ['an id for catch-up', shell('', `${AT} catchup-id="x1"`), { ...base, catchupId: 'x1' }],
];

describe('parseProgramme()', () => {
  test.each(READ)('%s', (_, text, programme) => {
    expect(parseProgramme(text)).toEqual(programme);
  });

  test.each(READ)('%s, written and read again', (_, text) => {
    const programme = parseProgramme(text) as Programme;
    expect(parseProgramme(writeProgramme(programme))).toEqual(programme);
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ['no channel', '<programme start="20261121200000"><title>T</title></programme>', 'no-channel'],
    [
      'an empty channel',
      '<programme start="20261121200000" channel=" "><title>T</title></programme>',
      'no-channel',
    ],
    ['no start', '<programme channel="c"><title>T</title></programme>', 'no-time'],
    [
      'a start that is none',
      '<programme start="now" channel="c"><title>T</title></programme>',
      'no-time',
    ],
    ['no title', '<programme start="20261121200000" channel="c"/>', 'no-title'],
    [
      'an empty title',
      '<programme start="20261121200000" channel="c"><title> </title></programme>',
      'no-title',
    ],
    [
      'names that JavaScript has too',
      shell('<__proto__>x</__proto__><constructor>y</constructor>'),
      'malformed',
    ],
    [
      'too deep',
      `<programme start="20261121200000" channel="c">${'<a>'.repeat(1000)}</programme>`,
      'malformed',
    ],
  ];
  test.each(refused)('refuses one with %s', (_, text, why) => {
    expect(parseProgramme(text)).toBe(why as never);
  });

  test('never throws', () => {
    const parts = fc.constantFrom(
      ...[
        '<programme ',
        'start="20261121200000"',
        ' channel="c"',
        '>',
        '<title>',
        'T',
        '</title>',
        '</programme>',
      ],
      ...['<', '&', '&#', ';', '"', "'", '/', '=', '<!--', '<![CDATA[', ']]>', '\u0000', '\ud800'],
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), (text) => {
        parseProgramme(text.join(''));
      }),
      { numRuns: 1000 },
    );
  });

  test('whatever a title holds is written so that it is read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        const written = writeProgramme({ ...base, titles: [{ text }] });
        const read = parseProgramme(written);
        if (read === 'no-title') return;
        const again = parseProgramme(writeProgramme(read as Programme));
        expect(again).toEqual(read as Programme);
      }),
    );
  }, 30_000);
});
