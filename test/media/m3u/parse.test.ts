// This file tests that operators' line-ups are read, whatever wrote them.
import { describe, expect, test } from 'bun:test';
import { FormatError } from '../../../src/base/errors.ts';
import { MAX_OPTIONS } from '../../../src/media/m3u/draft.ts';
import type { M3uProblem, ParsedM3uEntry } from '../../../src/media/m3u/list.ts';
import { parseM3u, parseM3uChunks } from '../../../src/media/m3u/parse.ts';
import { MAX_LOCATION_CHARS } from '../../../src/media/m3u/reader.ts';

function entriesOf(text: string): readonly ParsedM3uEntry[] {
  return parseM3u(text).entries;
}

function problemsOf(text: string): Partial<Record<M3uProblem, number>> {
  return Object.fromEntries(parseM3u(text).problems.counts);
}

describe('parseM3u()', () => {
  test('reads everything an entry may have', () => {
    const list = parseM3u(
      [
        '\ufeff#EXTM3U x-tvg-url="http://g/a.xml,http://g/b.xml.gz" url-tvg="http://g/a.xml" tvg-shift="1"',
        '# a comment',
        '#PLAYLIST: mine',
        '#EXTINF:-1 tvg-id="a.uk" tvg-chno="7" tvg-logo="http://l/a,b.png" group-title="UK;News" catchup="shift" catchup-days="3",One, Two',
        '#EXTVLCOPT:http-user-agent=Mozilla/5.0 (X11; Linux)',
        '#EXTVLCOPT:http-referrer=http://r.example/',
        '#EXTVLCOPT:network-caching=1000',
        '#KODIPROP:inputstream.adaptive.license_type=clearkey',
        '#EXTGRP:Extra;UK',
        'https://h.example/a.m3u8?token=x',
        '',
      ].join('\r\n'),
    );
    expect([...list.header.keys()]).toEqual(['x-tvg-url', 'url-tvg', 'tvg-shift']);
    expect(list.guideUrls).toEqual(['http://g/a.xml', 'http://g/b.xml.gz']);
    expect(list.problems).toEqual({ first: [], counts: new Map() });
    expect(list.entries).toEqual([
      {
        line: 10,
        name: 'One, Two',
        url: 'https://h.example/a.m3u8?token=x',
        duration: -1,
        attributes: new Map([
          ['tvg-id', 'a.uk'],
          ['tvg-chno', '7'],
          ['tvg-logo', 'http://l/a,b.png'],
          ['group-title', 'UK;News'],
          ['catchup', 'shift'],
          ['catchup-days', '3'],
        ]),
        groups: ['UK', 'News', 'Extra'],
        headers: new Map([
          ['user-agent', 'Mozilla/5.0 (X11; Linux)'],
          ['referer', 'http://r.example/'],
        ]),
        properties: new Map([['inputstream.adaptive.license_type', 'clearkey']]),
        options: new Map([['network-caching', '1000']]),
      },
    ]);
  });

  test('is one text or any pieces of it', async () => {
    const text = '#EXTM3U\r\n#EXTINF:-1 tvg-id="ä",Ä\r\n#EXTGRP:G\r\nhttp://h/1|user-agent=x\r\n';
    const whole = parseM3u(text);
    expect(await parseM3uChunks([...text])).toEqual(whole);
    async function* halves() {
      yield text.slice(0, 20);
      yield text.slice(20);
    }
    expect(await parseM3uChunks(halves())).toEqual(whole);
  });

  const names: readonly (readonly [string, string, string])[] = [
    ['the title', '#EXTINF:-1 tvg-name="n",t\nhttp://h/f.ts', 't'],
    ['tvg-name where the title is empty', '#EXTINF:-1 tvg-name="n",\nhttp://h/f.ts', 'n'],
    ['the file where both are', '#EXTINF:-1,\nhttp://h/p/f.ts?x=/y#z', 'f.ts'],
    ['the host where there is no file', 'http://h.example/', 'h.example'],
    ['all of it where there is nothing else', 'http://', 'http:'],
  ];
  test.each(names)('the name is %s', (_, text, name) => {
    expect(entriesOf(text)[0]?.name).toBe(name);
  });

  const headers: readonly (readonly [string, string, Record<string, string>])[] = [
    ['none', 'http://h/x', {}],
    [
      'encoded',
      'http://h/x|User-Agent=a%20b&Referer=http%3A%2F%2Fr%2F',
      { 'user-agent': 'a b', referer: 'http://r/' },
    ],
    ['a plus is a space', 'http://h/x|user-agent=a+b', { 'user-agent': 'a b' }],
    ['never encoded', 'http://h/x|user-agent=100% (X)', { 'user-agent': '100% (X)' }],
    [
      'the names players use',
      'http://h/x|http-referrer=r&http-user-agent=u',
      { referer: 'r', 'user-agent': 'u' },
    ],
    ['the first of two alike', 'http://h/x|a=1&A=2', { a: '1' }],
    ['nothing but a bar', 'http://h/x|', {}],
    ['no name', 'http://h/x|=1&&b', {}],
    [
      'the URL before #EXTVLCOPT',
      '#EXTVLCOPT:http-user-agent=v\nhttp://h/x|user-agent=u',
      { 'user-agent': 'u' },
    ],
    [
      '#KODIPROP stream headers',
      '#KODIPROP:inputstream.adaptive.stream_headers=Origin=o&x-a=1\nhttp://h/x',
      { origin: 'o', 'x-a': '1' },
    ],
    [
      '#EXTVLCOPT before #EXTINF',
      '#EXTVLCOPT:http-origin=o\n#EXTINF:-1,t\nhttp://h/x',
      { origin: 'o' },
    ],
    [
      'line breaks decoded, for the importer to refuse',
      'http://h/x|user-agent=a%0D%0AX:%20y',
      { 'user-agent': 'a\r\nX: y' },
    ],
  ];
  test.each(headers)('headers: %s', (_, text, expected) => {
    const entry = entriesOf(`#EXTM3U\n${text}`)[0];
    expect(entry?.url).toBe('http://h/x');
    expect(Object.fromEntries(entry?.headers ?? [])).toEqual(expected);
  });

  const groups: readonly (readonly [string, string, string[][]])[] = [
    [
      'of the entry alone',
      '#EXTINF:-1,a\n#EXTGRP:G\nhttp://h/1\n#EXTINF:-1,b\nhttp://h/2',
      [['G'], []],
    ],
    [
      'of a section',
      '#EXTGRP:G\n#EXTINF:-1,a\nhttp://h/1\n#EXTINF:-1 group-title="H",b\nhttp://h/2\n#EXTINF:-1,c\nhttp://h/3',
      [['G'], ['H'], ['G']],
    ],
    ['quoted', '#EXTINF:-1,a\n#EXTGRP:"G;H"\nhttp://h/1', [['G', 'H']]],
    ['blank ones go', '#EXTINF:-1 group-title=" ; G ;; ",a\nhttp://h/1', [['G']]],
  ];
  test.each(groups)('groups: %s', (_, text, expected) => {
    expect(entriesOf(text).map((entry) => [...entry.groups])).toEqual(expected);
  });

  test('a list without #EXTM3U, without #EXTINF, with a BOM in its middle', () => {
    expect(entriesOf('#EXTINF:0,a\nhttp://h/1')).toHaveLength(1);
    expect(entriesOf('http://h/1\nudp://@239.0.0.1:1234')).toHaveLength(2);
    expect(
      entriesOf('#EXTM3U\n#EXTINF:0,a\nhttp://h/1\n\ufeff#EXTM3U\n#EXTINF:0,b\n\ufeffhttp://h/2'),
    ).toHaveLength(2);
  });

  test('a relative URL is taken where an #EXTINF announced it', () => {
    expect(entriesOf('#EXTM3U\n#EXTINF:-1,a\nmovies/a b.ts')[0]?.url).toBe('movies/a b.ts');
    expect(problemsOf('#EXTM3U\nmovies/a.ts')).toEqual({ 'stray-line': 1 });
  });

  test('an empty list is a list', () => {
    expect(entriesOf('#EXTM3U')).toEqual([]);
  });
});

describe('parseM3u() skips and counts', () => {
  const long = 'x'.repeat(70_000);
  const rows: readonly (readonly [
    string,
    string,
    Partial<Record<M3uProblem, number>>,
    string[],
  ])[] = [
    [
      'an #EXTINF without a URL',
      '#EXTINF:-1,a\n#EXTVLCOPT:http-user-agent=a\n#EXTINF:-1,b\nhttp://h/b\n#EXTINF:-1,c',
      { 'no-url': 2 },
      ['b'],
    ],
    [
      'stray lines',
      'hello\n#EXTINF:-1,a\nhttp://h/a\nworld\n<b>\n{"a":1}',
      { 'stray-line': 4 },
      ['a'],
    ],
    [
      'an endless #EXTINF and its URL',
      `#EXTINF:-1 a="${long}",a\nhttp://h/a\n#EXTINF:-1,b\nhttp://h/b`,
      { 'line-too-long': 1 },
      ['b'],
    ],
    [
      'an endless #EXTINF whose URL never comes',
      `#EXTINF:-1 a="${long}",a\n#EXTINF:-1,b\nhttp://h/b`,
      { 'line-too-long': 1 },
      ['b'],
    ],
    [
      'an endless URL',
      `#EXTINF:-1,a\nhttp://h/${long}\n#EXTINF:-1,b\nhttp://h/b`,
      { 'line-too-long': 1 },
      ['b'],
    ],
    [
      'a URL over the limit',
      `#EXTINF:-1,a\nhttp://h/${'x'.repeat(MAX_LOCATION_CHARS)}\n#EXTINF:-1,b\nhttp://h/b`,
      { 'bad-url': 1 },
      ['b'],
    ],
    [
      'an empty URL before its headers',
      '#EXTINF:-1,a\n|user-agent=x\nhttp://h/b',
      { 'bad-url': 1 },
      ['b'],
    ],
    [
      'options over the limit',
      `#EXTINF:-1,a\n${'#KODIPROP:a=b\n'.repeat(MAX_OPTIONS + 2)}http://h/a`,
      { 'too-many-options': 2 },
      ['a'],
    ],
    [
      'HLS tags in a line-up',
      '#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:-1 tvg-id="x",a\n#EXT-X-TARGETDURATION:4\nhttp://h/a',
      {},
      ['a'],
    ],
  ];
  test.each(rows)('%s', (_, text, problems, names) => {
    // 'stray-line' at the very start needs a list that has begun
    const list = `#EXTM3U\n${text}`;
    expect(problemsOf(list)).toEqual(problems);
    expect(entriesOf(list).map((entry) => entry.name)).toEqual(names);
  });

  test('problems say the line and no URL', () => {
    const { first } = parseM3u('#EXTM3U\n#EXTINF:-1,a\n#EXTINF:-1,b\nhttp://h/x\njunk').problems;
    expect(first).toEqual([
      { line: 2, reason: 'no-url', message: '#EXTINF without a URL after it' },
      { line: 5, reason: 'stray-line', message: 'Neither a tag nor a URL' },
    ]);
  });

  test('only the first problems are remembered, all are counted', () => {
    const { first, counts } = parseM3u(`#EXTM3U\n${'junk\n'.repeat(5000)}`).problems;
    expect(first).toHaveLength(100);
    expect(counts.get('stray-line')).toBe(5000);
  });
});

describe('parseM3u() refuses what is no M3U', () => {
  const rows: readonly (readonly [string, string, string, number])[] = [
    ['nothing', '', 'empty', 0],
    ['blank lines', '\n \r\n', 'empty', 2],
    ['HTML', '\n<!DOCTYPE html><html>', 'an HTML page', 2],
    ['HTML of one endless line', `<html>${'x'.repeat(100_000)}`, 'an HTML page', 1],
    ['other markup', '<h1>404</h1>', 'a page of markup', 1],
    ['XMLTV', '\ufeff<?xml version="1.0"?><tv></tv>', 'an XML document', 1],
    ['JSON object', '{"user_info":{"auth":0}}', 'JSON', 1],
    ['JSON array', ' [1]', 'JSON', 1],
    ['PLS', '[playlist]\nFile1=http://h/x', 'a PLS list', 1],
    ['gzip read as text', '\u001f\ufffd\u0008\u0000', 'gzip data', 1],
    ['ZIP', 'PK\u0003\u0004\u0014', 'a ZIP archive', 1],
    ['plain text', 'Forbidden\n', 'text without any entry', 1],
    ['comments alone', '# nothing\n# here', 'text without any entry', 2],
    [
      'a media playlist',
      '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts',
      'an HLS media playlist',
      3,
    ],
    [
      'a media playlist whose target comes late',
      '#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-TARGETDURATION:4',
      'an HLS media playlist',
      4,
    ],
    [
      'a multivariant playlist',
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8',
      'an HLS multivariant playlist',
      2,
    ],
    ['a mebibyte without a sign', 'lorem ipsum\n'.repeat(100_000), 'text without #EXTM3U', 100_000],
  ];
  test.each(rows)('%s', (_, text, is, line) => {
    let error: unknown;
    try {
      parseM3u(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FormatError);
    const { message, offset, format } = error as FormatError;
    expect(message).toStartWith(`Cannot read line-up: it is ${is}`);
    expect(message).toEndWith(', wanted an M3U list');
    expect([format, offset]).toEqual(['m3u', line]);
  });
});
