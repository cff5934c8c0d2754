// This file tests how renditions are named and a variant is picked.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { MultivariantPlaylist } from '../../../src/media/m3u8/playlist.ts';
import {
  nameRenditions,
  onlyVariant,
  pickVariant,
  soundOfVariant,
  traitsOfId,
} from '../../../src/source/pull/renditions.ts';

const BASE = 'http://origin.example/live/master.m3u8';

function parse(...lines: readonly string[]): MultivariantPlaylist {
  const playlist = parsePlaylist(['#EXTM3U', ...lines, ''].join('\n'), { uri: BASE });
  if (playlist.kind !== 'multivariant') throw new Error('not multivariant');
  return playlist;
}

function variant(attributes: string, uri: string): string {
  return `#EXT-X-STREAM-INF:${attributes}\n${uri}`;
}

const HD = variant('BANDWIDTH=5000000,RESOLUTION=1280x720', 'hd/index.m3u8');
const SD = variant('BANDWIDTH=1200000,RESOLUTION=854x480', 'sd/index.m3u8');
const RADIO = variant('BANDWIDTH=64000', 'radio.m3u8');

describe('nameRenditions()', () => {
  test('names by what a variant is, and points the playlist there', () => {
    const { renditions, playlist } = nameRenditions(parse(HD, SD, RADIO), BASE);
    expect(renditions).toEqual([
      {
        id: '720p-5000k',
        url: 'http://origin.example/live/hd/index.m3u8',
        traits: { kind: 'variant', height: 720, bandwidth: 5_000_000 },
      },
      {
        id: '480p-1200k',
        url: 'http://origin.example/live/sd/index.m3u8',
        traits: { kind: 'variant', height: 480, bandwidth: 1_200_000 },
      },
      {
        id: '64k',
        url: 'http://origin.example/live/radio.m3u8',
        traits: { kind: 'variant', bandwidth: 64_000 },
      },
    ]);
    expect(playlist.variants.map(({ uri }) => uri)).toEqual([
      '720p-5000k/index.m3u8',
      '480p-1200k/index.m3u8',
      '64k/index.m3u8',
    ]);
  });

  test('is the same in any order and from any host', () => {
    const idOf = (lines: readonly string[], base: string) =>
      new Map(
        nameRenditions(parse(...lines), base).renditions.map(({ id, url }) => [
          new URL(url).pathname,
          id,
        ]),
      );
    const expected = idOf([HD, SD, RADIO], BASE);
    fc.assert(
      fc.property(fc.shuffledSubarray([HD, SD, RADIO], { minLength: 3 }), (lines) => {
        expect(idOf(lines, 'https://other.example/live/master.m3u8?token=1')).toEqual(expected);
      }),
    );
  });

  test('tells duplicates apart', () => {
    const twin = variant('BANDWIDTH=5000000,RESOLUTION=1280x720', 'backup/index.m3u8');
    const { renditions } = nameRenditions(parse(HD, twin), BASE);
    expect(renditions.map(({ id }) => id)).toEqual(['720p-5000k', '720p-5000k-2']);
  });

  test('one playlist that is used twice is one rendition', () => {
    const stereo = variant('BANDWIDTH=5100000,RESOLUTION=1280x720,AUDIO="b"', './hd/index.m3u8');
    const { renditions, playlist } = nameRenditions(parse(HD, stereo), BASE);
    expect(renditions.map(({ id }) => id)).toEqual(['720p-5000k']);
    expect(playlist.variants.map(({ uri }) => uri)).toEqual(Array(2).fill('720p-5000k/index.m3u8'));
  });

  test('names tracks by type, group, language and name; one without a URI stays as it is', () => {
    const media = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",LANGUAGE="de",NAME="Tonspur Ä/../x"';
    const { renditions, playlist } = nameRenditions(
      parse(`${media},URI="de.m3u8"`, '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="muxed"', HD),
      BASE,
    );
    expect(renditions.map(({ id }) => id).toSorted()).toEqual([
      '720p-5000k',
      'audio-aac-de-tonspur-x',
    ]);
    expect(playlist.renditions.map(({ uri }) => uri)).toEqual([
      'audio-aac-de-tonspur-x/index.m3u8',
      undefined,
    ]);
  });

  test('ids are safe in a path, whatever the playlist says', () => {
    const text = fc.stringMatching(/^[^"\n\r]{1,80}$/);
    fc.assert(
      fc.property(text, text, (group, name) => {
        const media = `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${group}",NAME="${name}",URI="a.m3u8"`;
        for (const { id } of nameRenditions(parse(media, HD), BASE).renditions) {
          expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/);
        }
      }),
    );
  });

  test('I-frame playlists have names of their own', () => {
    const line = '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=1280x720,URI="if.m3u8"';
    const { renditions, playlist } = nameRenditions(parse(HD, line), BASE);
    expect(renditions[1]).toEqual({
      id: 'iframe-720p-90k',
      url: 'http://origin.example/live/if.m3u8',
      traits: { kind: 'iframe', height: 720, bandwidth: 90_000 },
    });
    expect(playlist.iFrames[0]?.uri).toBe('iframe-720p-90k/index.m3u8');
  });

  test('does not hand out where session keys really are', () => {
    const keys = [
      '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="https://keys.example/k"',
      '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"',
    ];
    const { playlist } = nameRenditions(parse(...keys, HD), BASE);
    expect(playlist.sessionKeys.map(({ method }) => method)).toEqual(['SAMPLE-AES']);
  });
});

describe('pickVariant()', () => {
  const LOW_HD = variant('BANDWIDTH=2500000,RESOLUTION=1280x720', 'hd-low.m3u8');
  for (const [height, lines, expected] of [
    [720, [SD, LOW_HD, HD], 'hd/index.m3u8'],
    [1080, [HD, SD], 'hd/index.m3u8'],
    [719, [HD, SD], 'sd/index.m3u8'],
    [480, [HD, SD, RADIO], 'sd/index.m3u8'],
    [360, [HD, SD], 'sd/index.m3u8'],
    [360, [HD, SD, RADIO], 'radio.m3u8'],
    [1, [LOW_HD, HD], 'hd/index.m3u8'],
    [720, [RADIO], 'radio.m3u8'],
  ] as const) {
    test(`${height} of ${lines.length} is ${expected}`, () => {
      expect(pickVariant(parse(...lines), height)?.uri).toBe(expected);
      expect(pickVariant(parse(...lines.toReversed()), height)?.uri).toBe(expected);
    });
  }
});

describe('onlyVariant()', () => {
  test('keeps one variant and the groups it names', () => {
    const media = (type: string, group: string) =>
      `#EXT-X-MEDIA:TYPE=${type},GROUP-ID="${group}",NAME="${group}",URI="${group}.m3u8"`;
    const chosen = variant(
      'BANDWIDTH=5000000,RESOLUTION=1280x720,AUDIO="a1",SUBTITLES="s1"',
      'hd.m3u8',
    );
    const playlist = parse(
      media('AUDIO', 'a1'),
      media('AUDIO', 'a2'),
      media('SUBTITLES', 's1'),
      chosen,
      variant('BANDWIDTH=1000000,AUDIO="a2"', 'sd.m3u8'),
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,URI="if.m3u8"',
    );
    const reduced = onlyVariant(playlist, playlist.variants[0] as never);
    expect(reduced.variants.map(({ uri }) => uri)).toEqual(['hd.m3u8']);
    expect(reduced.renditions.map(({ groupId }) => groupId)).toEqual(['a1', 's1']);
    expect(reduced.iFrames).toEqual([]);
    expect(playlist.variants).toHaveLength(2);
  });
});

describe('soundOfVariant()', () => {
  const tag = (name: string, more: string) =>
    `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="${name}"${more}`;
  const PICTURE = variant('BANDWIDTH=5000000,RESOLUTION=1280x720,AUDIO="a"', 'hd.m3u8');
  const ALONE = variant('BANDWIDTH=64000,AUDIO="a"', 'de.m3u8');
  const GERMAN = tag('de', ',LANGUAGE="de",URI="de.m3u8"');
  const ENGLISH = tag('en', ',LANGUAGE="en",URI="en.m3u8"');

  test.each<[string, readonly string[], { id: string; language?: string } | undefined]>([
    ['the first', [GERMAN, ENGLISH], { id: 'audio-a-de-de', language: 'de' }],
    [
      'the default one',
      [GERMAN, `${ENGLISH},AUTOSELECT=YES,DEFAULT=YES`],
      { id: 'audio-a-en-en', language: 'en' },
    ],
    [
      'one to be chosen without being asked',
      [GERMAN, `${ENGLISH},AUTOSELECT=YES`],
      { id: 'audio-a-en-en', language: 'en' },
    ],
    ['none where it lies in the variant', [`${tag('de', '')},DEFAULT=YES`, ENGLISH], undefined],
    ['no language where none is told', [tag('x', ',URI="x.m3u8"')], { id: 'audio-a-x' }],
    ['nothing of another group', [], undefined],
  ])('%s', (_, tags, wanted) => {
    const { playlist, renditions } = nameRenditions(parse(...tags, PICTURE), BASE);
    expect(soundOfVariant(playlist, renditions[0]!.id)).toEqual(wanted as never);
  });

  test('a variant of sound alone is not beside itself', () => {
    const { playlist, renditions } = nameRenditions(parse(GERMAN, PICTURE, ALONE), BASE);
    expect(renditions.map(({ id }) => soundOfVariant(playlist, id)?.id)).toEqual([
      renditions[1]?.id,
      undefined,
    ]);
  });

  test('nothing of a variant that is not there', () => {
    const { playlist } = nameRenditions(parse(GERMAN, PICTURE), BASE);
    expect(soundOfVariant(playlist, 'main')).toBeUndefined();
  });
});

describe('traitsOfId()', () => {
  test.each<[string, ReturnType<typeof traitsOfId>]>([
    ['720p-2880k', { kind: 'variant', height: 720, bandwidth: 2_880_000 }],
    ['720p-2880k-2', { kind: 'variant', height: 720, bandwidth: 2_880_000 }],
    ['64k', { kind: 'variant', bandwidth: 64_000 }],
    ['480p', { kind: 'variant', height: 480 }],
    ['main', { kind: 'variant' }],
    ['audio-aac-de-tonspur', { kind: 'audio' }],
    ['subtitles-s-en-s', { kind: 'subtitles' }],
    ['closed-captions-cc', { kind: 'subtitles' }],
    ['iframe-720p-90k', { kind: 'iframe', height: 720, bandwidth: 90_000 }],
  ])('%s', (id, traits) => {
    expect(traitsOfId(id)).toEqual(traits);
  });
});
