// This file tests attribute lists, those of odd packagers among them.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import {
  formatAttributeList,
  MAX_ATTRIBUTES,
  parseAttributeList,
} from '../../../src/media/m3u8/attribute-list.ts';
import { createScope } from '../../../src/media/m3u8/define.ts';

type Row = { readonly name: string; readonly text: string; readonly written: string };

/** `written` is what the parsed list comes out as; parsed again it must be the same list. */
const ROWS: readonly Row[] = [
  { name: 'plain', text: 'BANDWIDTH=1,CODECS="a,b"', written: 'BANDWIDTH=1,CODECS="a,b"' },
  { name: 'empty', text: '', written: '' },
  { name: 'only a comma', text: ',', written: '' },
  { name: 'a trailing comma', text: 'BANDWIDTH=1,', written: 'BANDWIDTH=1' },
  { name: 'a doubled comma', text: 'A=1,,B=2', written: 'A=1,B=2' },
  { name: 'spaces around commas', text: 'A=1 , B="x" ,C=3 ', written: 'A=1,B="x",C=3' },
  { name: 'spaces around equals signs', text: 'A = 1,URI = "x"', written: 'A=1,URI="x"' },
  { name: 'spaces inside quotes stay', text: 'NAME=" a b "', written: 'NAME=" a b "' },
  {
    name: 'unquoted where quotes belong',
    text: 'URI=a.m3u8,NAME=x',
    written: 'URI="a.m3u8",NAME="x"',
  },
  { name: 'quoted where none belong', text: 'BANDWIDTH="12"', written: 'BANDWIDTH=12' },
  {
    name: 'quoted enumeration',
    text: 'TYPE="AUDIO",DEFAULT="yes"',
    written: 'TYPE=AUDIO,DEFAULT=YES',
  },
  {
    name: 'lower-case enumeration',
    text: 'AUTOSELECT=yes,METHOD=aes-128',
    written: 'AUTOSELECT=YES,METHOD=AES-128',
  },
  {
    name: 'quotes inside quotes',
    text: 'NAME="the "best" of",URI="u"',
    written: 'NAME="the \'best\' of",URI="u"',
  },
  { name: 'a quote in a URI', text: 'URI="a"b.ts"', written: 'URI="a%22b.ts"' },
  {
    name: 'a quote never closed',
    text: 'URI="a.ts,BANDWIDTH=5',
    written: 'URI="a.ts",BANDWIDTH=5',
  },
  {
    name: 'a comma forgotten',
    text: 'NAME="a"URI="b" LANGUAGE="c"',
    written: 'NAME="a",URI="b",LANGUAGE="c"',
  },
  { name: 'an equals sign in a value', text: 'URI="a?b=c,d=e"', written: 'URI="a?b=c,d=e"' },
  { name: 'a name without a value', text: 'FOO,BANDWIDTH=1', written: 'BANDWIDTH=1' },
  { name: 'an empty value says nothing', text: 'CODECS=,BANDWIDTH=1', written: 'BANDWIDTH=1' },
  { name: 'an empty string says that it is empty', text: 'VALUE=""', written: 'VALUE=""' },
  { name: 'a value without a name', text: '=5,BANDWIDTH=1', written: 'BANDWIDTH=1' },
  { name: 'a name that is none', text: 'a b"=5,BANDWIDTH=1', written: 'BANDWIDTH=1' },
  { name: 'twice: the last one holds', text: 'A=1,B=2,A=3', written: 'A=3,B=2' },
  {
    name: 'no captions, quoted by mistake',
    text: 'CLOSED-CAPTIONS="NONE"',
    written: 'CLOSED-CAPTIONS=NONE',
  },
  { name: 'a captions group', text: 'CLOSED-CAPTIONS=cc', written: 'CLOSED-CAPTIONS="cc"' },
  { name: 'unknown names keep their quotes', text: 'X-A="1",X-B=1', written: 'X-A="1",X-B=1' },
  { name: 'an unknown bare value with a space is quoted', text: 'X-A=a b', written: 'X-A="a b"' },
];

function parse(text: string) {
  return parseAttributeList(text, createScope({}), 7);
}

describe('parseAttributeList()', () => {
  for (const { name, text, written } of ROWS) {
    test(name, () => {
      const attributes = parse(text);
      expect(formatAttributeList(attributes)).toBe(written);
      expect([...parse(written)]).toEqual([...attributes]);
    });
  }

  test(`takes ${MAX_ATTRIBUTES} attributes and refuses one more, naming the line`, () => {
    const list = Array.from({ length: MAX_ATTRIBUTES }, (_, index) => `X-${index}=1`);
    expect(parse(list.join(',')).size).toBe(MAX_ATTRIBUTES);
    const tooMany = () => parse([...list, 'A=1'].join(','));
    expect(tooMany).toThrow(FormatError);
    expect(tooMany).toThrow('it has too many attributes, wanted 64');
    try {
      tooMany();
    } catch (error) {
      expect((error as FormatError).offset).toBe(7);
    }
  });

  test('counts an attribute given again and again', () => {
    expect(() => parse('A=1,'.repeat(MAX_ATTRIBUTES + 1))).toThrow('too many attributes');
  });

  test('any text without variables gives a list that is written and read back as it is', () => {
    const piece = fc.oneof(fc.constantFrom('"', '=', ',', ' ', 'A', 'URI', '{$'), fc.string());
    let read = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const given = pieces.join('').replace(/[\0-\x1f\x7f-\x9f]/g, '');
        // A variable that is not defined is rightly refused
        if (/\{\$[\w-]+\}/.test(given)) return;
        read++;
        const attributes = parse(given);
        const text = formatAttributeList(attributes);
        expect([...parse(text)]).toEqual([...attributes]);
      }),
      { numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(1900);
  });

  test('a variable that nothing defines is refused', () => {
    expect(() => parse('A={$0}')).toThrow('unknown');
  });
});

describe('formatAttributeList()', () => {
  test('lets no value end its own quotes, its line or its tag', () => {
    const hostile = { value: 'x",URI="evil"\r\n#EXT-X-ENDLIST\0\x85', quoted: true };
    const bareHostile = { value: 'x,URI="evil"\n', quoted: false };
    const text = formatAttributeList(new Map(Object.entries({ NAME: hostile, X: bareHostile })));
    expect(text).toBe(`NAME="x',URI='evil'#EXT-X-ENDLIST",X="x,URI='evil'"`);
    expect([...parse(text).keys()]).toEqual(['NAME', 'X']);
  });
});
