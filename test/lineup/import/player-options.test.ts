// This file tests which of the options that a list has for a player are passed on, and which are not.
import { expect, test } from 'bun:test';
import { writeLineUp } from '../../../src/lineup/dialects.ts';
import { vlcOptionsOf } from '../../../src/lineup/import/player-options.ts';
import { lineUpOf } from '../../../src/lineup/line-up.ts';
import { LineUpWorld, lineUpSetting } from '../../support/line-up-world.ts';

test.each([
  ['network-caching', '1500', true],
  ['network-caching', '0', true],
  ['network-caching', '-1', false],
  ['network-caching', '1e9', false],
  ['network-caching', '100000', false],
  ['network-caching', '1\n2', false],
  ['audio-language', 'deu,eng', true],
  ['audio-language', 'deu,', false],
  ['audio-language', 'any language', false],
  ['sub-language', 'de', true],
  ['sub-language', `de${',en'.repeat(8)}`, false],
  ['program', '2', false],
  ['http-reconnect', 'true', false],
  ['input-slave', 'http://h.example/x.srt', false],
])('#EXTVLCOPT:%s=%s', (name, value, isPassed) => {
  const options = vlcOptionsOf({ kept: { [`vlc:${name}`]: value } });
  expect(options).toEqual(isPassed ? { [name]: value } : (undefined as never));
});

test('what is passed on stands in the dialect of VLC, of the first source alone', async () => {
  const [first, second] = ['https://a.example/list.m3u', 'https://b.example/list.m3u'];
  const list = (...options: string[]) => ({
    body: `#EXTM3U\n#EXTINF:-1,One\n${options.join('\n')}\none.m3u8\n`,
  });
  let cachingMs = 1500;
  const script = {
    [first]: () =>
      list(
        `#EXTVLCOPT:network-caching=${cachingMs}`,
        '#EXTVLCOPT:http-user-agent=Box',
        '#EXTVLCOPT:program=3',
        '#KODIPROP:inputstream=inputstream.adaptive',
        '#KODIPROP:inputstream.adaptive.license_key=https://drm.example',
      ),
    [second]: list('#EXTVLCOPT:sub-language=fra'),
  };
  await using world = new LineUpWorld({ script });
  await world.start([lineUpSetting(first), { ...lineUpSetting(second), merge: true }]);
  expect(world.lineUps.channels[0]?.vlcOptions).toEqual({ 'network-caching': '1500' });
  cachingMs = 2500;
  await world.lineUps.refresh();
  const { channels } = world.lineUps;
  expect(channels.map(({ vlcOptions }) => vlcOptions)).toEqual([{ 'network-caching': '2500' }]);
  const written = (dialect: 'default' | 'kodi' | 'vlc') => {
    const request = { kind: 'line-up', groups: [], dialect } as const;
    const lineUp = lineUpOf(channels, request, { ownBase: 'http://tv', hasGuide: false });
    return writeLineUp(lineUp, request, 'http://tv/playlist.m3u').text;
  };
  expect(written('vlc')).toBe(`#EXTM3U
#EXTINF:-1 tvg-id="one" tvg-name="One",One
#EXTVLCOPT:network-caching=2500
http://tv/live/one/index.m3u8
`);
  expect(written('default')).not.toContain('#EXTVLCOPT');
  expect(written('kodi').match(/^#KODIPROP.*$/gm)).toEqual([
    '#KODIPROP:mimetype=application/vnd.apple.mpegurl',
  ]);
});
