// This file tests how media playlists are written.
import { describe, expect, test } from 'bun:test';
import { formatMediaPlaylist } from '../../../src/media/m3u8/format-media.ts';
import { implicitIv } from '../../../src/media/m3u8/key.ts';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { Key, MediaPlaylist, MediaSegment } from '../../../src/media/m3u8/playlist.ts';

const SEGMENT: MediaSegment = {
  uri: 'a.ts',
  sequence: 5,
  duration: 4,
  title: '',
  discontinuity: false,
  keys: [],
  dateRanges: [],
  gap: false,
};

const PLAYLIST: MediaPlaylist = {
  kind: 'media',
  version: 1,
  targetDuration: 4,
  mediaSequence: 5,
  discontinuitySequence: 0,
  hasDiscontinuitySequence: false,
  endList: false,
  iFramesOnly: false,
  independentSegments: false,
  segments: [SEGMENT],
};

const KEY: Key = { method: 'AES-128', uri: 'k', attributes: new Map() };
const DRM: Key = { ...KEY, method: 'SAMPLE-AES', keyFormat: 'com.example' };
const MAP = { uri: 'i.mp4', keys: [] };

function format(...segments: Partial<MediaSegment>[]): string {
  return formatMediaPlaylist({
    ...PLAYLIST,
    segments: segments.map((segment) => ({ ...SEGMENT, ...segment })),
  });
}

describe('formatMediaPlaylist()', () => {
  test('writes the least a player needs', () => {
    expect(formatMediaPlaylist(PLAYLIST)).toBe(
      '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:5\n#EXTINF:4.0,\na.ts\n',
    );
  });

  test('writes every tag, in an order that reads back', () => {
    const text = formatMediaPlaylist({
      ...PLAYLIST,
      targetDuration: 3.2,
      discontinuitySequence: 2,
      type: 'EVENT',
      iFramesOnly: true,
      independentSegments: true,
      start: { timeOffset: -9.5, precise: true },
      endList: true,
      segments: [
        {
          ...SEGMENT,
          discontinuity: true,
          keys: [{ ...KEY, iv: implicitIv(5), keyFormatVersions: '1/2' }],
          map: { ...MAP, byteRange: { offset: 0, length: 9 } },
          programDateTimeMs: 1_234,
          dateRanges: [new Map([['ID', { value: 'd', quoted: true }]])],
          gap: true,
          bitrate: 800,
          title: 'news',
        },
        { ...SEGMENT, byteRange: { offset: 7, length: 3 } },
      ],
    });
    expect(text.split('\n')).toEqual([
      ...['#EXTM3U', '#EXT-X-VERSION:5', '#EXT-X-INDEPENDENT-SEGMENTS'],
      ...['#EXT-X-START:TIME-OFFSET=-9.5,PRECISE=YES', '#EXT-X-TARGETDURATION:4'],
      ...['#EXT-X-MEDIA-SEQUENCE:5', '#EXT-X-DISCONTINUITY-SEQUENCE:2'],
      ...['#EXT-X-PLAYLIST-TYPE:EVENT', '#EXT-X-I-FRAMES-ONLY', '#EXT-X-DISCONTINUITY'],
      '#EXT-X-MAP:URI="i.mp4",BYTERANGE="9@0"',
      '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x00000000000000000000000000000005,KEYFORMATVERSIONS="1/2"',
      ...['#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:01.234Z', '#EXT-X-DATERANGE:ID="d"'],
      ...['#EXT-X-GAP', '#EXT-X-BITRATE:800', '#EXTINF:4.0,news', 'a.ts'],
      ...['#EXT-X-KEY:METHOD=NONE', '#EXTINF:4.0,', '#EXT-X-BYTERANGE:3@7', 'a.ts'],
      ...['#EXT-X-ENDLIST', ''],
    ]);
  });

  const versions: readonly (readonly [
    name: string,
    version: number,
    segment: Partial<MediaSegment>,
  ])[] = [
    ['plain', 3, {}],
    ['a key with an IV', 3, { keys: [{ ...KEY, iv: implicitIv(1) }] }],
    ['a byte range', 4, { byteRange: { offset: 0, length: 1 } }],
    ['a key format', 5, { keys: [DRM] }],
    ['SAMPLE-AES', 5, { keys: [{ ...KEY, method: 'SAMPLE-AES' }] }],
    ['a map', 6, { map: MAP }],
    ['a map and a range', 6, { map: MAP, byteRange: { offset: 0, length: 1 } }],
  ];
  for (const [name, version, segment] of versions) {
    test(`version ${version} for ${name}`, () => {
      expect(format({}, segment)).toContain(`#EXT-X-VERSION:${version}\n`);
    });
  }

  test('version 4 for I-frames', () => {
    expect(formatMediaPlaylist({ ...PLAYLIST, iFramesOnly: true })).toContain('VERSION:4\n');
  });

  const keyTags = (...lists: Key[][]) =>
    format(...lists.map((keys) => ({ keys })))
      .split('\n')
      .filter((line) => line.startsWith('#EXT-X-KEY') || line === 'a.ts')
      .map((line) => line.replace('#EXT-X-KEY:METHOD=', ''));

  test('keys are written where they change, and only those', () => {
    const other = { ...KEY, uri: 'k2' };
    const copy = { ...KEY, attributes: new Map() };
    const drm = 'SAMPLE-AES,URI="k",KEYFORMAT="com.example"';
    expect(keyTags([KEY], [copy], [KEY, DRM], [DRM, other], [other], [], [])).toEqual([
      ...['AES-128,URI="k"', 'a.ts', 'a.ts', drm, 'a.ts', 'AES-128,URI="k2"', 'a.ts'],
      ...['NONE', 'AES-128,URI="k2"', 'a.ts', 'NONE', 'a.ts', 'a.ts'],
    ]);
  });

  test('the typed fields of a key decide over its attributes', () => {
    const attributes = new Map([
      ['URI', { value: 'https://upstream/secret', quoted: true }],
      ['IV', { value: '0x1', quoted: false }],
      ['KEYID', { value: '0xAB', quoted: false }],
    ]);
    const text = format({ keys: [{ method: 'AES-128', uri: 'ours', attributes }] });
    expect(text).toContain('#EXT-X-KEY:URI="ours",KEYID=0xAB,METHOD=AES-128\n');
  });

  test('a map is written where it changes, behind its own keys', () => {
    const crypt = { ...MAP, uri: 'crypt.mp4', keys: [KEY] };
    const lines = format(
      ...[
        { map: MAP, keys: [KEY] },
        { map: { ...MAP }, keys: [KEY] },
        { map: crypt, keys: [DRM] },
      ],
    );
    expect(
      lines
        .split('\n')
        .filter((line) => /KEY|MAP|^a/.test(line))
        .map((line) => line.slice(7)),
    ).toEqual([
      ...['MAP:URI="i.mp4"', 'KEY:METHOD=AES-128,URI="k"', '', ''],
      'MAP:URI="crypt.mp4"',
      ...['KEY:METHOD=NONE', 'KEY:METHOD=SAMPLE-AES,URI="k",KEYFORMAT="com.example"', ''],
    ]);
  });

  test('no title, URI or attribute can start a line of its own', () => {
    const text = format({
      title: 'a\r\n#EXT-X-ENDLIST',
      uri: ' #x\nb.ts ',
      map: { uri: 'i"\n,X="', keys: [] },
      keys: [{ ...KEY, uri: 'k"\r#EXT-X-GAP' }],
    });
    expect(text.split('\n').slice(4)).toEqual([
      ...['#EXT-X-MAP:URI="i%22,X=%22"', '#EXT-X-KEY:METHOD=AES-128,URI="k%22#EXT-X-GAP"'],
      ...['#EXTINF:4.0,a#EXT-X-ENDLIST', '%23xb.ts', ''],
    ]);
    expect((parsePlaylist(text) as MediaPlaylist).segments.length).toBe(1);
  });

  test('a segment without a URI is a mistake of ours', () => {
    expect(() => format({ uri: '\n' })).toThrow('Assertion failed');
  });
});

describe('implicitIv()', () => {
  test('is the sequence number in sixteen bytes', () => {
    expect(implicitIv(0)).toBe('0'.repeat(32));
    expect(implicitIv(88)).toBe('00000000000000000000000000000058');
    expect(implicitIv(2 ** 53 - 1)).toBe('0000000000000000001fffffffffffff');
  });
});
