// This file tests that what is written reads as what was parsed.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { formatMediaPlaylist } from '../../../src/media/m3u8/format-media.ts';
import { formatMultivariantPlaylist } from '../../../src/media/m3u8/format-multivariant.ts';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { Playlist } from '../../../src/media/m3u8/playlist.ts';
import { mediaVersion, multivariantVersion } from '../../../src/media/m3u8/version.ts';
import { MEDIA, MULTIVARIANT, OPTIONS } from './vectors.ts';

function format(playlist: Playlist): string {
  return playlist.kind === 'media'
    ? formatMediaPlaylist(playlist)
    : formatMultivariantPlaylist(playlist);
}

/** The two things that are not carried over: the version is computed, variables are replaced. */
function expected(playlist: Playlist): Playlist {
  return playlist.kind === 'media'
    ? { ...playlist, version: mediaVersion(playlist) }
    : { ...playlist, version: multivariantVersion(playlist), defines: new Map() };
}

/** Map order is not looked at by toEqual; of attributes it is kept. */
function ordered(playlist: Playlist): string {
  return JSON.stringify(playlist, (_, value) => (value instanceof Map ? [...value] : value));
}

function expectRoundTrip(playlist: Playlist): void {
  const text = format(playlist);
  const again = parsePlaylist(text);
  expect(again).toStrictEqual(expected(playlist));
  expect(ordered(again)).toBe(ordered(expected(playlist)));
  expect(format(again)).toBe(text);
}

describe('parse, format, parse', () => {
  for (const { name, text } of [...MEDIA, ...MULTIVARIANT]) {
    test(name, () => expectRoundTrip(parsePlaylist(text, OPTIONS)));
  }
});

const attributeName = fc.constantFrom(
  ...'URI METHOD IV KEYFORMAT KEYFORMATVERSIONS BYTERANGE BANDWIDTH AVERAGE-BANDWIDTH'.split(' '),
  ...'RESOLUTION FRAME-RATE CODECS AUDIO VIDEO SUBTITLES CLOSED-CAPTIONS TYPE NAME'.split(' '),
  ...'GROUP-ID LANGUAGE DEFAULT AUTOSELECT TIME-OFFSET PRECISE ID START-DATE X-COM'.split(' '),
  ...'VALUE QUERYPARAM IMPORT INSTREAM-ID REQ-X DATA-ID bad_name'.split(' '),
);

const attributeValue = fc.oneof(
  fc.constantFrom('YES', 'no', 'NONE', 'none', 'AES-128', 'SAMPLE-AES', 'AUDIO', 'subtitles'),
  fc.constantFrom('CLOSED-CAPTIONS', '0xAbC', '1280x720', '29.97', '-3.5', '100@20', '64', 'id'),
  fc.constantFrom('identity', 'com.example', 'SERVICE1', '1e30', '-0', '0.0000004', '99999999999'),
  fc.string({ maxLength: 12 }),
);

const attribute = fc
  .tuple(attributeName, attributeValue, fc.constantFrom('', '"', ' ', '" '))
  .map(([name, value, quote]) => `${name}=${quote}${value}${quote}`);

const attributes = fc.array(attribute, { maxLength: 8 }).map((list) => list.join(','));

const number = fc.oneof(
  fc.integer({ min: -5, max: 1e6 }).map(String),
  fc.double({ noNaN: true, min: -1, max: 2e6 }).map(String),
  fc.constantFrom('9,984', '4', '10,24,Jack', '-1', '', '-0', '0.0000001', '999999.9999999', '1e9'),
);

const date = fc
  .date({
    min: new Date('1899-12-30T00:00Z'),
    max: new Date('9999-12-31T23:59Z'),
    noInvalidDate: true,
  })
  .chain((day) => fc.constantFrom('', 'Z', '+0200', '-11:30').map((zone) => [day, zone] as const))
  .map(([day, zone]) => day.toISOString().replace('Z', zone));

const line = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a.ts', 'b.ts?x=1', 'c', ' #late', 'https://h/d.m4s') },
  { weight: 4, arbitrary: fc.tuple(number, fc.string()).map((inf) => `#EXTINF:${inf.join(',')}`) },
  { weight: 2, arbitrary: attributes.map((list) => `#EXT-X-KEY:METHOD=AES-128,URI="k",${list}`) },
  { weight: 1, arbitrary: fc.constant('#EXT-X-KEY:METHOD=NONE') },
  { weight: 2, arbitrary: attributes.map((list) => `#EXT-X-MAP:URI="i.mp4",${list}`) },
  { weight: 1, arbitrary: attributes.map((list) => `#EXT-X-DATERANGE:${list}`) },
  { weight: 1, arbitrary: attributes.map((list) => `#EXT-X-START:${list}`) },
  { weight: 1, arbitrary: date.map((text) => `#EXT-X-PROGRAM-DATE-TIME:${text}`) },
  { weight: 1, arbitrary: fc.constantFrom('1@2', '30', '7@0').map((r) => `#EXT-X-BYTERANGE:${r}`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...['#EXT-X-DISCONTINUITY', '#EXT-X-GAP', '#EXT-X-BITRATE:100', '#EXT-X-BITRATE:0'],
      ...['#EXT-X-ENDLIST', '#EXT-X-PLAYLIST-TYPE:event', '#EXT-X-I-FRAMES-ONLY', '# comment'],
      ...['#EXT-X-MEDIA-SEQUENCE:7', '#EXT-X-DISCONTINUITY-SEQUENCE:3', '#EXT-X-VERSION:9'],
      ...['#EXT-X-TARGETDURATION:5.5', '#EXT-X-TARGETDURATION:0', '#EXT-X-INDEPENDENT-SEGMENTS'],
    ),
  },
);

const entryLine = fc.oneof(
  { weight: 3, arbitrary: attributes.map((list) => `#EXT-X-STREAM-INF:${list}`) },
  { weight: 3, arbitrary: fc.constantFrom('v1.m3u8', '../v2.m3u8?a="b"') },
  { weight: 3, arbitrary: attributes.map((list) => `#EXT-X-MEDIA:TYPE=AUDIO,${list}`) },
  { weight: 2, arbitrary: attributes.map((list) => `#EXT-X-I-FRAME-STREAM-INF:URI="i",${list}`) },
  { weight: 1, arbitrary: attributes.map((list) => `#EXT-X-SESSION-DATA:${list}`) },
  { weight: 1, arbitrary: attributes.map((list) => `#EXT-X-SESSION-KEY:${list}`) },
  { weight: 1, arbitrary: fc.constant('#EXT-X-DEFINE:NAME="id",VALUE="x"') },
);

/** undefined where the text is rightly refused. */
function parseOrRefuse(text: string): Playlist | undefined {
  try {
    return parsePlaylist(text, OPTIONS);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

describe('parse, format, parse: whatever the parser can make', () => {
  let parsed = 0;

  test('media playlists of random lines', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const playlist = parseOrRefuse(['#EXTM3U', '#EXT-X-VERSION:3', ...lines].join('\n'));
        if (playlist === undefined) return;
        parsed++;
        expectRoundTrip(playlist);
      }),
      { numRuns: 3000 },
    );
    expect(parsed).toBeGreaterThan(500);
  });

  test('multivariant playlists of random lines', () => {
    parsed = 0;
    fc.assert(
      fc.property(fc.array(entryLine, { maxLength: 20 }), (lines) => {
        const playlist = parseOrRefuse(
          ['#EXTM3U', ...lines, '#EXT-X-STREAM-INF:A=1', 'v'].join('\n'),
        );
        if (playlist === undefined) return;
        parsed++;
        expectRoundTrip(playlist);
      }),
      { numRuns: 3000 },
    );
    expect(parsed).toBeGreaterThan(500);
  });
});
