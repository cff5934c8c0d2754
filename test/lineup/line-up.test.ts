// This file tests which URLs a line-up names.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChannelConfig, ChannelMode } from '../../src/config/config.ts';
import { ownBaseUrl } from '../../src/lineup/base-url.ts';
import { guideChannelsOf } from '../../src/lineup/guide-channels.ts';
import { lineUpOf, programOf } from '../../src/lineup/line-up.ts';
import { type LineUpRequest, readLineUpRequest } from '../../src/lineup/request.ts';
import { formatM3u } from '../../src/media/m3u/format.ts';
import { urlChannel } from '../support/in-process-app.ts';
import { readAsJellyfin } from '../support/player-parsers/jellyfin.ts';
import { readAsKodi } from '../support/player-parsers/kodi.ts';

function channel(id: string, more: Partial<ChannelConfig> = {}): ChannelConfig {
  return { id, name: id, mode: 'buffered', sources: [], keepWarm: false, ...more };
}

const CHANNELS = [
  channel('sport', { name: 'Sport', number: 3, group: 'Sport', mode: 'redirect' }),
  channel('clock', { name: 'Clock', number: 7, mode: 'proxy' }),
  channel('arts', { name: 'Arts', group: 'News', mode: 'host' }),
  channel('news-2', { name: 'News 2', number: 5, group: 'News' }),
  channel('news-10', { name: 'news 10' }),
];

const OWN = { ownBase: 'http://weir.local:8080', hasGuide: false };
const ALL: LineUpRequest = { kind: 'line-up', groups: [] };

function urlsOf(request: Partial<LineUpRequest>, options = OWN): string[] {
  return lineUpOf(CHANNELS, { ...ALL, ...request }, options).entries.map(({ url }) => url);
}

describe('lineUpOf()', () => {
  test('keeps the order of the channels, each in its own mode', () => {
    expect(urlsOf({})).toEqual([
      'http://weir.local:8080/redirect/sport',
      'http://weir.local:8080/proxy/clock/index.m3u8',
      'http://weir.local:8080/host/arts/index.m3u8',
      'http://weir.local:8080/live/news-2/index.m3u8',
      'http://weir.local:8080/live/news-10/index.m3u8',
    ]);
  });

  const modes: readonly (readonly [ChannelMode, string])[] = [
    ['buffered', '/live/clock/index.m3u8?quality=720'],
    ['proxy', '/proxy/clock/index.m3u8?quality=720'],
    ['host', '/host/clock/index.m3u8?quality=720'],
    ['redirect', '/redirect/clock?quality=720'],
  ];
  test.each(modes)('mode %s', (mode, path) => {
    expect(urlsOf({ mode, quality: 720 })[1]).toBe(OWN.ownBase + path);
  });

  const proxied: readonly (readonly [string, string])[] = [
    ['http://up/joe/pw/101.ts', '/proxy/tv.ts'],
    ['http://up/joe/pw/101', '/proxy/tv.ts'],
    ['http://up/tv/list.m3u8', '/proxy/tv/index.m3u8'],
    ['http://up/tv', '/proxy/tv/index.m3u8'],
  ];
  test.each(proxied)('mode proxy of a source at %s is %s', (url, path) => {
    const { entries } = lineUpOf([urlChannel('tv', url)], ALL, OWN);
    expect(entries.map((entry) => entry.url)).toEqual([OWN.ownBase + path]);
  });

  test('host is what URLs begin with, but in the mode host it is where media comes from', () => {
    const host = 'https://cdn.example/tv';
    expect(urlsOf({ host }).slice(0, 3)).toEqual([
      'https://cdn.example/tv/redirect/sport',
      'https://cdn.example/tv/proxy/clock/index.m3u8',
      'http://weir.local:8080/host/arts/index.m3u8?host=https%3A%2F%2Fcdn.example%2Ftv',
    ]);
  });

  test('groups are exact and any number of them', () => {
    const idsOf = (...groups: string[]): string[] =>
      lineUpOf(CHANNELS, { ...ALL, groups }, OWN).entries.map(({ id }) => id);
    expect(idsOf('News')).toEqual(['arts', 'news-2']);
    expect(idsOf('News', 'Sport')).toEqual(['sport', 'arts', 'news-2']);
    expect(idsOf('')).toEqual(['clock', 'news-10']);
    expect(idsOf('news')).toEqual([]);
  });

  test('numbers are those of the channels', () => {
    const numbers = lineUpOf(CHANNELS, ALL, OWN).entries.map(({ number }) => number);
    expect(numbers).toEqual([3, 7, undefined, 5, undefined]);
  });

  const guides: readonly (readonly [string, boolean, string | undefined, string | undefined])[] = [
    ['http://h', true, undefined, 'http://h/epg.xml.gz'],
    ['http://h/x', true, 'http://cdn', 'http://cdn/epg.xml.gz'],
    ['http://h', false, undefined, undefined],
    ['', true, undefined, undefined],
  ];
  test.each(guides)(
    'guide of own base %p, present %p, host %p: %p',
    (ownBase, hasGuide, host, guideUrl) => {
      const request = host === undefined ? ALL : { ...ALL, host };
      expect(lineUpOf(CHANNELS, request, { ownBase, hasGuide }).guideUrl).toBe(guideUrl as string);
    },
  );

  test.each([
    ['its own', {}],
    ['the one it was given', { guide: 'News.Example' }],
    [
      'one of its own where its times are shifted',
      { guide: 'News.Example', guideShiftMs: 3_600_000 },
    ],
    ['shifted back', { guide: 'News.Example', guideShiftMs: -1_800_000 }],
  ])('the guide id of an entry is that of the guide: %s', (_, more) => {
    const channels = [channel('news', more)];
    const { entries } = lineUpOf(channels, ALL, OWN);
    const guideIds = guideChannelsOf(channels).map(({ id }) => id);
    expect(entries.map(({ guideId }) => guideId as string)).toEqual(guideIds);
  });

  test('the guide of some groups is of those groups', () => {
    const request = { ...ALL, groups: ['News', 'A, "B"&C'] };
    const { guideUrl } = lineUpOf(CHANNELS, request, { ...OWN, hasGuide: true });
    const url = new URL(guideUrl as string);
    expect([url.pathname, url.searchParams.getAll('group')]).toEqual([
      '/epg.xml.gz',
      ['News', 'A, "B"&C'],
    ]);
    const text = formatM3u(lineUpOf(CHANNELS, request, { ...OWN, hasGuide: true }));
    expect(new URL(readAsKodi(text).guideUrl).searchParams.getAll('group')).toEqual(request.groups);
  });

  test('the guide of some channels is of those channels, and at home in the mode host', () => {
    const request = { ...ALL, ids: ['sport', 'news'] };
    const options = { ...OWN, hasGuide: true };
    const { guideUrl } = lineUpOf(CHANNELS, request, options);
    expect(guideUrl).toBe(`${OWN.ownBase}/epg.xml.gz?ids=sport%2Cnews`);
    const host = 'http://cdn.example';
    expect(lineUpOf(CHANNELS, { ...ALL, host }, options).guideUrl).toBe(`${host}/epg.xml.gz`);
    expect(lineUpOf(CHANNELS, { ...ALL, host, mode: 'host' }, options).guideUrl).toBe(
      `${OWN.ownBase}/epg.xml.gz`,
    );
  });

  test('without any base URLs are paths', () => {
    expect(urlsOf({}, { ownBase: '', hasGuide: true })[0]).toBe('/redirect/sport');
  });

  test('one request says nothing about the next', () => {
    const ask = (query: string, header: string): string => {
      const request = readLineUpRequest(new URLSearchParams(query));
      if (request.kind === 'bad') throw new Error('unreachable');
      const ownBase = ownBaseUrl(undefined, header) as string;
      return formatM3u(lineUpOf(CHANNELS, request, { ownBase, hasGuide: true }));
    };
    const honest = ask('', 'weir.local');
    const forged = ask('host=evil.example', 'evil.example');
    expect(forged).toContain('http://evil.example/');
    expect(ask('', 'weir.local')).toBe(honest);
    expect(honest).not.toContain('evil');
  });
});

describe('lineUpOf() in players', () => {
  test('every URL that is written is one of ours, at the host asked for', () => {
    const part = fc.constantFrom(
      'cdn',
      '.example',
      ':81',
      '/x',
      '"',
      '\n',
      '@',
      'http://',
      ' ',
      '|',
      '#',
    );
    const host = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        host,
        fc.constantFrom('', ...['buffered', 'proxy', 'host', 'redirect']),
        (h, mode) => {
          const request = readLineUpRequest(new URLSearchParams({ host: h, mode }));
          if (request.kind === 'bad') return;
          const text = formatM3u(lineUpOf(CHANNELS, request, OWN));
          const base = request.host ?? OWN.ownBase;
          const urls = readAsKodi(text).channels.map(({ url }) => url);
          expect(urls).toHaveLength(CHANNELS.length);
          expect(readAsJellyfin(text).map(({ url }) => url)).toEqual(urls);
          for (const url of urls) {
            expect(url.startsWith(`${base}/`) || url.startsWith(`${OWN.ownBase}/host/`)).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('programOf()', () => {
  test('writes the addresses of the ancestor', () => {
    const request = { kind: 'program', name: 'online', quality: 720 } as const;
    const { entries } = programOf(CHANNELS, request, OWN);
    expect(entries.map(({ url }) => url).slice(0, 2)).toEqual([
      'http://weir.local:8080/online.m3u8?fid=sport&hd=720',
      'http://weir.local:8080/online.m3u8?fid=clock&hd=720',
    ]);
  });

  test('host is what URLs begin with; without hd there is none', () => {
    const request = { kind: 'program', name: 'channel2', host: 'https://cdn.example/p' } as const;
    expect(programOf(CHANNELS, request, OWN).entries[0]?.url).toBe(
      'https://cdn.example/p/channel2.m3u8?fid=sport',
    );
  });
});
