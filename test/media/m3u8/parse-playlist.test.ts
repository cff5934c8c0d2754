// This file tests which texts are playlists at all, and of which kind.
import { describe, expect, test } from 'bun:test';
import { FormatError } from '../../../src/base/errors.ts';
import { MAX_TEXT_CHARS, parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';

const REFUSED: readonly (readonly [name: string, text: string, isWhat: string])[] = [
  ['nothing', '', 'empty'],
  ['nothing but space', ' \r\n\t\n\ufeff', 'empty'],
  ['an HTML page', '<!DOCTYPE html>\n<html><head><title>Login</title>', 'an HTML page'],
  ['an HTML page without doctype', '\n\n<html lang="en">', 'an HTML page'],
  ['an HTML page on one long line', `<html>${'x'.repeat(100_000)}`, 'an HTML page'],
  [
    'an XML document',
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    'an XML document',
  ],
  ['a DASH manifest', '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash">', 'a DASH manifest'],
  ['JSON', '{"error":"token expired"}', 'JSON'],
  ['a JSON list', '[]', 'JSON'],
  ['gzip data', '\x1f\ufffd\x08\0\0', 'gzip data'],
  ['MPEG-TS', `G@\0\x10\0\0\ufffd\r\0${'\ufffd'.repeat(100_000)}`, 'binary data'],
  ['an error in words', 'Forbidden', 'plain text'],
  ['a bare URI', 'https://example.com/a.ts', 'plain text'],
  ['a comment and a URI', '# list\nhttps://example.com/a.ts', 'plain text'],
  ['nothing but comments', '# list\n#EX\n', 'plain text'],
  ['subtitles', 'WEBVTT\n\n00:00.000 --> 00:01.000\nhello', 'a WebVTT file'],
];

describe('parsePlaylist() refuses what is no playlist and says what it is', () => {
  for (const [name, text, isWhat] of REFUSED) {
    test(name, () => {
      const message = `Cannot parse the playlist: it is ${isWhat}, wanted #EXTM3U`;
      expect(() => parsePlaylist(text)).toThrow(new FormatError('m3u8', 1, message, '').message);
      expect(() => parsePlaylist(text)).toThrow(FormatError);
    });
  }

  test('a text too long', () => {
    const text = '#EXTM3U\n'.padEnd(MAX_TEXT_CHARS + 1, '\n');
    expect(() => parsePlaylist(text)).toThrow('it has 2097153 characters, wanted 2097152 at most');
    expect(parsePlaylist(text.slice(0, -1)).kind).toBe('media');
  });
});

describe('parsePlaylist() tells the kinds apart', () => {
  const rows: readonly (readonly [name: string, lines: string[], kind: string])[] = [
    ['by STREAM-INF', ['#EXT-X-STREAM-INF:BANDWIDTH=1', 'v'], 'multivariant'],
    [
      'by MEDIA',
      ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n"', '#EXT-X-STREAM-INF:', 'v'],
      'multivariant',
    ],
    [
      'by I-FRAME-STREAM-INF',
      ['#EXT-X-I-FRAME-STREAM-INF:URI="i"', '#EXT-X-STREAM-INF:', 'v'],
      'multivariant',
    ],
    [
      'over a stray MEDIA-SEQUENCE',
      ['#EXT-X-MEDIA-SEQUENCE:0', '#EXT-X-STREAM-INF:', 'v'],
      'multivariant',
    ],
    ['by EXTINF', ['#EXTINF:4,', 'a'], 'media'],
    ['by TARGETDURATION', ['#EXT-X-TARGETDURATION:4'], 'media'],
    ['by a URI without a tag', ['a.ts'], 'media'],
    ['by nothing at all', ['#EXT-X-VERSION:3'], 'media'],
  ];
  for (const [name, lines, kind] of rows) {
    test(name, () => {
      expect(parsePlaylist(['#EXTM3U', '#EXT-X-VERSION:4', ...lines].join('\n')).kind).toBe(
        kind as never,
      );
    });
  }
});
