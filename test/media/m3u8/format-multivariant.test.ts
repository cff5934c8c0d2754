// This file tests how multivariant playlists are written.
import { describe, expect, test } from 'bun:test';
import { formatMultivariantPlaylist } from '../../../src/media/m3u8/format-multivariant.ts';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { MultivariantPlaylist } from '../../../src/media/m3u8/playlist.ts';

function parse(...lines: string[]): MultivariantPlaylist {
  return parsePlaylist(['#EXTM3U', ...lines].join('\n')) as MultivariantPlaylist;
}

const VARIANT = ['#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"', 'v.m3u8'];

describe('formatMultivariantPlaylist()', () => {
  test('the typed fields decide over the attributes, present or absent', () => {
    const playlist = parse(
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n",CHANNELS="2",URI="up.m3u8"',
      ...['#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="x",AUDIO="a",SCORE=2', 'up.m3u8'],
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="up.m3u8"',
    );
    const [variant] = playlist.variants;
    const [rendition] = playlist.renditions;
    const [iFrame] = playlist.iFrames;
    if (!variant || !rendition || !iFrame) throw new Error('not parsed');
    const { codecs: _, ...withoutCodecs } = variant;
    const text = formatMultivariantPlaylist({
      ...playlist,
      variants: [{ ...withoutCodecs, uri: 'ours.m3u8', frameRate: 25, bandwidth: 7.4 }],
      renditions: [{ ...rendition, uri: 'sound.m3u8', isDefault: true }],
      iFrames: [{ ...iFrame, uri: 'trick.m3u8' }],
    });
    expect(text.split('\n').slice(2)).toEqual([
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n",CHANNELS="2",URI="sound.m3u8",DEFAULT=YES',
      '#EXT-X-STREAM-INF:BANDWIDTH=7,AUDIO="a",SCORE=2,FRAME-RATE=25',
      'ours.m3u8',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="trick.m3u8"',
      '',
    ]);
  });

  test('leaves what it was given as it was', () => {
    const playlist = parse(...VARIANT);
    const before = JSON.stringify([...(playlist.variants[0]?.attributes ?? [])]);
    const variants = playlist.variants.map((variant) => ({ ...variant, uri: 'x', codecs: 'c' }));
    formatMultivariantPlaylist({ ...playlist, variants });
    expect(JSON.stringify([...(playlist.variants[0]?.attributes ?? [])])).toBe(before);
  });

  const versions: readonly (readonly [name: string, version: number, lines: string[]])[] = [
    ['plain', 3, []],
    ['variables, which are not written', 3, ['#EXT-X-DEFINE:NAME="x",VALUE="y"']],
    ['a session key with a format', 5, ['#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k",KEYFORMAT="f"']],
    [
      '608 captions',
      3,
      ['#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="n",INSTREAM-ID="CC1"'],
    ],
    [
      '708 captions',
      7,
      ['#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="n",INSTREAM-ID="SERVICE1"'],
    ],
    ['a requirement', 12, ['#EXT-X-STREAM-INF:BANDWIDTH=2,REQ-VIDEO-LAYOUT="CH-STEREO"', 'w.m3u8']],
  ];
  for (const [name, version, lines] of versions) {
    test(`version ${version} for ${name}`, () => {
      const text = formatMultivariantPlaylist(parse(...lines, ...VARIANT));
      expect(text.split('\n')[1]).toBe(`#EXT-X-VERSION:${version}`);
      expect(text).not.toContain('DEFINE');
    });
  }
});
