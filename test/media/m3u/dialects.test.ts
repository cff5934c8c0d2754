// This file tests that what a dialect adds reaches its player, and disturbs no other.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { M3uCatchup, M3uEntry } from '../../../src/media/m3u/entry.ts';
import { formatM3u, type M3uDialect, safeEntry } from '../../../src/media/m3u/format.ts';
import { parseM3u } from '../../../src/media/m3u/parse.ts';
import { titleOf } from '../../../src/media/m3u/safe-text.ts';
import { readAsJellyfin } from '../../support/player-parsers/jellyfin.ts';
import { readAsKodi } from '../../support/player-parsers/kodi.ts';
import { readKodiCatchup } from '../../support/player-parsers/kodi-catchup.ts';
import { MPV_MAX_LINE_BYTES, readAsMpv } from '../../support/player-parsers/mpv.ts';
import { isVlcPlaylist, readAsVlc } from '../../support/player-parsers/vlc.ts';
import { hostileEntry, hostileText, hostileUrl } from './hostile.ts';

const news: M3uEntry = {
  id: 'news',
  name: 'News 24',
  number: 101,
  url: 'https://tv.example/live/news/index.m3u8',
  form: 'hls',
  catchup: {
    url: 'https://tv.example/archive/news/index.m3u8',
    days: 2,
    isShiftable: true,
  },
};
const guideUrl = 'https://tv.example/epg.xml.gz';

const CATCHUP =
  'catchup="default" catchup-days="2" ' +
  'catchup-source="https://tv.example/archive/news/index.m3u8?from={utc}&to={utcend}" timeshift="2"';

const hostileCatchup: fc.Arbitrary<M3uCatchup> = fc.record({
  url: hostileUrl,
  days: fc.oneof(fc.integer({ min: -5, max: 5000 }), fc.constantFrom(Number.NaN, 0.4, 1.2)),
  isShiftable: fc.boolean(),
});

const hostile = fc.record({
  guideUrl: hostileUrl,
  entries: fc.array(
    fc
      .tuple(
        hostileEntry,
        fc.record(
          {
            form: fc.constantFrom('hls' as const, 'ts' as const),
            catchup: hostileCatchup,
            vlcOptions: fc.dictionary(
              fc.oneof(fc.constant('sub-language'), hostileText),
              hostileText,
            ),
          },
          { requiredKeys: [] },
        ),
      )
      .map(([entry, more]): M3uEntry => ({ ...entry, ...more })),
    { minLength: 1, maxLength: 4 },
  ),
});

const DIALECTS: readonly M3uDialect[] = ['default', 'kodi', 'vlc'];
const RUNS = { numRuns: 300 };

describe('formatM3u() of an archived channel', () => {
  const texts: readonly (readonly [M3uDialect, string])[] = [
    [
      'default',
      `#EXTM3U x-tvg-url="${guideUrl}" url-tvg="${guideUrl}"\n` +
        `#EXTINF:-1 tvg-id="news" tvg-chno="101" tvg-name="News 24" ${CATCHUP},News 24\n` +
        `${news.url}\n`,
    ],
    [
      'kodi',
      `#EXTM3U x-tvg-url="${guideUrl}" url-tvg="${guideUrl}"\n` +
        `#EXTINF:-1 tvg-id="news" tvg-chno="101" tvg-name="News 24" ${CATCHUP},News 24\n` +
        `#KODIPROP:mimetype=application/vnd.apple.mpegurl\n${news.url}\n`,
    ],
    ['vlc', `#EXTM3U\n#EXTINF:-1 tvg-id="news" tvg-name="News 24",News 24\n${news.url}\n`],
  ];
  test.each(texts)('as %s', (dialect, text) => {
    expect(formatM3u({ guideUrl, entries: [news] }, dialect)).toBe(text);
  });

  test('as vlc: options stand before the address, and none that a line cannot hold', () => {
    const vlcOptions = {
      'network-caching': '1500',
      'sub-language': 'de\n#EXTINF:-1,x\nhttp://evil.example',
      'Sub language': 'de',
      'audio-language': 'de,en',
    };
    const text = formatM3u({ entries: [{ ...news, vlcOptions }] }, 'vlc');
    expect(text.split('\n').slice(2)).toEqual([
      '#EXTVLCOPT:network-caching=1500',
      '#EXTVLCOPT:audio-language=de,en',
      news.url,
      '',
    ]);
    expect(readAsVlc(text)[0]?.options).toEqual(['network-caching=1500', 'audio-language=de,en']);
    for (const dialect of ['default', 'kodi'] as const) {
      expect(formatM3u({ entries: [{ ...news, vlcOptions }] }, dialect)).not.toContain('EXTVLCOPT');
    }
  });

  test('as kodi: an endless stream is said to be one, and what is not known is not said', () => {
    const { form: _, ...unknown } = news;
    const text = formatM3u({ entries: [{ ...news, form: 'ts' }, unknown] }, 'kodi');
    expect(readAsKodi(text).channels.map(({ properties }) => [...properties])).toEqual([
      [['mimetype', 'video/mp2t']],
      [],
    ]);
  });

  const sources: readonly (readonly [string, string | undefined])[] = [
    ['http://h/a.ts', 'http://h/a.ts?from={utc}&to={utcend}'],
    ['http://h/a?quality=720', 'http://h/a?quality=720&from={utc}&to={utcend}'],
    ['http://h/a?b={utc}"\n', 'http://h/a?b=%7Butc%7D%22&from={utc}&to={utcend}'],
    ['http://h/a?timeshift=1', 'http://h/a?timeshif%74=1&from={utc}&to={utcend}'],
    ['/archive/a/index.m3u8', undefined],
    ['javascript:x', undefined],
    [`http://h/${'x'.repeat(1024)}`, undefined],
  ];
  test.each(sources)('the past at %p is asked for as %p', (url, source) => {
    const entry = { ...news, catchup: { url, days: 1, isShiftable: false } };
    expect(readKodiCatchup(formatM3u({ entries: [entry] }))[0]?.source).toBe(source as string);
  });

  const days: readonly (readonly [number, number])[] = [
    [0, 1],
    [0.5, 1],
    [1.1, 2],
    [90, 90],
    [1e9, 999],
    [Number.NaN, 1],
  ];
  test.each(days)('%p days are written as %p', (given, written) => {
    const entry = { ...news, catchup: { ...(news.catchup as M3uCatchup), days: given } };
    expect(readKodiCatchup(formatM3u({ entries: [entry] }))[0]?.days).toBe(written);
  });
});

describe('formatM3u() with hostile entries in every dialect', () => {
  test('Kodi finds the past, the type and nothing else', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...DIALECTS), (lineUp, dialect) => {
        const text = formatM3u(lineUp, dialect);
        const list = readAsKodi(text);
        const catchups = readKodiCatchup(text);
        const types = { hls: 'application/vnd.apple.mpegurl', ts: 'video/mp2t' };
        expect([list.headerShift, list.headerCatchup]).toEqual(['', '']);
        for (const [index, entry] of lineUp.entries.entries()) {
          const safe = safeEntry(entry) as M3uEntry;
          const read = list.channels[index];
          expect(read).toMatchObject({ name: titleOf(safe.name), url: safe.url });
          expect(read).toMatchObject({ isRadio: false, isMedia: false, guideShift: '' });
          const type = dialect === 'kodi' && safe.form ? types[safe.form] : undefined;
          expect([...(read?.properties ?? [])]).toEqual(type ? [['mimetype', type]] : []);
          const past = dialect === 'vlc' ? undefined : safe.catchup;
          expect(read?.hasCatchup).toBe(past !== undefined);
          expect(catchups[index]?.days).toBe(past?.days as number);
          if (past === undefined) continue;
          expect(catchups[index]?.source).toStartWith(past.url);
          expect(catchups[index]?.source).toMatch(/^[^{}|]+[?&]from=\{utc\}&to=\{utcend\}$/);
          expect(catchups[index]?.terminates).toBe(true);
        }
        expect(list.channels).toHaveLength(lineUp.entries.length);
      }),
      RUNS,
    );
  });

  test('Jellyfin, VLC, mpv and we ourselves read the channels as they are', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...DIALECTS), (lineUp, dialect) => {
        const text = formatM3u(lineUp, dialect);
        const safe = lineUp.entries.map((entry) => safeEntry(entry) as M3uEntry);
        const meant = safe.map(({ name, url }) => ({ name: titleOf(name), url }));
        const shown = ({ name, url }: { name?: string | undefined; url: string }) => ({
          name,
          url,
        });
        expect(readAsJellyfin(text).map(shown)).toEqual(meant as never);
        expect(readAsVlc(text).map(shown)).toEqual(meant);
        for (const [index, { options }] of readAsVlc(text).entries()) {
          const given = Object.entries(safe[index]?.vlcOptions ?? {});
          const known = dialect === 'vlc' ? given.map(([name, value]) => `${name}=${value}`) : [];
          for (const option of options) expect(known).toContain(option);
        }
        expect(isVlcPlaylist(text, 'audio/x-mpegurl')).toBe(true);
        expect(readAsMpv(text)?.isHls).toBe(false);
        expect(readAsMpv(text)?.channels.map(shown)).toEqual(meant);
        const parsed = parseM3u(text);
        expect(parsed.problems.counts.size).toBe(0);
        expect(parsed.entries.map(shown)).toEqual(meant);
        for (const [index, { guideId }] of safe.entries()) {
          expect(readAsVlc(text)[index]?.guideId).toBe(guideId as string);
          expect(readAsJellyfin(text)[index]?.guideId).toBe(guideId as string);
        }
      }),
      RUNS,
    );
  });

  test('what is safe stays as it is', () => {
    fc.assert(
      fc.property(hostile, ({ entries: [entry] }) => {
        const safe = safeEntry(entry as M3uEntry) as M3uEntry;
        expect(safeEntry(safe)).toEqual(safe);
      }),
      RUNS,
    );
  });

  test('the longest entry fits the line that mpv reads at once', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const name = `${text}漢`.repeat(4000);
        const catchup = { url: `http://h/${'x'.repeat(1015)}`, days: 999, isShiftable: true };
        const logo = `https://logo.example/${'é'.repeat(300)}`;
        const entry = { ...news, name, group: name, guideId: name, logo, catchup };
        const info = formatM3u({ entries: [entry] }).split('\n')[1] as string;
        expect(info).toContain('timeshift="999"');
        expect(Buffer.byteLength(info)).toBeLessThan(MPV_MAX_LINE_BYTES);
      }),
      { numRuns: 20 },
    );
  });
});
