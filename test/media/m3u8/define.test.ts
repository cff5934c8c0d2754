// This file tests the variables of playlists.
import { describe, expect, test } from 'bun:test';
import { FormatError } from '../../../src/base/errors.ts';
import type { ParseOptions } from '../../../src/media/m3u8/define.ts';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist, MultivariantPlaylist } from '../../../src/media/m3u8/playlist.ts';

function media(options: ParseOptions, ...lines: string[]): MediaPlaylist {
  const text = ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...lines].join('\n');
  return parsePlaylist(text, options) as MediaPlaylist;
}

const NAME = '#EXT-X-DEFINE:NAME="host",VALUE="https://h"';

describe('EXT-X-DEFINE', () => {
  test('is replaced in URIs, quoted strings and hexadecimal values', () => {
    const { segments } = media(
      {},
      ...[NAME, '#EXT-X-DEFINE:NAME="iv",VALUE="0000000000000000000000000000000a"'],
      ...['#EXT-X-KEY:METHOD=AES-128,URI="{$host}/k",IV=0x{$iv}', '#EXT-X-MAP:URI="{$host}/i"'],
      ...['#EXTINF:4,{$host} is no URI', '{$host}/{$iv}.ts?again={$host}'],
    );
    expect(segments[0]).toMatchObject({
      uri: 'https://h/0000000000000000000000000000000a.ts?again=https://h',
      title: '{$host} is no URI',
      map: { uri: 'https://h/i' },
      keys: [{ uri: 'https://h/k', iv: '0000000000000000000000000000000a' }],
    });
  });

  test('is handed from the multivariant playlist to its children', () => {
    const text = `#EXTM3U\n${NAME}\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{$host}/v.m3u8`;
    const parent = parsePlaylist(text) as MultivariantPlaylist;
    expect(parent.variants[0]?.uri).toBe('https://h/v.m3u8');
    const child = media({ imports: parent.defines }, '#EXT-X-DEFINE:IMPORT="host"', '{$host}/a.ts');
    expect(child.segments[0]?.uri).toBe('https://h/a.ts');
  });

  test("is taken from the query of the playlist's URL, as it stands there", () => {
    const options = { uri: 'https://x/m.m3u8?a=1&token=s%2Bt%3D&empty=#f' };
    const tags = ['token', 'empty'].map((name) => `#EXT-X-DEFINE:QUERYPARAM="${name}"`);
    const { segments } = media(options, ...tags, 'a.ts?t={$token}&e={$empty}');
    expect(segments[0]?.uri).toBe('a.ts?t=s%2Bt%3D&e=');
  });

  test('what is not a reference stays', () => {
    const uri = '{host}/$host/{$}/{$ho st}/{$host/}.ts';
    expect(media({}, NAME, uri).segments[0]?.uri).toBe(uri);
  });

  const refused: readonly (readonly [
    name: string,
    lines: string[],
    line: number,
    message: string,
  ])[] = [
    [
      'an unknown variable',
      ['{$nope}/a.ts'],
      3,
      'Cannot replace the variable "nope": it is unknown, wanted an EXT-X-DEFINE before it',
    ],
    ['a variable before its tag', ['{$host}/a.ts', NAME], 3, '"host": it is unknown'],
    ['a variable defined twice', [NAME, NAME], 4, '"host": it is defined already'],
    ['no value', ['#EXT-X-DEFINE:NAME="x"'], 3, '"x": its value is missing, wanted a VALUE'],
    [
      'an import that is not there',
      ['#EXT-X-DEFINE:IMPORT="x"'],
      3,
      'wanted it in the multivariant playlist',
    ],
    [
      'a query without it',
      ['#EXT-X-DEFINE:QUERYPARAM="x"'],
      3,
      "wanted it in the query of the playlist's URL",
    ],
    ['an empty tag', ['#EXT-X-DEFINE:X="1"'], 3, 'wanted NAME, IMPORT or QUERYPARAM'],
    [
      'a reference that a value opens',
      ['#EXT-X-DEFINE:NAME="b",VALUE="{"', '{$b}$host}'],
      4,
      'their values name a variable',
    ],
    [
      'a URI that becomes a comment',
      ['#EXT-X-DEFINE:NAME="b",VALUE="#x"', '{$b}'],
      4,
      'its variables leave none of it',
    ],
    [
      'a URI that becomes empty',
      ['#EXT-X-DEFINE:NAME="b",VALUE=""', '{$b}'],
      4,
      'its variables leave none of it',
    ],
  ];
  for (const [name, lines, line, message] of refused) {
    test(`${name} is refused`, () => {
      const run = () => media({ uri: 'https://x/?y=1', imports: new Map() }, ...lines);
      expect(run).toThrow(FormatError);
      expect(run).toThrow(message);
      try {
        run();
      } catch (error) {
        expect((error as FormatError).offset).toBe(line);
      }
    });
  }

  test('a value from outside brings neither quote nor line end', () => {
    const imports = new Map([['x', 'a"\n#EXT-X-ENDLIST']]);
    const { segments, endList } = media({ imports }, '#EXT-X-DEFINE:IMPORT="x"', 'u/{$x}');
    expect(segments[0]?.uri).toBe("u/a'#EXT-X-ENDLIST");
    expect(endList).toBe(false);
  });

  test('a bomb is refused, on one line and over many', () => {
    const big = `#EXT-X-DEFINE:NAME="x",VALUE="${'y'.repeat(60_000)}"`;
    expect(() => media({}, big, '{$x}'.repeat(2))).toThrow('it becomes too long');
    expect(() => media({}, big, '{$x}'.repeat(16_000))).toThrow('they add too much');
    const lines = Array.from({ length: 10_000 }, (_, index) => `{$x}${index}`);
    expect(() => media({}, big, ...lines)).toThrow('they add too much, wanted 2097152 characters');
  });
});
