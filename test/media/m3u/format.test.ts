// This file tests that a line-up reaches every player as it was meant.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { M3uEntry } from '../../../src/media/m3u/entry.ts';
import { formatM3u, safeEntry } from '../../../src/media/m3u/format.ts';
import { parseM3u } from '../../../src/media/m3u/parse.ts';
import { titleOf } from '../../../src/media/m3u/safe-text.ts';
import { readAsJellyfin } from '../../support/player-parsers/jellyfin.ts';
import { kodiStreamOptions, readAsKodi } from '../../support/player-parsers/kodi.ts';
import { isMpvPlaylist, MPV_MAX_LINE_BYTES, readAsMpv } from '../../support/player-parsers/mpv.ts';
import { isVlcPlaylist, readAsVlc } from '../../support/player-parsers/vlc.ts';
import { hostileEntry, hostileText, hostileUrl } from './hostile.ts';

const MIME_TYPE = 'audio/x-mpegurl';

const news: M3uEntry = {
  id: 'news',
  name: 'News 24',
  number: 101,
  group: 'News',
  logo: 'https://logo.example/news.png',
  guideId: 'news.example',
  url: 'https://tv.example/live/news/index.m3u8',
};

const hostileLineUp = fc.record(
  { guideUrl: hostileUrl, entries: fc.array(hostileEntry, { minLength: 1, maxLength: 5 }) },
  { requiredKeys: ['entries'] },
);

/** The writer's own view of each entry; hostile URLs here are all such as can be written. */
function safeEntries(entries: readonly M3uEntry[]): M3uEntry[] {
  return entries.map((entry) => {
    const safe = safeEntry(entry);
    expect(safe).toBeDefined();
    return safe as M3uEntry;
  });
}

const RUNS = { numRuns: 1000 };

describe('formatM3u()', () => {
  test('writes the attributes in the order of the safe writer', () => {
    expect(formatM3u({ guideUrl: 'https://tv.example/epg.xml.gz', entries: [news] })).toBe(
      '#EXTM3U x-tvg-url="https://tv.example/epg.xml.gz" url-tvg="https://tv.example/epg.xml.gz"\n' +
        '#EXTINF:-1 tvg-id="news.example" tvg-chno="101" tvg-name="News 24" ' +
        'tvg-logo="https://logo.example/news.png" group-title="News",News 24\n' +
        'https://tv.example/live/news/index.m3u8\n',
    );
  });

  test('writes no empty attribute and lets the id stand in', () => {
    const entry = { id: 'bare', name: ' \n ', group: '', guideId: '', logo: '', url: '/live/bare' };
    expect(formatM3u({ entries: [entry] })).toBe(
      '#EXTM3U\n#EXTINF:-1 tvg-id="bare" tvg-name="bare",bare\n/live/bare\n',
    );
  });

  const headers: readonly { name: string; guideUrl?: string; header: string }[] = [
    { name: 'no guide', header: '#EXTM3U' },
    { name: 'an empty guide URL', guideUrl: '', header: '#EXTM3U' },
    { name: 'a guide that is no URL', guideUrl: 'ftp://x/epg.xml', header: '#EXTM3U' },
    {
      name: 'a list of guides stays one URL',
      guideUrl: 'http://h/a.xml,http://h/b.xml',
      header:
        '#EXTM3U x-tvg-url="http://h/a.xml%2Chttp://h/b.xml" url-tvg="http://h/a.xml%2Chttp://h/b.xml"',
    },
    {
      name: 'a guide URL with what Kodi reads in the header',
      guideUrl: 'http://h/e?catchup=xc&tvg-shift=3',
      header:
        '#EXTM3U x-tvg-url="http://h/e?catchu%70=xc&tvg-shif%74=3" url-tvg="http://h/e?catchu%70=xc&tvg-shif%74=3"',
    },
  ];
  test.each(headers.map((row) => [row.name, row] as const))('header: %s', (_, row) => {
    const { guideUrl } = row;
    const text = formatM3u({ ...(guideUrl === undefined ? {} : { guideUrl }), entries: [] });
    expect(text).toBe(`${row.header}\n`);
  });

  test('leaves out an entry whose URL no player may be given', () => {
    const urls = [
      'javascript:alert(1)',
      'file:///etc/passwd',
      'rtmp://h/x',
      '//evil.example/x',
      '/\\evil.example/x',
      '/\t/evil.example/x',
      '/.//evil.example/x',
      'live/news',
      '',
      'http://radio=true.example/',
      `http://h/${'x'.repeat(5000)}`,
    ];
    const entries = urls.map((url) => ({ ...news, url }));
    expect(formatM3u({ entries })).toBe('#EXTM3U\n');
  });

  const numbers: readonly (readonly [number, string | undefined])[] = [
    [1, '1'],
    [5.1, '5.1'],
    [5.00049, '5'],
    [999_999, '999999'],
    [0, undefined],
    [-1, undefined],
    [1e21, undefined],
    [Number.NaN, undefined],
  ];
  test.each(numbers)('number %p is written as %p', (number, written) => {
    const text = formatM3u({ entries: [{ ...news, number }] });
    expect(/tvg-chno="([^"]*)"/.exec(text)?.[1]).toBe(written as string);
  });
});

describe('formatM3u() with ordinary entries', () => {
  const names: readonly (readonly [string, string])[] = [
    ['BBC One HD', 'BBC One HD'],
    [
      "Arte (DE) [1080p] & Co. +1 'x' #1 @ 50% / a|b",
      "Arte (DE) [1080p] & Co. +1 'x' #1 @ 50% / a|b",
    ],
    ['Первый канал', 'Первый канал'],
    ['NHK　総合 📺', 'NHK　総合 📺'],
    ['E=mc2 multimedia', 'E=mc2 multimedia'],
    ['24', '24'],
    ['5 USA', '5\u00a0USA'],
    ['84.0 - VOX', '84.0\u00a0– VOX'],
    ['4Music Hits', '4Music Hits'],
    ['Sport - Live - 2', 'Sport – Live – 2'],
    ['London, Paris', 'London‚ Paris'],
    ['The "Best"', "The 'Best'"],
    ['Radio=1', 'Radio:1'],
  ];
  test.each(names)('the name %p is shown as %p by all four', (name, title) => {
    const text = formatM3u({ entries: [{ ...news, name }] });
    expect(readAsKodi(text).channels[0]?.name).toBe(title);
    expect(readAsJellyfin(text)[0]?.name).toBe(title);
    expect(readAsVlc(text)[0]?.name).toBe(title);
    expect(readAsMpv(text)?.channels[0]?.name).toBe(title);
    expect(parseM3u(text).entries[0]?.name).toBe(title);
  });

  const urls: readonly (readonly [string, string])[] = [
    ['https://tv.example/live/news/index.m3u8?quality=720', 'same'],
    ['http://u:p@192.0.2.7:8080/a%20b/(1)/~x.ts?a=b&c=%2F', 'same'],
    ['/live/news/index.m3u8', 'same'],
    ['http://h/a b.png', 'http://h/a%20b.png'],
    ['http://h/ä.png?q="x",y|z', 'http://h/%C3%A4.png?q=%22x%22%2Cy%7Cz'],
    ['http://h/x#part', 'http://h/x'],
    ['HTTP://Tv.Example:80/x', 'http://tv.example/x'],
  ];
  test.each(urls)('the URL %p is written as %p', (url, written) => {
    const text = formatM3u({ entries: [{ ...news, url, logo: url }] });
    const entry = parseM3u(text).entries[0];
    expect(entry?.url).toBe(written === 'same' ? url : written);
    expect(entry?.attributes.get('tvg-logo')).toBe(written === 'same' ? url : written);
  });

  test('a logo keeps its meaning where Kodi would find an attribute in it', () => {
    const logo = 'http://h/radio=x/l.png?media=1&tvg-id=2&Provider=3&id=4';
    const text = formatM3u({ entries: [{ ...news, logo }] });
    const written = readAsKodi(text).channels[0]?.logo as string;
    expect(written).toBe('http://h/radi%6F=x/l.png?medi%61=1&tvg-i%64=2&Provide%72=3&id=4');
    expect([...new URL(written).searchParams]).toEqual([...new URL(logo).searchParams]);
    expect(decodeURIComponent(new URL(written).pathname)).toBe(new URL(logo).pathname);
  });
});

describe('formatM3u() with hostile entries', () => {
  test('is two clean lines for each entry after a header', () => {
    fc.assert(
      fc.property(hostileLineUp, (lineUp) => {
        const text = formatM3u(lineUp);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|^\ufeff/);
        expect(text.isWellFormed()).toBe(true);
        const lines = text.split('\n');
        expect(lines).toHaveLength(2 * lineUp.entries.length + 2);
        expect(lines[0] === '#EXTM3U').toBe(lineUp.guideUrl === undefined);
        expect(text).not.toContain('#EXT-X-');
        for (const [index, line] of lines.slice(1, -1).entries()) {
          expect(line).toMatch(index % 2 === 0 ? /^#EXTINF:-1 tvg-id="[^"]+"/ : /^https?:\/\//);
          if (index % 2 === 0) expect(line.split(',')).toHaveLength(2);
        }
      }),
      RUNS,
    );
  });

  test('Kodi reads every channel as it was meant', () => {
    fc.assert(
      fc.property(hostileLineUp, (lineUp) => {
        const list = readAsKodi(formatM3u(lineUp));
        const safe = safeEntries(lineUp.entries);
        expect(list.guideUrl !== '').toBe(lineUp.guideUrl !== undefined);
        expect([list.headerShift, list.headerCatchup]).toEqual(['', '']);
        expect(list.channels).toEqual(
          safe.map((entry) => ({
            name: titleOf(entry.name),
            guideName: entry.name,
            url: entry.url,
            number: entry.number === undefined ? '' : String(entry.number),
            logo: entry.logo ?? '',
            guideId: entry.guideId as string,
            groups: entry.group === undefined ? [] : [entry.group],
            isRadio: false,
            isMedia: false,
            hasCatchup: false,
            guideShift: '',
            provider: '',
            properties: new Map(),
          })),
        );
        for (const entry of safe) expect(kodiStreamOptions(entry.url)).toBe('');
      }),
      RUNS,
    );
  });

  test('Jellyfin reads every channel as it was meant', () => {
    fc.assert(
      fc.property(hostileLineUp, (lineUp) => {
        const channels = readAsJellyfin(formatM3u(lineUp));
        const safe = safeEntries(lineUp.entries);
        expect(channels.map(({ number: _, ...rest }) => rest)).toEqual(
          safe.map((entry) => ({
            name: titleOf(entry.name),
            url: entry.url,
            ...(entry.logo === undefined ? {} : { logo: entry.logo }),
            guideId: entry.guideId as string,
            groups: entry.group === undefined ? [] : [entry.group],
          })),
        );
        for (const [index, entry] of safe.entries()) {
          if (entry.number === undefined) continue;
          expect(channels[index]?.number).toBe(String(entry.number));
        }
      }),
      RUNS,
    );
  });

  test('VLC reads every channel as it was meant', () => {
    fc.assert(
      fc.property(hostileLineUp, (lineUp) => {
        const text = formatM3u(lineUp);
        expect(isVlcPlaylist(text, MIME_TYPE)).toBe(true);
        expect(readAsVlc(text)).toEqual(
          safeEntries(lineUp.entries).map((entry) => ({
            name: titleOf(entry.name),
            artist: undefined,
            url: entry.url,
            ...(entry.logo === undefined ? {} : { logo: entry.logo }),
            guideId: entry.guideId as string,
            groups: entry.group === undefined ? [] : [entry.group],
            options: [],
          })),
        );
      }),
      RUNS,
    );
  });

  test('mpv reads every channel as it was meant', () => {
    fc.assert(
      fc.property(hostileLineUp, (lineUp) => {
        const text = formatM3u(lineUp);
        expect(isMpvPlaylist(text, MIME_TYPE)).toBe(true);
        expect(isMpvPlaylist(text, undefined)).toBe(lineUp.guideUrl === undefined);
        expect(readAsMpv(text)).toEqual({
          isHls: false,
          channels: safeEntries(lineUp.entries).map((entry) => ({
            name: titleOf(entry.name),
            url: entry.url,
            groups: [],
          })),
        });
      }),
      RUNS,
    );
  });

  test('our own parser reads it back', () => {
    fc.assert(
      fc.property(hostileLineUp, (lineUp) => {
        const parsed = parseM3u(formatM3u(lineUp));
        expect(parsed.problems.counts.size).toBe(0);
        expect(
          parsed.entries.map(({ name, url, groups, attributes }) => {
            const number = attributes.get('tvg-chno');
            return { name, url, groups, number, attributes };
          }),
        ).toEqual(
          safeEntries(lineUp.entries).map((entry) => ({
            name: titleOf(entry.name),
            url: entry.url,
            groups: entry.group === undefined ? [] : [entry.group],
            number: entry.number === undefined ? undefined : String(entry.number),
            attributes: new Map(
              Object.entries({
                'tvg-id': entry.guideId,
                'tvg-chno': entry.number?.toString(),
                'tvg-name': entry.name,
                'tvg-logo': entry.logo,
                'group-title': entry.group,
              }).filter((pair): pair is [string, string] => pair[1] !== undefined),
            ),
          })),
        );
      }),
      RUNS,
    );
  });

  test('what is safe stays as it is', () => {
    fc.assert(
      fc.property(hostileEntry, (entry) => {
        const safe = safeEntry(entry) as M3uEntry;
        expect(safeEntry(safe)).toEqual(safe);
      }),
      RUNS,
    );
  });

  test('the longest entry fits the line that mpv reads at once', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const long = `${text}漢`.repeat(4000);
        const logo = `https://logo.example/${'é'.repeat(600)}`;
        const entry = { ...news, id: 'x', name: long, group: long, guideId: long, logo };
        const info = formatM3u({ entries: [entry] }).split('\n')[1] as string;
        expect(Buffer.byteLength(info)).toBeLessThan(MPV_MAX_LINE_BYTES);
      }),
      { numRuns: 100 },
    );
  });
});
