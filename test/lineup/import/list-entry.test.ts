// This file tests what is kept of an entry of an operator's line-up, safe whatever it says.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type EntryProblem,
  type ListEntry,
  readEntry,
} from '../../../src/lineup/import/list-entry.ts';
import type { ParsedM3uEntry } from '../../../src/media/m3u/list.ts';
import { parseM3u } from '../../../src/media/m3u/parse.ts';
import { hostileText } from '../../media/m3u/hostile.ts';

function read(list: string, baseUrl?: string): readonly ListEntry[] {
  return parseM3u(list).entries.flatMap((entry) => readEntry(entry, baseUrl, () => {}) ?? []);
}

function problemsOf(list: string): Partial<Record<EntryProblem, number>> {
  const counts: Partial<Record<EntryProblem, number>> = {};
  for (const entry of parseM3u(list).entries) {
    readEntry(entry, undefined, (_, reason) => {
      counts[reason] = (counts[reason] ?? 0) + 1;
    });
  }
  return counts;
}

describe('readEntry()', () => {
  test('takes over what a channel has, and keeps everything else', () => {
    const list = [
      '#EXTM3U',
      '#EXTINF:-1 tvg-id="News.example" tvg-chno="7" tvg-name="N24" tvg-logo="http://l.example/n.png" group-title="News;World" catchup="shift" catchup-days="3",News, and more',
      '#EXTVLCOPT:http-user-agent=VLC/3.0.20',
      '#EXTVLCOPT:network-caching=1000',
      '#KODIPROP:mimetype=video/mp2t',
      'https://h.example/news/master.m3u8?token=a#x|referer=http%3A%2F%2Fr.example%2F&cookie=a',
    ].join('\n');
    expect(read(list)).toEqual([
      {
        name: 'News, and more',
        number: 7,
        group: 'News',
        logo: 'http://l.example/n.png',
        guide: 'News.example',
        url: 'https://h.example/news/master.m3u8?token=a',
        headers: { referer: 'http://r.example/', 'user-agent': 'VLC/3.0.20' },
        kept: {
          'tvg-name': 'N24',
          catchup: 'shift',
          'catchup-days': '3',
          'kodi:mimetype': 'video/mp2t',
          'vlc:network-caching': '1000',
          groups: 'World',
        },
      },
    ]);
  });

  test('relative URLs are relative to the list, where it has an address', () => {
    const list = '#EXTINF:-1,a\n../a b.m3u8';
    expect(read(list, 'https://h/x/y/list.m3u')[0]?.url).toBe('https://h/x/a%20b.m3u8');
    expect(read(list)).toEqual([]);
  });

  test.each([
    ['http://h.example/a/1.ts?t=1&u=a.b', 'http://h.example/a/1.ts?t=1&u=a.b'],
    ['HTTP://H.example:80/x/../a', 'http://h.example/a'],
    ['http://h.example:80/a', 'http://h.example/a'],
    ['http://h.example/x/../a', 'http://h.example/a'],
    ['http://h.example/ä', 'http://h.example/%C3%A4'],
    ['http://u:p@h.example/a#b', 'http://u:p@h.example/a'],
    ['http://2130706433/a', 'http://127.0.0.1/a'],
    ['https://h.example:8443/live/u/p/1.m3u8', 'https://h.example:8443/live/u/p/1.m3u8'],
  ])('the URL %p is taken as %p', (written, url) => {
    expect(read(`#EXTINF:-1,a\n${written}`)[0]?.url).toBe(url);
  });

  test.each([
    [
      'other schemes',
      'rtmp://h/a\nudp://@239.0.0.1:1\nfile:///etc/passwd\njavascript://%0aalert(1)',
      { scheme: 4 },
    ],
    ['what is no URL', '#EXTINF:-1,a\nhello\n#EXTINF:-1,b\nhttp://a b/', { 'bad-url': 2 }],
    [
      'headers that are not allowed',
      'http://h/a|cookie=x&user-agent=a%0d%0ab&referer=http%3A%2F%2Fr',
      { 'header-refused': 2 },
    ],
  ])('counts %s', (_, list, problems) => {
    expect(problemsOf(`#EXTM3U\n${list}`)).toEqual(problems);
  });

  test.each([
    ['tvg-id="BBCOne.uk"', 'BBCOne.uk'],
    ['tvg-id="0"', undefined],
    ['tvg-id="N/A"', undefined],
    ['tvg-id=""', undefined],
    ['', undefined],
  ])('the guide id of %p is %p', (attributes, guide) => {
    expect(read(`#EXTINF:-1 ${attributes},Some Name\nhttp://h/a`)[0]?.guide).toBe(guide as string);
  });

  test.each([
    ['tvg-chno="7"', 7],
    ['ch-number="5.1"', 5.1],
    ['tvg-chno="" channel-number="12"', 12],
    ['tvg-chno="0"', undefined],
    ['tvg-chno="-1"', undefined],
    ['tvg-chno="1e3"', undefined],
    ['tvg-chno="100000"', undefined],
    ['tvg-chno="seven"', undefined],
  ])('the number of %p is %p', (attributes, number) => {
    expect(read(`#EXTINF:-1 ${attributes},a\nhttp://h/a`)[0]?.number).toBe(number as number);
  });

  test.each([
    ['tvg-logo="https://l/ä.png"', 'https://l/%C3%A4.png'],
    ['logo="http://l/a.png"', 'http://l/a.png'],
    ['tvg-logo="" logo="http://l/a.png"', 'http://l/a.png'],
    ['tvg-logo="data:image/png;base64,AAAA"', undefined],
    ['tvg-logo="javascript:alert(1)"', undefined],
    ['tvg-logo="/srv/logo.png"', undefined],
    [`tvg-logo="http://l/${'x'.repeat(2100)}"`, undefined],
  ])('the logo of %p is %p', (attributes, logo) => {
    expect(read(`#EXTINF:-1 ${attributes},a\nhttp://h/a`)[0]?.logo).toBe(logo as string);
  });

  const map = (keys: readonly string[]) =>
    fc
      .dictionary(fc.constantFrom(...keys), hostileText)
      .map((object) => new Map(Object.entries(object)));
  const hostile: fc.Arbitrary<ParsedM3uEntry> = fc.record({
    line: fc.nat(),
    name: hostileText,
    url: fc
      .tuple(fc.constantFrom('http://h/', 'https://h.example/', 'rtmp://h/', ''), hostileText)
      .map((parts) => parts.join('')),
    attributes: map(['tvg-id', 'tvg-chno', 'tvg-logo', 'catchup-source', '__proto__']),
    groups: fc.array(hostileText, { maxLength: 2 }),
    headers: map(['user-agent', 'referer', 'origin', 'cookie', '__proto__', 'host']),
    properties: map(['a', '__proto__']),
    options: map(['b']),
  });
  const CLEAN = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/;

  test('every entry is one that the configuration could hold', () => {
    fc.assert(
      fc.property(hostile, (entry) => {
        const messages: string[] = [];
        const made = readEntry(entry, undefined, (_, __, message) => messages.push(message));
        for (const message of messages) expect(message).toMatch(CLEAN);
        if (made === undefined) return;
        for (const text of [made.name, made.group ?? '', made.guide ?? '']) {
          expect(text).toMatch(CLEAN);
          expect(text.length).toBeLessThanOrEqual(200);
        }
        expect(new URL(made.url).href).toBe(made.url);
        expect(new URL(made.url).protocol).toMatch(/^https?:$/);
        const names = Object.keys(made.headers ?? {});
        expect(names.every((name) => /^(user-agent|referer|origin)$/.test(name))).toBe(true);
        expect(JSON.parse(JSON.stringify(made))).toEqual({ ...made, ...plainKept(made) });
        expect(({} as { polluted?: string }).polluted).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  const plainKept = ({ kept }: ListEntry) => (kept === undefined ? {} : { kept: { ...kept } });
});
