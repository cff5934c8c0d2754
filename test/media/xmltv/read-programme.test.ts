// This file tests that what is recognised in a guide is what parsing it would give.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  readAsWritten,
  readParsed,
  readProgramme,
} from '../../../src/media/xmltv/read-programme.ts';

const AT = 'start="20261121200000 +0100" stop="20261121210000 +0100" channel="c.example"';

function shell(inner: string, attributes = AT): string {
  return `<programme ${attributes}>${inner}</programme>`;
}

const T = '<title lang="en">T &amp; U</title>';

/** What guides have nearly always. */
const RECOGNISED: readonly (readonly [string, string])[] = [
  ['a title', shell(T)],
  ['blanks and line breaks between elements', shell(`\r\n  ${T}\n\t<desc>D, and more</desc>\n`)],
  ['no end', shell(T, 'start="20261121200000" channel="c"')],
  ['an end before its start', shell(T, 'channel="c" start="20261121200000" stop="20261121190000"')],
  ['attributes that nobody reads', shell(T, `${AT} showview="5" clumpidx="0/1"`)],
  ['an id for catch-up', shell(T, `${AT} catchup-id="x1"`)],
  ['entities', shell(`${T}<desc>&lt;b&gt; &quot;x&quot; &amp;amp; &amp;eacute;</desc>`)],
  ['letters', shell('<title>Téléé — 日本 ßñ\u00a0x</title>')],
  [
    'all of it',
    shell(
      `${T}<title>V</title><sub-title lang="de">S</sub-title><desc>D</desc><credits><director>A</director>
       <actor role="The Hero">B</actor><guest>C</guest></credits><date>2026</date><category>Drama</category>
       <keyword>k</keyword><icon src="https://h.example/a.png?b=1"/><country>DE</country>
       <episode-num system="xmltv_ns">1.4.0/2</episode-num><episode-num system="onscreen">S02E05</episode-num>
       <previously-shown/><premiere/><last-chance/><new/>
       <rating system="FSK"><value>12</value></rating><star-rating><value>3/5</value></star-rating>`,
    ),
  ],
];

/** What has to be parsed: taken as it stands it would be written otherwise, or dropped. */
const PARSED: readonly (readonly [string, string])[] = [
  ['another order', shell(`<desc>D</desc>${T}`)],
  ['an empty text', shell(`${T}<desc></desc>`)],
  ['a text of blanks', shell(`${T}<desc> </desc>`)],
  ['blanks at the ends of a text', shell(`${T}<desc> D </desc>`)],
  ['a blank of another kind at its end', shell(`${T}<desc>D\u00a0</desc>`)],
  ['nobody in the credits', shell(`${T}<credits></credits>`)],
  ['quotes in a text', shell(`${T}<desc>"D"</desc>`)],
  ['other entities', shell(`${T}<desc>&eacute;&#233;&apos;</desc>`)],
  ['an ampersand of its own', shell(`${T}<desc>A & B &ampx; &nope;</desc>`)],
  ['data', shell(`${T}<desc><![CDATA[<b>]]></desc>`)],
  ['a comment', shell(`${T}<!-- <desc>D</desc> -->`)],
  ['a line break in a text', shell(`${T}<desc>D\nE</desc>`)],
  ['characters XML has not', shell(`${T}<desc>a\u0001b\ufffe</desc>`)],
  ['emoji, and half of one', shell(`${T}<desc>\u{1f600}</desc><keyword>\ud800</keyword>`)],
  ['an element in a text', shell(`${T}<desc>D<b>E</b></desc>`)],
  ['an element that nobody knows', shell(`${T}<orig-language>de</orig-language>`)],
  ['an icon that is no address', shell(`${T}<icon src="javascript:alert(1)"/>`)],
  ['an icon with a size', shell(`${T}<icon src="http://h/a.png" width="1"/>`)],
  ['single quotes', `<programme start='20261121200000' channel='c'>${T}</programme>`],
  ['an attribute twice', shell(T, `${AT} channel="d"`)],
  ['an attribute with blanks', shell(T, 'start="20261121200000" channel=" c "')],
  ['an attribute with an entity', shell(T, 'start="20261121200000" channel="a&amp;b"')],
  ['no channel', shell(T, 'start="20261121200000"')],
  ['a start that is none', shell(T, 'start="now" channel="c"')],
  ['no title', shell('<desc>D</desc>')],
  ['no system of an episode', shell(`${T}<episode-num>5</episode-num>`)],
  ['names that JavaScript has too', shell(`${T}<__proto__>x</__proto__>`)],
  ['a tag that does not end', shell(`${T}<desc>D`)],
  ['more than is looked at', shell(`${T}<desc>${'D'.repeat(4000)}</desc>`)],
  [
    'more people than there may be',
    shell(`${T}<credits>${'<guest>a</guest>'.repeat(201)}</credits>`),
  ],
];

describe('readProgramme()', () => {
  test.each(RECOGNISED)('%s is recognised', (_, slice) => {
    const read = readAsWritten(slice);
    expect(read).toBeDefined();
    expect(read).toEqual(readParsed(slice) as never);
  });

  test.each(PARSED)('%s is parsed', (_, slice) => {
    expect(readAsWritten(slice)).toBeUndefined();
    expect(readProgramme(slice)).toEqual(readParsed(slice));
  });

  test('whichever way it goes, the same comes of it', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({
        unit: fc.constantFrom('a', ' ', '\u00a0', '&', 'amp;', '"', '\t', 'é', "'", ';'),
      }),
    );
    const name = fc.constantFrom(
      'title',
      'sub-title',
      'desc',
      'credits',
      'actor',
      'date',
      'category',
      'icon',
      'rating',
      'value',
      'new',
    );
    const attribute = fc.constantFrom(
      '',
      '',
      ' lang="en"',
      ' lang=" en"',
      ' role="The Hero"',
      ' system="x"',
      ' src="http://h/a"',
      " lang='en'",
    );
    const leaf = fc
      .tuple(name, attribute, text)
      .map(([tag, more, inner]) => `<${tag}${more}>${inner}</${tag}>`);
    const piece = fc.oneof(
      { weight: 6, arbitrary: leaf },
      fc.constantFrom(
        '<new/>',
        '\n  ',
        ' ',
        '<!-- x -->',
        '<credits><actor>A</actor></credits>',
        '<rating><value>1</value></rating>',
        '<premiere/>',
      ),
    );
    const head = fc.constantFrom(
      AT,
      `${AT} `,
      `${AT} a="b"`,
      'channel="c" start="20261121"',
      'channel="c"',
    );
    let recognised = 0;
    fc.assert(
      fc.property(head, fc.array(piece, { maxLength: 5 }), (attributes, pieces) => {
        const slice = shell(`<title>T</title>${pieces.join('')}`, attributes);
        const read = readAsWritten(slice);
        if (read === undefined) return;
        recognised++;
        expect(read).toEqual(readParsed(slice) as never);
      }),
      { numRuns: 5000 },
    );
    expect(recognised).toBeGreaterThan(100);
  });

  test('what was written by us is recognised when it is read again', () => {
    for (const [, slice] of RECOGNISED) {
      const { body } = readParsed(slice) as { body: string };
      expect(readAsWritten(shell(body))).toMatchObject({ body });
    }
  });
});
