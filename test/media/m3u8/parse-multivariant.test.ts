// This file tests multivariant playlists: what the tags mean, and the oddities that players accept.
import { describe, expect, test } from 'bun:test';
import { MAX_ENTRIES } from '../../../src/media/m3u8/parse-multivariant.ts';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { MultivariantPlaylist } from '../../../src/media/m3u8/playlist.ts';
import { MULTIVARIANT } from './vectors.ts';

function parse(...lines: string[]): MultivariantPlaylist {
  const playlist = parsePlaylist(['#EXTM3U', ...lines].join('\n'));
  if (playlist.kind !== 'multivariant') throw new Error('not a multivariant playlist');
  return playlist;
}

/** The variant that one list of attributes makes. */
function variant(attributes: string) {
  const [first] = parse(`#EXT-X-STREAM-INF:${attributes}`, 'v.m3u8').variants;
  if (first === undefined) throw new Error('no variant');
  const { attributes: all, ...fields } = first;
  return { fields, attributes: all };
}

const VARIANTS: readonly (readonly [name: string, attributes: string, fields: object])[] = [
  ['BANDWIDTH', 'BANDWIDTH=1280000', { bandwidth: 1_280_000 }],
  ['no BANDWIDTH', 'CODECS="mp4a.40.2"', { bandwidth: 0, codecs: 'mp4a.40.2' }],
  ['nothing at all', '', { bandwidth: 0 }],
  ['BANDWIDTH in quotes', 'BANDWIDTH="5"', { bandwidth: 5 }],
  ['BANDWIDTH with decimals', 'BANDWIDTH=5.9', { bandwidth: 5 }],
  ['BANDWIDTH negative', 'BANDWIDTH=-5', { bandwidth: 0 }],
  ['BANDWIDTH past any number', `BANDWIDTH=${'9'.repeat(400)}`, { bandwidth: 0 }],
  ['AVERAGE-BANDWIDTH', 'BANDWIDTH=2,AVERAGE-BANDWIDTH=1', { bandwidth: 2, averageBandwidth: 1 }],
  [
    'RESOLUTION',
    'BANDWIDTH=1,RESOLUTION=1920x1080',
    { bandwidth: 1, resolution: { width: 1920, height: 1080 } },
  ],
  [
    'RESOLUTION with a large X',
    'RESOLUTION=640X360',
    { bandwidth: 0, resolution: { width: 640, height: 360 } },
  ],
  [
    'RESOLUTION in quotes',
    'RESOLUTION="640x360"',
    { bandwidth: 0, resolution: { width: 640, height: 360 } },
  ],
  ['RESOLUTION that is none', 'RESOLUTION=720p', { bandwidth: 0 }],
  ['FRAME-RATE', 'FRAME-RATE=29.970', { bandwidth: 0, frameRate: 29.97 }],
  ['FRAME-RATE negative', 'FRAME-RATE=-1', { bandwidth: 0 }],
  ['FRAME-RATE unbelievable', 'FRAME-RATE=1e30', { bandwidth: 0 }],
  [
    'groups',
    'AUDIO="a",VIDEO="v",SUBTITLES="s",CLOSED-CAPTIONS="c"',
    { bandwidth: 0, audio: 'a', video: 'v', subtitles: 's', closedCaptions: 'c' },
  ],
  ['no captions', 'CLOSED-CAPTIONS=none', { bandwidth: 0, closedCaptions: 'NONE' }],
];

describe('EXT-X-STREAM-INF', () => {
  for (const [name, attributes, fields] of VARIANTS) {
    test(name, () =>
      expect(variant(attributes).fields).toStrictEqual({ uri: 'v.m3u8', ...fields } as never),
    );
  }

  test('keeps every other attribute, but no URI of its own', () => {
    const { attributes } = variant('PROGRAM-ID=1,BANDWIDTH=1,X-OWN="z",URI="https://secret/"');
    expect([...attributes.keys()]).toEqual(['PROGRAM-ID', 'BANDWIDTH', 'X-OWN']);
  });

  test('takes the next URI, over comments and blank lines', () => {
    const { variants } = parse(
      '#EXT-X-STREAM-INF:BANDWIDTH=1',
      '',
      '# note',
      'v.m3u8',
      'stray.m3u8',
    );
    expect(variants.map((entry) => entry.uri)).toEqual(['v.m3u8']);
  });

  test('without a URI of its own it is dropped', () => {
    const { variants } = parse(
      '#EXT-X-STREAM-INF:BANDWIDTH=1',
      '#EXT-X-STREAM-INF:BANDWIDTH=2',
      'v',
      '#EXT-X-STREAM-INF:BANDWIDTH=3',
    );
    expect(variants.map((entry) => entry.bandwidth)).toEqual([2]);
  });
});

describe('parsePlaylist() of a multivariant playlist', () => {
  test('reads renditions, I-frames, session data and keys', () => {
    const playlist = parsePlaylist(MULTIVARIANT[0]?.text ?? '') as MultivariantPlaylist;
    expect(playlist).toMatchObject({
      version: 6,
      independentSegments: true,
      start: { timeOffset: 25, precise: false },
    });
    expect(playlist.variants.map((entry) => entry.resolution?.height)).toEqual([540, 1080]);
    expect(playlist.iFrames.map((entry) => entry.uri)).toEqual(['v7/iframe_index.m3u8']);
    expect(playlist.sessionData[0]?.get('VALUE')).toEqual({
      value: 'A title, with a comma',
      quoted: true,
    });
    expect(playlist.sessionKeys[0]).toMatchObject({ method: 'SAMPLE-AES', uri: 'skd://key' });
    const { attributes, ...english } = playlist.renditions[0] as never as {
      attributes: Map<string, unknown>;
    };
    expect(english).toEqual({
      type: 'AUDIO',
      groupId: 'aud1',
      name: 'English',
      uri: 'a1/prog_index.m3u8',
      language: 'en',
      isDefault: true,
      autoselect: true,
    });
    expect(attributes.get('CHANNELS')).toEqual({ value: '2', quoted: true });
    expect(playlist.renditions.at(-1)).not.toHaveProperty('uri');
  });

  const RENDITIONS: readonly (readonly [
    name: string,
    attributes: string,
    wanted: object | undefined,
  ])[] = [
    [
      'in lower case',
      'TYPE=audio,GROUP-ID="a",NAME="n",DEFAULT=yes,AUTOSELECT=Yes',
      { type: 'AUDIO', isDefault: true, autoselect: true },
    ],
    ['of an unknown type', 'TYPE=HAPTICS,GROUP-ID="a",NAME="n"', undefined],
    ['without a type', 'GROUP-ID="a",NAME="n"', undefined],
    ['without a name', 'TYPE=AUDIO,GROUP-ID="a",LANGUAGE="de"', { name: 'de', language: 'de' }],
    ['without a group', 'TYPE=AUDIO,NAME="n"', { groupId: '', name: 'n' }],
    ['with an empty URI', 'TYPE=AUDIO,GROUP-ID="a",NAME="n",URI=""', { name: 'n' }],
  ];
  for (const [name, attributes, wanted] of RENDITIONS) {
    test(`a rendition ${name}`, () => {
      const { renditions } = parse(`#EXT-X-MEDIA:${attributes}`, '#EXT-X-STREAM-INF:', 'v');
      expect(renditions.length).toBe(wanted === undefined ? 0 : 1);
      if (wanted !== undefined) expect(renditions[0]).toMatchObject(wanted);
      expect(renditions[0]).not.toHaveProperty('uri');
    });
  }

  test('an I-frame variant without a URI is left out', () => {
    const { iFrames } = parse('#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1', '#EXT-X-STREAM-INF:', 'v');
    expect(iFrames).toEqual([]);
  });

  test('has variants, or is refused', () => {
    const message = 'Cannot parse the playlist: it has no variant with a URI, wanted one at least';
    expect(() => parse('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n"')).toThrow(message);
    expect(() => parse('#EXT-X-STREAM-INF:BANDWIDTH=1')).toThrow(message);
  });

  test('with a segment in it is refused', () => {
    expect(() => parse('#EXT-X-STREAM-INF:', 'v', '#EXTINF:4,', 'a.ts')).toThrow(
      'it has variants and segments, wanted one of them',
    );
  });

  test(`${MAX_ENTRIES} entries are taken, one more is not`, () => {
    const list = (count: number) => Array.from({ length: count }, () => '#EXT-X-STREAM-INF:\nv');
    expect(parse(...list(MAX_ENTRIES)).variants.length).toBe(MAX_ENTRIES);
    expect(() => parse(...list(MAX_ENTRIES + 1))).toThrow('it has too many entries, wanted 500');
  });
});
