// This file tests whole line-ups of hostile channels in every dialect, as each player reads them.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChannelConfig, ChannelMode } from '../../src/config/config.ts';
import { writeLineUp } from '../../src/lineup/dialects.ts';
import { guideChannelsOf } from '../../src/lineup/guide-channels.ts';
import { lineUpOf } from '../../src/lineup/line-up.ts';
import { DIALECTS, type LineUpRequest } from '../../src/lineup/request.ts';
import { hostileText, hostileUrl } from '../media/m3u/hostile.ts';
import { urlChannel } from '../support/in-process-app.ts';
import { readAsEnigma2 } from '../support/player-parsers/enigma2.ts';
import { readAsJellyfin } from '../support/player-parsers/jellyfin.ts';
import { readAsKodi } from '../support/player-parsers/kodi.ts';
import { readKodiCatchup } from '../support/player-parsers/kodi-catchup.ts';
import { readAsMpv } from '../support/player-parsers/mpv.ts';
import { isVlcPlaylist, readAsVlc } from '../support/player-parsers/vlc.ts';

const OWN = 'http://tv.example:8080';
const LIST = `${OWN}/playlist.m3u`;
const MODES: readonly ChannelMode[] = ['buffered', 'proxy', 'host', 'redirect'];

const channels: fc.Arbitrary<readonly ChannelConfig[]> = fc
  .array(
    fc.record(
      {
        name: hostileText,
        group: hostileText,
        guide: hostileText,
        logo: fc.oneof(hostileUrl, hostileText),
        mode: fc.constantFrom(...MODES),
        archive: fc.constant({ keepMs: 86_400_000 }),
        isStream: fc.boolean(),
      },
      { requiredKeys: ['name', 'mode'] },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((drawn) =>
    drawn.map(({ isStream, ...more }, index) => ({
      ...urlChannel(`c${index}`, `http://up.example/${isStream ? 'a.ts' : 'a.m3u8'}`),
      ...more,
    })),
  );

const request: fc.Arbitrary<LineUpRequest> = fc.record(
  {
    kind: fc.constant('line-up' as const),
    groups: fc.constant([]),
    dialect: fc.constantFrom(...DIALECTS),
    output: fc.constantFrom('hls' as const, 'ts' as const),
    mode: fc.constantFrom(...MODES),
    quality: fc.constantFrom(720),
  },
  { requiredKeys: ['kind', 'groups'] },
);

/** Nothing in it names anything but what we serve. */
function expectOurs(url: string, output: 'hls' | 'ts' | undefined): void {
  const { origin, pathname } = new URL(url);
  expect(origin).toBe(OWN);
  expect(pathname).toMatch(/^\/(?:live|proxy|host)\/c\d(?:\.ts|\/index\.m3u8)$|^\/redirect\/c\d$/);
  if (output === undefined || pathname.startsWith('/redirect')) return;
  expect(pathname.endsWith('.ts')).toBe(output === 'ts');
}

describe('writeLineUp()', () => {
  test('every player finds every channel, under its address and nothing else', () => {
    fc.assert(
      fc.property(channels, request, (drawn, wanted) => {
        const lineUp = lineUpOf(drawn, wanted, { ownBase: OWN, hasGuide: true });
        const { text, fileName } = writeLineUp(lineUp, wanted, LIST);
        expect(fileName).toMatch(/^[a-z0-9._-]+$/);
        const { dialect = 'default', output } = wanted;
        if (dialect === 'enigma2-index') {
          expect(readAsEnigma2(text).bouquets).toEqual(['userbouquet.weir.tv']);
          return;
        }
        if (dialect === 'enigma2-script') {
          expect(text.split('\n')).toHaveLength(17);
          return;
        }
        if (dialect === 'enigma2') {
          const { services } = readAsEnigma2(text);
          expect(services).toHaveLength(drawn.length);
          for (const { path, type } of services) {
            expectOurs(path, output);
            expect(type).toBe(/\.ts(?:\?|$)/.test(path) ? 1 : type);
          }
          return;
        }
        const kodi = readAsKodi(text).channels;
        const urls = kodi.map(({ url }) => url);
        expect(urls).toHaveLength(drawn.length);
        for (const url of urls) expectOurs(url, output);
        expect(readAsJellyfin(text).map(({ url }) => url)).toEqual(urls);
        expect(readAsVlc(text).map(({ url }) => url)).toEqual(urls);
        expect(readAsMpv(text)?.channels.map(({ url }) => url)).toEqual(urls);
        expect(readAsMpv(text)?.isHls).toBe(false);
        expect(isVlcPlaylist(text, 'audio/x-mpegurl')).toBe(true);
        const catchups = readKodiCatchup(text);
        for (const [index, { logo, archive }] of drawn.entries()) {
          const ours = new RegExp(`^${OWN}/logo/c${index}\\.[a-z]{3,4}$`);
          if (logo === undefined) expect(kodi[index]?.logo).toBe('');
          else expect(kodi[index]?.logo).toMatch(ours);
          const source = catchups[index]?.source;
          if (archive === undefined || dialect === 'vlc') expect(source).toBeUndefined();
          else expect(source).toStartWith(`${OWN}/archive/c${index}`);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('guideChannelsOf()', () => {
  const drawn = [{ ...urlChannel('a', 'http://up.example/a'), logo: 'file:///srv/a.png' }];

  test('names no picture that only we can read, and ours where it is told', () => {
    expect(guideChannelsOf(drawn)[0]).not.toHaveProperty('logo');
    const logoOf = () => `${OWN}/logo/a.png`;
    expect(guideChannelsOf(drawn, undefined, logoOf)[0]?.logo).toBe(`${OWN}/logo/a.png`);
  });
});
