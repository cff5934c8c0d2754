// This file tests how a guide is cut into elements, whole or broken, in pieces of any length.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { createXmltvSlicer, MAX_ELEMENT_CHARS } from '../../../src/media/xmltv/slicer.ts';

function slices(chunks: Iterable<string>): { taken: string[]; problems: string[] } {
  const taken: string[] = [];
  const problems: string[] = [];
  const slicer = createXmltvSlicer({
    take: (kind, text) => taken.push(`${kind}: ${text}`),
    problem: (kind) => problems.push(kind),
  });
  for (const chunk of chunks) slicer.push(chunk);
  slicer.end();
  return { taken, problems };
}

function* pieces(text: string, size: number): Generator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

const A = '<channel id="a"><display-name>A</display-name></channel>';
const P = '<programme start="1" channel="a"><title>T</title></programme>';
const both = [`channel: ${A}`, `programme: ${P}`];

const GUIDES: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ['a guide', `<?xml version="1.0"?>\n<tv>\n${A}\n${P}\n</tv>`, both, []],
  ['no line break, no declaration', `<tv>${A}${P}</tv>`, both, []],
  ['a byte order mark and blanks', `\ufeff\n\n  <tv>${A}${P}</tv>`, both, []],
  ['a document type', `<!DOCTYPE tv SYSTEM "xmltv.dtd"><tv>${A}${P}</tv>`, both, []],
  [
    'a document type with declarations',
    `<!DOCTYPE tv [<!ENTITY a "<programme>"><!ELEMENT tv (a)*>]><tv>${A}${P}</tv>`,
    both,
    [],
  ],
  ['comments between', `<tv><!-- <programme> -->${A}<!-- ${P} -->${P}</tv>`, both, []],
  ['a processing instruction', `<?x <channel ?><tv>${A}${P}</tv>`, both, []],
  ['data between', `<tv><![CDATA[<channel id="x"/>]]>${A}${P}</tv>`, both, []],
  [
    'elements nobody knows',
    `<tv><x><y/></x>${A}<programmes/>${P}<channels></channels></tv>`,
    both,
    [],
  ],
  ['no end of the root', `<tv a="b">${A}${P}`, both, ['cut-off']],
  ['two guides in one file', `<tv>${A}</tv>\n<tv>${P}</tv>`, both, []],
  ['no root', `${A}${P}`, both, []],
  ['an empty element', '<tv><channel id="a"/></tv>', ['channel: <channel id="a"/>'], []],
  [
    'an end in a comment',
    '<tv><channel id="a"><!-- </channel> --></channel></tv>',
    ['channel: <channel id="a"><!-- </channel> --></channel>'],
    [],
  ],
  [
    'an end in data',
    '<tv><channel id="a"><![CDATA[</channel>]]></channel></tv>',
    ['channel: <channel id="a"><![CDATA[</channel>]]></channel>'],
    [],
  ],
  [
    'a bracket in an attribute',
    '<tv><channel id="a>b"/><channel id=\'/>\'></channel></tv>',
    ['channel: <channel id="a>b"/>', "channel: <channel id='/>'></channel>"],
    [],
  ],
  [
    'a blank before the bracket of the end',
    '<tv><channel id="a"></channel ></tv>',
    ['channel: <channel id="a"></channel >'],
    [],
  ],
  [
    'one that does not end',
    `<tv><programme start="0"><title>${A}${P}</tv>`,
    both,
    ['element-without-end'],
  ],
  ['one that is cut off', `<tv>${A}${P}<programme start="2"><ti`, both, ['cut-off']],
  ['one of which only the name came', `<tv>${A}${P}<programme`, both, ['cut-off']],
  [
    'one that is too long',
    `<tv><channel id="x">${'y'.repeat(MAX_ELEMENT_CHARS)}</channel>${A}${P}</tv>`,
    both,
    ['element-too-long'],
  ],
  [
    'an attribute without end',
    `<tv><channel id="x${'y'.repeat(MAX_ELEMENT_CHARS)}</channel>${A}${P}</tv>`,
    both,
    ['element-too-long'],
  ],
  ['nothing in it', '<tv/>', [], []],
];

describe('createXmltvSlicer()', () => {
  for (const size of [Number.POSITIVE_INFINITY, 1000, 7, 1]) {
    test.each(GUIDES)(`%s, ${size} at a time`, (_, text, taken, problems) => {
      expect(slices(pieces(text, size))).toEqual({ taken: [...taken], problems: [...problems] });
    });
  }

  const foreign: readonly (readonly [string, string, string])[] = [
    ['a web page', '<!DOCTYPE html><html></html>', 'an HTML page'],
    ['what bzip2 made', 'BZh91AY&SY', 'bzip2 data'],
    ['a line-up', '#EXTM3U\n', 'an M3U list'],
    ['an API that says no', '{"error":"expired"}', 'JSON'],
    ['nothing', '', 'empty'],
    ['blanks', ' \n\t ', 'empty'],
    ['another XML', '<?xml version="1.0"?><rss></rss>', 'text without <tv>'],
    ['words', 'no guide today', 'text without <tv>'],
    ['endless words', 'no guide today '.repeat(10_000), 'text without <tv>'],
  ];
  test.each(foreign)('refuses %s', (_, text, is) => {
    for (const size of [Number.POSITIVE_INFINITY, 3]) {
      expect(() => slices(pieces(text, size))).toThrow(FormatError);
      expect(() => slices(pieces(text, size))).toThrow(is);
    }
  });

  test('whatever the pieces, the same comes of it', () => {
    const parts = fc.constantFrom(
      ...[A, P, '<tv>', '</tv>', '<!--', '-->', '<![CDATA[', ']]>', '<?', '?>', '<!DOCTYPE', '['],
      ...[
        ']',
        '>',
        '<',
        '"',
        "'",
        '<channel',
        '<programme',
        '</channel>',
        '</programme>',
        '/',
        'x',
        ' ',
      ],
    );
    fc.assert(
      fc.property(
        fc.array(parts, { maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (text, size) => {
          const whole = `<tv>${text.join('')}`;
          expect(slices(pieces(whole, size))).toEqual(slices([whole]));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('8 MiB without an end take little memory', () => {
    for (const unit of [
      '<programme start="',
      'x',
      '<',
      '<!--',
      '<channel id="',
      '<![CDATA[',
      '>',
      '<!DOCTYPE [',
    ]) {
      const chunk = unit.repeat(Math.ceil(65_536 / unit.length));
      Bun.gc(true);
      const before = process.memoryUsage.rss();
      const slicer = createXmltvSlicer({ take() {}, problem() {} });
      slicer.push('<tv>');
      for (let index = 0; index < 128; index++) slicer.push(chunk);
      slicer.end();
      Bun.gc(true);
      expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
    }
  }, 60_000);
});
