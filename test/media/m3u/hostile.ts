// This file makes line-up entries that try to break the line-up.
import fc from 'fast-check';
import type { M3uEntry } from '../../../src/media/m3u/entry.ts';

/** What each player or language takes for structure. */
const PIECES = [
  '\n#EXTINF:-1,injected\nhttp://evil.example/x.ts\n',
  '\r\nhttp://evil.example/y.ts\r\n',
  '\n',
  '\r',
  '\u2028',
  '\u2029',
  '\u0085',
  '\v',
  '\f',
  '\0',
  '\t',
  '\u009b',
  '\ud800',
  '\udc00',
  '\ufeff',
  '"',
  '""',
  '",',
  '" radio="true" x="',
  '" tvg-id="evil',
  ',',
  ';',
  "'",
  '\\',
  '|user-agent=evil',
  '#',
  '##EXT-X-VERSION:3',
  '#EXT-X-STREAM-INF:',
  '#EXT-X-TARGETDURATION:4',
  '#EXTM3U',
  '#EXTINF:-1,',
  '#EXTVLCOPT:',
  'RTSPtext',
  ' - ',
  ' - - ',
  ' ',
  '  ',
  '\u00a0',
  '\u3000',
  '5 ',
  '84. ',
  '84.0 - ',
  '-1e3 ',
  'NaN ',
  'Infinity ',
  'media=',
  'media-dir=',
  'media-size=1 ',
  'radio=true ',
  'RADIO=true ',
  'realtime=',
  'tvg-id=',
  'tvg-ID=',
  'tvg-name=',
  'tvg-chno=9 ',
  'tvg-logo=',
  'tvg-shift=5 ',
  'ch-number=9 ',
  'group-title=',
  'catchup=default ',
  'catchup-source=',
  'timeshift=7 ',
  'tvg-rec=7 ',
  'provider=',
  'x-tvg-url=',
  'url-tvg=',
  '=',
  '{utc}',
  '\u0024{start}',
  '<script>',
  '日本',
  'Россия',
  '📺',
  'é',
] as const;

export const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 6 })), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

/** URLs that new URL() takes, with whatever hostile text a path, query or fragment can hold. */
export const hostileUrl = fc
  .tuple(
    fc.constantFrom('http://', 'https://', 'HTTP://user:p=w@'),
    fc.constantFrom(
      'tv.example',
      'h_x:8080',
      '192.0.2.7',
      '[2001:db8::1]:81',
      'xn--e1afmkfd.example',
    ),
    hostileText,
    hostileText,
    hostileText,
  )
  .map(([scheme, host, path, query, fragment]) => `${scheme}${host}/${path}?${query}#${fragment}`)
  .filter((url) => url.length < 600 && URL.canParse(url));

export const hostileEntry: fc.Arbitrary<M3uEntry> = fc.record(
  {
    id: fc.oneof(fc.constantFrom('news', 'a_b-9'), hostileText),
    name: hostileText,
    number: fc.oneof(
      fc.integer({ min: -5, max: 1_000_005 }),
      fc.double({ min: 0, max: 9999 }),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 5.1),
    ),
    group: hostileText,
    logo: fc.oneof(hostileUrl, hostileText),
    guideId: hostileText,
    url: hostileUrl,
  },
  { requiredKeys: ['id', 'name', 'url'] },
);
