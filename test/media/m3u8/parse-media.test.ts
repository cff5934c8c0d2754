// This file tests media playlists: what the tags mean, and the oddities that players accept.
import { describe, expect, test } from 'bun:test';
import { FormatError } from '../../../src/base/errors.ts';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist, MediaSegment } from '../../../src/media/m3u8/playlist.ts';
import { MAX_SEGMENTS } from '../../../src/media/m3u8/segment-list.ts';

function parse(...lines: string[]): MediaPlaylist {
  const playlist = parsePlaylist(lines.join('\n'));
  if (playlist.kind !== 'media') throw new Error('not a media playlist');
  return playlist;
}

/** A list with a head, for rows about its segments. */
function segments(...lines: string[]): readonly MediaSegment[] {
  return parse('#EXTM3U', '#EXT-X-TARGETDURATION:6', ...lines).segments;
}

type Wanted = { readonly uri?: string; readonly duration?: number; readonly title?: string };
type Oddity = {
  readonly name: string;
  readonly text: string;
  readonly playlist?: Partial<MediaPlaylist>;
  readonly segments: readonly Wanted[];
};

const ONE = [{ uri: 'a.ts', duration: 4 }];

const ODDITIES: readonly Oddity[] = [
  {
    name: 'CRLF',
    text: '#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n#EXTINF:4,\r\na.ts\r\n',
    segments: ONE,
  },
  { name: 'lone CR', text: '#EXTM3U\r#EXT-X-TARGETDURATION:4\r#EXTINF:4,\ra.ts\r', segments: ONE },
  { name: 'CRLF and LF mixed', text: '#EXTM3U\r\n#EXTINF:4,\na.ts\r\n', segments: ONE },
  { name: 'no last newline', text: '#EXTM3U\n#EXTINF:4,\na.ts', segments: ONE },
  { name: 'byte order mark', text: '\ufeff#EXTM3U\n#EXTINF:4,\na.ts', segments: ONE },
  { name: 'blank lines', text: '\n\n#EXTM3U\n\n#EXTINF:4,\n  \n\na.ts\n\n', segments: ONE },
  { name: 'leading spaces and tabs', text: ' #EXTM3U\n\t#EXTINF:4,\n  a.ts', segments: ONE },
  { name: 'trailing spaces', text: '#EXTM3U \n#EXTINF:4, \na.ts \t', segments: ONE },
  { name: 'EXTINF without comma', text: '#EXTM3U\n#EXTINF:4\na.ts', segments: ONE },
  { name: 'EXTINF with trailing spaces', text: '#EXTM3U\n#EXTINF:4  \na.ts', segments: ONE },
  {
    name: 'EXTINF with a space after the colon',
    text: '#EXTM3U\n#EXTINF: 4,\na.ts',
    segments: ONE,
  },
  { name: 'decimal comma', text: '#EXTM3U\n#EXTINF:3,96,\na.ts', segments: [{ duration: 3.96 }] },
  {
    name: 'control characters',
    text: '#EXTM3U\n#EXTINF:4,a\0b\x1b[31m\na\x07.ts',
    segments: [{ uri: 'a.ts', title: 'ab[31m' }],
  },
  {
    name: 'unknown tags and comments',
    text: '#EXTM3U\n#EXT-X-NEW:A=1\n#EXT-OATCLS-SCTE35:/DA=\n# note\n##\n#\n#EXTINF:4,\n#EXT-X-CUE-OUT:30\na.ts',
    segments: ONE,
  },
  {
    name: 'EXTM3U with attributes',
    text: '#EXTM3U x-tvg-url="u"\n#EXTINF:4,\na.ts',
    segments: ONE,
  },
  { name: 'EXTM3U twice', text: '#EXTM3U\n#EXTM3U\n#EXTINF:4,\n#EXTM3U\na.ts', segments: ONE },
  { name: 'EXTM3U missing', text: '#EXT-X-VERSION:3\n#EXTINF:4,\na.ts', segments: ONE },
  {
    name: 'EXTM3U behind a comment',
    text: '# made by x\n#EXTM3U\n#EXTINF:4,\na.ts',
    segments: ONE,
  },
  {
    name: 'VERSION missing',
    text: '#EXTM3U\n#EXTINF:4,\na.ts',
    playlist: { version: 1 },
    segments: ONE,
  },
  {
    name: 'VERSION is not a number',
    text: '#EXTM3U\n#EXT-X-VERSION:x\n#EXTINF:4,\na.ts',
    playlist: { version: 1 },
    segments: ONE,
  },
  {
    name: 'TARGETDURATION missing',
    text: '#EXTM3U\n#EXTINF:4.2,\na.ts\n#EXTINF:3,\nb.ts',
    playlist: { targetDuration: 5 },
    segments: [{ duration: 4.2 }, { duration: 3 }],
  },
  {
    name: 'TARGETDURATION zero',
    text: '#EXTM3U\n#EXT-X-TARGETDURATION:0\n#EXTINF:4.2,\na.ts',
    playlist: { targetDuration: 5 },
    segments: [{}],
  },
  {
    name: 'TARGETDURATION with decimals',
    text: '#EXTM3U\n#EXT-X-TARGETDURATION:4.004\n#EXTINF:4,\na.ts',
    playlist: { targetDuration: 5 },
    segments: ONE,
  },
  {
    name: 'TARGETDURATION with an unbelievable number',
    text: '#EXTM3U\n#EXT-X-TARGETDURATION:9e99\n#EXTINF:4,\na.ts',
    playlist: { targetDuration: 4 },
    segments: ONE,
  },
  {
    name: 'MEDIA-SEQUENCE missing',
    text: '#EXTM3U\n#EXTINF:4,\na.ts',
    playlist: { mediaSequence: 0 },
    segments: ONE,
  },
  {
    name: 'MEDIA-SEQUENCE after the first segment',
    text: '#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:4,\nb.ts',
    playlist: { mediaSequence: 7 },
    segments: [{}, {}],
  },
  {
    name: 'MEDIA-SEQUENCE twice: the first holds',
    text: '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:4,\na.ts\n#EXT-X-MEDIA-SEQUENCE:9',
    playlist: { mediaSequence: 7 },
    segments: ONE,
  },
  {
    name: 'MEDIA-SEQUENCE negative',
    text: '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:-3\n#EXTINF:4,\na.ts',
    playlist: { mediaSequence: 0 },
    segments: ONE,
  },
  {
    name: 'URI without EXTINF',
    text: '#EXTM3U\n#EXT-X-TARGETDURATION:8\na.ts\n#EXTINF:4,\nb.ts',
    segments: [
      { uri: 'a.ts', duration: 8, title: '' },
      { uri: 'b.ts', duration: 4 },
    ],
  },
  {
    name: 'nothing but URIs',
    text: '#EXTM3U\na.ts\nb.ts',
    playlist: { targetDuration: 6 },
    segments: [{ duration: 6 }, { duration: 6 }],
  },
  {
    name: 'negative duration',
    text: '#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:-1 tvg-id="x",News\nhttp://h/1.ts',
    segments: [{ uri: 'http://h/1.ts', duration: 8, title: 'News' }],
  },
  {
    name: 'duration absent',
    text: '#EXTM3U\n#EXTINF:,\na.ts\n#EXTINF:2.5,\nb.ts',
    playlist: { targetDuration: 3 },
    segments: [{ duration: 3 }, { duration: 2.5 }],
  },
  {
    name: 'PLAYLIST-TYPE in lower case',
    text: '#EXTM3U\n#EXT-X-PLAYLIST-TYPE:vod\n#EXTINF:4,\na.ts',
    playlist: { type: 'VOD' },
    segments: ONE,
  },
  {
    name: 'PLAYLIST-TYPE unknown',
    text: '#EXTM3U\n#EXT-X-PLAYLIST-TYPE:LIVE\n#EXTINF:4,\na.ts',
    segments: ONE,
  },
  {
    name: 'ENDLIST at the top',
    text: '#EXTM3U\n#EXT-X-ENDLIST\n#EXTINF:4,\na.ts',
    playlist: { endList: true },
    segments: ONE,
  },
  { name: 'a space before the colon', text: '#EXTM3U\n#EXTINF :4,\na.ts', segments: ONE },
  {
    name: 'the last EXTINF has no URI yet',
    text: '#EXTM3U\n#EXTINF:4,\na.ts\n#EXTINF:4,\n',
    segments: ONE,
  },
  {
    name: 'no segment at all',
    text: '#EXTM3U',
    playlist: { targetDuration: 6, mediaSequence: 0 },
    segments: [],
  },
];

describe('parsePlaylist() accepts what players accept', () => {
  for (const row of ODDITIES) {
    test(row.name, () => {
      const playlist = parsePlaylist(row.text) as MediaPlaylist;
      expect(playlist).toMatchObject({ kind: 'media', ...row.playlist });
      expect(playlist.segments.length).toBe(row.segments.length);
      for (const [index, wanted] of row.segments.entries()) {
        const sequence = playlist.mediaSequence + index;
        expect(playlist.segments[index]).toMatchObject({ ...wanted, sequence });
      }
      if (row.playlist?.type === undefined) expect(playlist.type).toBeUndefined();
    });
  }
});

describe('parsePlaylist() of a media playlist', () => {
  test('reads every tag of the head', () => {
    const playlist = parse(
      ...['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:4', '#EXT-X-MEDIA-SEQUENCE:12'],
      ...['#EXT-X-DISCONTINUITY-SEQUENCE:3', '#EXT-X-PLAYLIST-TYPE:EVENT', '#EXT-X-I-FRAMES-ONLY'],
      ...['#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-START:TIME-OFFSET=-4.5,PRECISE=yes'],
      ...['#EXTINF:4,', 'a.ts', '#EXT-X-ENDLIST'],
    );
    expect(playlist).toMatchObject({
      version: 7,
      targetDuration: 4,
      mediaSequence: 12,
      discontinuitySequence: 3,
      hasDiscontinuitySequence: true,
      type: 'EVENT',
      iFramesOnly: true,
      independentSegments: true,
      start: { timeOffset: -4.5, precise: true },
      endList: true,
    });
  });

  test('knows an absent DISCONTINUITY-SEQUENCE from a zero', () => {
    expect(parse('#EXTM3U').hasDiscontinuitySequence).toBe(false);
    const zero = parse('#EXTM3U', '#EXT-X-DISCONTINUITY-SEQUENCE:0');
    expect(zero).toMatchObject({ hasDiscontinuitySequence: true, discontinuitySequence: 0 });
  });

  test('a tag of one segment holds for that segment only', () => {
    const [first, second] = segments(
      ...['#EXT-X-DISCONTINUITY', '#EXT-X-GAP', '#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:01Z'],
      ...['#EXT-X-DATERANGE:ID="x"', '#EXTINF:4,one', '#EXT-X-BYTERANGE:10@5', 'a.ts', 'b.ts'],
    );
    expect(first).toMatchObject({
      discontinuity: true,
      gap: true,
      programDateTimeMs: 1000,
      title: 'one',
      byteRange: { offset: 5, length: 10 },
    });
    expect(first?.dateRanges.length).toBe(1);
    expect(second).toStrictEqual({
      uri: 'b.ts',
      sequence: 1,
      duration: 6,
      title: '',
      discontinuity: false,
      keys: [],
      dateRanges: [],
      gap: false,
    });
  });

  test('a bit rate holds until the next one, but not for byte ranges', () => {
    const rates = segments(
      ...['a.ts', '#EXT-X-BITRATE:800', 'b.ts', '#EXT-X-BYTERANGE:1@0', 'c.ts', 'd.ts'],
      ...['#EXT-X-BITRATE:x', 'e.ts', '#EXT-X-BITRATE:900', 'f.ts'],
    ).map((segment) => segment.bitrate);
    expect(rates).toEqual([undefined, 800, undefined, 800, 800, 900]);
  });

  test('a date that cannot be read is left out', () => {
    const [first] = segments('#EXT-X-PROGRAM-DATE-TIME:soon', 'a.ts');
    expect(first).not.toHaveProperty('programDateTimeMs');
  });

  test('a date range behind the last segment stays with it', () => {
    const [, last] = segments('a.ts', '#EXT-X-DATERANGE:ID="1"', 'b.ts', '#EXT-X-DATERANGE:ID="2"');
    expect(last?.dateRanges.map((range) => range.get('ID')?.value)).toEqual(['1', '2']);
  });

  test('low-latency tags leave whole segments as they are', () => {
    const list = segments(
      ...['#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1', '#EXTINF:4,', 'a.mp4'],
      ...['#EXT-X-PART-INF:PART-TARGET=0.5', '#EXT-X-PART:DURATION=0.5,URI="p1.mp4"'],
      ...['#EXT-X-PART:DURATION=0.5,URI="p2.mp4"', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p3.mp4"'],
      ...['#EXT-X-RENDITION-REPORT:URI="x.m3u8",LAST-MSN=4,LAST-PART=1'],
    );
    expect(list.map((segment) => segment.uri)).toEqual(['a.mp4']);
  });
});

describe('byte ranges', () => {
  const rows: readonly (readonly [name: string, lines: string[], offsets: number[]])[] = [
    ['follow the previous one', ['10@100', 'a', '20', 'a', '30', 'a'], [100, 110, 130]],
    [
      'follow the one of the same URI',
      ['10@0', 'a', '7@50', 'b', '5', 'a', '5', 'b'],
      [0, 50, 10, 57],
    ],
    ['begin at zero where none is before', ['10', 'a', '10', 'a'], [0, 10]],
    ['may jump back', ['10@90', 'a', '10@0', 'a', '10', 'a'], [90, 0, 10]],
    ['may stand in quotes', ['"10@5"', 'a'], [5]],
  ];
  for (const [name, lines, offsets] of rows) {
    test(name, () => {
      const text = lines.map((line, index) =>
        index % 2 === 0 ? `#EXT-X-BYTERANGE:${line}` : line,
      );
      expect(segments(...text).map((segment) => segment.byteRange?.offset)).toEqual(offsets);
    });
  }

  for (const range of [
    '',
    'x',
    '0',
    '-1',
    '10@',
    '10@-1',
    '10@x',
    '1.5',
    '9007199254740993',
    '9007199254740991@9',
  ]) {
    test(`"${range}" is refused: another range than meant would be fetched`, () => {
      expect(() => segments(`#EXT-X-BYTERANGE:${range}`, 'a')).toThrow(
        'Cannot parse the byte range: it is malformed, wanted <length>[@<offset>]',
      );
    });
  }
});

describe('keys and maps', () => {
  const key = (rest: string) => `#EXT-X-KEY:METHOD=AES-128,URI="${rest}`;
  const uris = (list: readonly MediaSegment[]) =>
    list.map((segment) => segment.keys.map((entry) => entry.uri).join(' '));

  test('a key holds until the next one of its format; NONE clears them all', () => {
    const list = segments(
      ...['clear', key('k1"'), 'a', key('f1",KEYFORMAT="fair"'), 'b', key('k2"'), 'c'],
      ...[key('k3",KEYFORMAT="identity"'), 'd', '#EXT-X-KEY:METHOD=NONE', 'e'],
    );
    expect(uris(list)).toEqual(['', 'k1', 'k1 f1', 'f1 k2', 'f1 k3', '']);
  });

  const ivs: readonly (readonly [iv: string, wanted: string])[] = [
    ['0x9C7DB8778570D05C3177C349FD9236AA', '9c7db8778570d05c3177c349fd9236aa'],
    ['0X9c7db8778570d05c3177c349fd9236aa', '9c7db8778570d05c3177c349fd9236aa'],
    ['9c7db8778570d05c3177c349fd9236aa', '9c7db8778570d05c3177c349fd9236aa'],
    ['0x1A', '0000000000000000000000000000001a'],
    ['"0x1A"', '0000000000000000000000000000001a'],
    ['0x0', '00000000000000000000000000000000'],
  ];
  for (const [iv, wanted] of ivs) {
    test(`IV ${iv} is ${wanted}`, () => {
      expect(segments(`${key('k')}",IV=${iv}`, 'a')[0]?.keys[0]?.iv).toBe(wanted);
    });
  }

  for (const iv of ['0x', '0xg', `0x${'0'.repeat(33)}`]) {
    test(`IV ${iv} is refused`, () => {
      expect(() => segments(`${key('k')}",IV=${iv}`, 'a')).toThrow(
        'Cannot parse the IV of the key',
      );
    });
  }

  test('a key without METHOD or URI is refused', () => {
    expect(() => segments('#EXT-X-KEY:URI="k"', 'a')).toThrow('its METHOD is missing');
    expect(() => segments('#EXT-X-KEY:METHOD=AES-128', 'a')).toThrow('its URI is missing');
  });

  test('seventeen keys at once are refused', () => {
    const keys = Array.from({ length: 17 }, (_, index) => key(`k",KEYFORMAT="f${index}"`));
    expect(segments(...keys.slice(0, 16), 'a')[0]?.keys.length).toBe(16);
    expect(() => segments(...keys, 'a')).toThrow('too many are in force at once, wanted 16');
  });

  test('a map keeps the keys that stood before it', () => {
    const [first, second] = segments(
      ...[
        '#EXT-X-MAP:URI="clear.mp4"',
        key('k1"'),
        'a',
        '#EXT-X-MAP:URI="i.mp4",BYTERANGE=9@3',
        'b',
      ],
    );
    expect(first?.map).toStrictEqual({ uri: 'clear.mp4', keys: [] });
    expect(uris([first as MediaSegment])).toEqual(['k1']);
    expect(second?.map).toMatchObject({ uri: 'i.mp4', byteRange: { offset: 3, length: 9 } });
    expect(second?.map?.keys).toBe(second?.keys as never);
  });

  test('a map without URI is refused', () => {
    expect(() => segments('#EXT-X-MAP:BYTERANGE="1@0"', 'a')).toThrow('its URI is missing');
  });
});

describe('what is refused, and where', () => {
  const rows: readonly (readonly [name: string, lines: string[], line: number, message: string])[] =
    [
      [
        'a delta that was not asked for',
        ['#EXTM3U', '#EXTINF:4,', 'a', '#EXT-X-SKIP:SKIPPED-SEGMENTS=3'],
        4,
        'Cannot parse the playlist: it skips segments, wanted all of them',
      ],
      [
        'segments and variants in one',
        ['#EXTM3U', '#EXTINF:4,', 'a', '', '#EXT-X-STREAM-INF:BANDWIDTH=1'],
        5,
        'it has segments and variants, wanted one of them',
      ],
      [
        'a sequence number past what is exact',
        ['#EXTM3U', '#EXTINF:4,', 'a', '#EXT-X-MEDIA-SEQUENCE:18446744073709551615'],
        4,
        'Cannot parse EXT-X-MEDIA-SEQUENCE: it is too large, wanted',
      ],
      [
        'a line too long',
        ['#EXTM3U', `#EXTINF:4,${'x'.repeat(65_536)}`],
        2,
        'a line has 65546 characters, wanted 65536',
      ],
      [
        'a range in the middle',
        ['#EXTM3U', '#EXTINF:4,', '#EXT-X-BYTERANGE:x', '# note', 'a'],
        5,
        'Cannot parse the byte range',
      ],
    ];
  for (const [name, lines, line, message] of rows) {
    test(name, () => {
      const error = caught(() => parsePlaylist(lines.join('\n')));
      expect(error).toBeInstanceOf(FormatError);
      expect(error).toMatchObject({ format: 'm3u8', offset: line, code: 'MEDIA_FORMAT' });
      expect((error as Error).message).toContain(message);
    });
  }

  test(`${MAX_SEGMENTS} segments are taken, one more is not`, () => {
    const list = (count: number) => `#EXTM3U\n#EXTINF:4,\n${'a.ts\n'.repeat(count)}`;
    expect((parsePlaylist(list(MAX_SEGMENTS)) as MediaPlaylist).segments.length).toBe(MAX_SEGMENTS);
    expect(() => parsePlaylist(list(MAX_SEGMENTS + 1))).toThrow('it has too many segments');
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
