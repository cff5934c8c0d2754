// This file tests what is left of a multivariant playlist in an archive.
import { describe, expect, test } from 'bun:test';
import { formatMultivariantPlaylist } from '../../../src/media/m3u8/format-multivariant.ts';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { MultivariantPlaylist } from '../../../src/media/m3u8/playlist.ts';
import { formatPlaylist, parseKeptPlaylist } from '../../../src/recording/archive/archive-about.ts';
import { keptPlaylist } from '../../../src/recording/archive/kept-playlist.ts';
import { nameRenditions } from '../../../src/source/pull/renditions.ts';

function named(text: string): MultivariantPlaylist {
  const base = 'http://h.example/master.m3u8';
  const playlist = parsePlaylist(text, { uri: base });
  if (playlist.kind !== 'multivariant') throw new Error('wanted a multivariant playlist');
  return nameRenditions(playlist, base).playlist;
}

const FULL = named(`#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="muxed"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="low",URI="low.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",URI="subs.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="cc",INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="a",SUBTITLES="s",CLOSED-CAPTIONS="c"
720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,AUDIO="b"
360.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,URI="i.m3u8"
`);

describe('keptPlaylist()', () => {
  test('is one variant with its sound and captions, the URIs ids of renditions', () => {
    const kept = keptPlaylist(FULL, '720p-3000k');
    expect(kept && formatMultivariantPlaylist(kept)).toBe(`#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="audio-a-en"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="muxed"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="cc",INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="a",CLOSED-CAPTIONS="c"
720p-3000k
`);
  });

  test('survives being written down', () => {
    const kept = keptPlaylist(FULL, '720p-3000k') as MultivariantPlaylist;
    const read = parseKeptPlaylist(formatPlaylist(kept)) as MultivariantPlaylist;
    expect(formatMultivariantPlaylist(read)).toBe(formatMultivariantPlaylist(kept));
  });

  test.each<[string, MultivariantPlaylist | undefined, string]>([
    ['a source that has none', undefined, 'main'],
    ['a rendition that is not in it', FULL, 'main'],
    [
      'one whose sound is inside',
      named('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=800000\na.m3u8\n'),
      '800k',
    ],
  ])('is nothing of %s', (_, playlist, main) => {
    expect(keptPlaylist(playlist, main)).toBeUndefined();
  });
});
