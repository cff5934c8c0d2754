// This file tests that only the URIs of an upstream playlist change.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { rewriteUris, type UriKind } from '../../../src/packaging/hls/unbuffered.ts';

const BASE = 'https://up.example/a/b/list.m3u8?token=1';

/** Shows the address and the kind that a URI was given out with. */
function mark(text: string, base = BASE): string {
  return rewriteUris(text, base, (url, kind) => `<${kind} ${url}>`);
}

type Row = { readonly name: string; readonly text: string; readonly wanted: string };

const MEDIA: readonly Row[] = [
  { name: 'a relative URI', text: '1.ts', wanted: '<body https://up.example/a/b/1.ts>' },
  {
    name: 'one with a query',
    text: '1.ts?x=1&y',
    wanted: '<body https://up.example/a/b/1.ts?x=1&y>',
  },
  { name: 'one from the root', text: '/1.ts', wanted: '<body https://up.example/1.ts>' },
  { name: 'one without a scheme', text: '//o.example/1', wanted: '<body https://o.example/1>' },
  { name: 'an absolute one', text: 'http://o.example/1', wanted: '<body http://o.example/1>' },
  { name: 'one in spaces', text: '  1.ts\t', wanted: '<body https://up.example/a/b/1.ts>' },
  {
    name: 'the key',
    text: '#EXT-X-KEY:METHOD=AES-128,URI="k?n=1",IV=0x1',
    wanted: '#EXT-X-KEY:METHOD=AES-128,URI="<body https://up.example/a/b/k?n=1>",IV=0x1',
  },
  {
    name: 'the init segment',
    text: '#EXT-X-MAP:URI="i.mp4",BYTERANGE="5@0"',
    wanted: '#EXT-X-MAP:URI="<body https://up.example/a/b/i.mp4>",BYTERANGE="5@0"',
  },
  {
    name: 'a part',
    text: '#EXT-X-PART:DURATION=1,URI="p.mp4",INDEPENDENT=YES',
    wanted: '#EXT-X-PART:DURATION=1,URI="<body https://up.example/a/b/p.mp4>",INDEPENDENT=YES',
  },
  {
    name: 'a tag nobody knows, with a URI',
    text: '#EXT-X-NEW:URI="n",OTHER-URI="z"',
    wanted:
      '#EXT-X-NEW:URI="<body https://up.example/a/b/n>",OTHER-URI="<body https://up.example/a/b/z>"',
  },
  { name: 'a tag without a URI', text: '#EXT-X-NEW:A=1,B="x"', wanted: '#EXT-X-NEW:A=1,B="x"' },
  { name: 'a title', text: '#EXTINF:4,Title "x"', wanted: '#EXTINF:4,Title "x"' },
  { name: 'a comment', text: '# 1.ts', wanted: '# 1.ts' },
  { name: 'a key of a DRM', text: '#EXT-X-KEY:URI="skd://k"', wanted: '#EXT-X-KEY:URI="skd://k"' },
  {
    name: 'a key in itself',
    text: '#EXT-X-KEY:URI="data:;base64,AA=="',
    wanted: '#EXT-X-KEY:URI="data:;base64,AA=="',
  },
  { name: 'a line that leads out of the web', text: 'file:///etc/passwd', wanted: '' },
  { name: 'a line that is a script', text: 'javascript:alert(1)', wanted: '' },
  { name: 'an empty line', text: '   ', wanted: '' },
  { name: 'a line longer than any', text: `a${'b'.repeat(70_000)}`, wanted: '' },
  { name: 'a tag longer than any', text: `#EXT-X-${'b'.repeat(70_000)}`, wanted: '' },
  { name: 'a quote that never ends', text: '#EXT-X-KEY:URI="k', wanted: '#EXT-X-KEY:URI="k' },
];

const MULTIVARIANT: readonly Row[] = [
  { name: 'a variant', text: 'v.m3u8', wanted: '<playlist https://up.example/a/b/v.m3u8>' },
  {
    name: 'a rendition',
    text: '#EXT-X-MEDIA:TYPE=AUDIO,URI="a.m3u8"',
    wanted: '#EXT-X-MEDIA:TYPE=AUDIO,URI="<playlist https://up.example/a/b/a.m3u8>"',
  },
  {
    name: 'a playlist of I-frames',
    text: '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"',
    wanted: '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="<playlist https://up.example/a/b/i.m3u8>"',
  },
  {
    name: 'a session key, which is a body',
    text: '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"',
    wanted: '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="<body https://up.example/a/b/k>"',
  },
];

const MEDIA_HEAD = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n';
const MULTIVARIANT_HEAD = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n';

describe('rewriteUris()', () => {
  for (const { name, text, wanted } of MEDIA) {
    test(`media: ${name}`, () => expect(mark(MEDIA_HEAD + text)).toBe(MEDIA_HEAD + wanted));
  }
  for (const { name, text, wanted } of MULTIVARIANT) {
    test(`multivariant: ${name}`, () => {
      expect(mark(MULTIVARIANT_HEAD + text)).toBe(MULTIVARIANT_HEAD + wanted);
    });
  }

  test('reads a byte order mark and every kind of line end', () => {
    expect(mark('\uFEFF#EXTM3U\r\n1.ts\r2.ts\n', 'http://h/')).toBe(
      '#EXTM3U\n<body http://h/1.ts>\n<body http://h/2.ts>\n',
    );
  });

  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
    fc
      .tuple(fc.constantFrom('#EXT-X-KEY:URI="', '#EXTINF:', '#'), fc.string())
      .map((p) => p.join('')),
  );
  const playlist = fc.array(line).map((lines) => lines.join('\n'));

  test('hands out nothing but http and https, and no line that was not rewritten', () => {
    fc.assert(
      fc.property(playlist, (text) => {
        const rewritten = rewriteUris(text, BASE, (url, kind: UriKind) => {
          expect(url).toMatch(/^https?:\/\//);
          return `${kind}.ts`;
        });
        for (const each of rewritten.split(/\r\n|\n|\r/)) {
          expect(each === '' || each.startsWith('#') || /^(body|playlist)\.ts$/.test(each)).toBe(
            true,
          );
        }
      }),
    );
  });

  test('changes nothing more when done twice', () => {
    fc.assert(
      fc.property(playlist, (text) => {
        const once = rewriteUris(text, BASE, (url) => url);
        expect(rewriteUris(once, BASE, (url) => url)).toBe(once);
      }),
    );
  });
});
