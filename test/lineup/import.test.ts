// This file tests that channels come out of operators' line-ups, safe and the same every time.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChannelConfig } from '../../src/config/config.ts';
import { channelsFromM3u, type ImportProblem } from '../../src/lineup/import.ts';
import type { ParsedM3uEntry } from '../../src/media/m3u/list.ts';
import { parseM3u } from '../../src/media/m3u/parse.ts';
import { hostileText } from '../media/m3u/hostile.ts';

const NONE = { taken: new Set<string>() };

function channelsOf(list: string): readonly ChannelConfig[] {
  return channelsFromM3u(parseM3u(list).entries, NONE).channels;
}

function problemsOf(list: string): Partial<Record<ImportProblem, number>> {
  const { problems } = channelsFromM3u(parseM3u(list).entries, NONE);
  return Object.fromEntries(problems.counts);
}

describe('channelsFromM3u()', () => {
  test('takes over what a channel has', () => {
    const list = [
      '#EXTM3U',
      '#EXTINF:-1 tvg-id="News.example" tvg-chno="7" tvg-logo="http://l.example/n.png" group-title="News;World",News, and more',
      '#EXTVLCOPT:http-user-agent=VLC/3.0.20',
      'https://h.example/news/master.m3u8?token=a#x|referer=http%3A%2F%2Fr.example%2F&cookie=a',
    ].join('\n');
    expect(channelsOf(list)).toEqual([
      {
        id: 'news-example',
        name: 'News, and more',
        number: 7,
        group: 'News',
        logo: 'http://l.example/n.png',
        guide: 'News.example',
        mode: 'buffered',
        sources: [
          {
            kind: 'url',
            url: 'https://h.example/news/master.m3u8?token=a',
            headers: { referer: 'http://r.example/', 'user-agent': 'VLC/3.0.20' },
            verifyTls: true,
            allowDowngrade: false,
            timeouts: {},
          },
        ],
        keepWarm: false,
      },
    ]);
  });

  test('takes what does not look like HLS, in the order of the list and the mode asked for', () => {
    const { entries } = parseM3u('http://h/b.ts\nhttp://h/a.mp4\nhttp://h/c?id=5');
    const { channels } = channelsFromM3u(entries, { ...NONE, mode: 'redirect' });
    expect(channels.map(({ id, mode }) => [id, mode])).toEqual([
      ['b-ts', 'redirect'],
      ['a-mp4', 'redirect'],
      ['c', 'redirect'],
    ]);
  });

  test('relative URLs are relative to the list, where it has an address', () => {
    const { entries } = parseM3u('#EXTINF:-1,a\n../a b.m3u8');
    const { channels } = channelsFromM3u(entries, { ...NONE, baseUrl: 'https://h/x/y/list.m3u' });
    expect(channels[0]?.sources[0]).toMatchObject({ url: 'https://h/x/a%20b.m3u8' });
    expect(channelsFromM3u(entries, NONE).channels).toEqual([]);
  });

  const skipped: readonly (readonly [string, string, Partial<Record<ImportProblem, number>>])[] = [
    [
      'other schemes',
      'rtmp://h/a\nudp://@239.0.0.1:1\nfile:///etc/passwd\njavascript://%0aalert(1)',
      { scheme: 4 },
    ],
    ['what is no URL', '#EXTINF:-1,a\nhello\n#EXTINF:-1,b\nhttp://a b/', { 'bad-url': 2 }],
    ['a URL a second time', 'http://h/a\nHTTP://H:80/x/../a', { 'duplicate-url': 1 }],
    [
      'headers that are not allowed',
      'http://h/a|cookie=x&user-agent=a%0d%0ab&referer=http%3A%2F%2Fr',
      { 'header-refused': 2 },
    ],
  ];
  test.each(skipped)('counts %s', (_, list, problems) => {
    expect(problemsOf(`#EXTM3U\n${list}`)).toEqual(problems);
  });

  const ids: readonly (readonly [string, string])[] = [
    ['tvg-id="BBCOne.uk"', 'bbcone-uk'],
    ['tvg-id="0"', 'some-name'],
    ['tvg-id="N/A"', 'some-name'],
    ['tvg-id=""', 'some-name'],
    ['', 'some-name'],
  ];
  test.each(ids)('the id of %p is %p', (attributes, id) => {
    const channel = channelsOf(`#EXTINF:-1 ${attributes},Some Name\nhttp://h/a`)[0];
    expect(channel?.id).toBe(id);
    expect(channel?.guide).toBe(id === 'some-name' ? undefined : 'BBCOne.uk');
  });

  const numbers: readonly (readonly [string, number | undefined])[] = [
    ['tvg-chno="7"', 7],
    ['ch-number="5.1"', 5.1],
    ['tvg-chno="" channel-number="12"', 12],
    ['tvg-chno="0"', undefined],
    ['tvg-chno="-1"', undefined],
    ['tvg-chno="1e3"', undefined],
    ['tvg-chno="100000"', undefined],
    ['tvg-chno="seven"', undefined],
  ];
  test.each(numbers)('the number of %p is %p', (attributes, number) => {
    const channel = channelsOf(`#EXTINF:-1 ${attributes},a\nhttp://h/a`)[0];
    expect(channel?.number).toBe(number as number);
  });

  const logos: readonly (readonly [string, string | undefined])[] = [
    ['tvg-logo="https://l/ä.png"', 'https://l/%C3%A4.png'],
    ['logo="http://l/a.png"', 'http://l/a.png'],
    ['tvg-logo="" logo="http://l/a.png"', 'http://l/a.png'],
    ['tvg-logo="data:image/png;base64,AAAA"', undefined],
    ['tvg-logo="javascript:alert(1)"', undefined],
    ['tvg-logo="/srv/logo.png"', undefined],
    [`tvg-logo="http://l/${'x'.repeat(2100)}"`, undefined],
  ];
  test.each(logos)('the logo of %p is %p', (attributes, logo) => {
    const channel = channelsOf(`#EXTINF:-1 ${attributes},a\nhttp://h/a`)[0];
    expect(channel?.logo).toBe(logo as string);
  });
});

describe('channelsFromM3u() with hostile entries', () => {
  const map = (keys: readonly string[]) =>
    fc
      .dictionary(fc.constantFrom(...keys), hostileText)
      .map((object) => new Map(Object.entries(object)));
  const hostile: fc.Arbitrary<ParsedM3uEntry> = fc.record({
    line: fc.nat(),
    name: hostileText,
    url: fc
      .tuple(fc.constantFrom('http://h/', 'https://h/', 'rtmp://h/', ''), hostileText)
      .map((parts) => parts.join('')),
    attributes: map(['tvg-id', 'tvg-chno', 'tvg-logo', 'group-title', '__proto__']),
    groups: fc.array(hostileText, { maxLength: 2 }),
    headers: map(['user-agent', 'referer', 'origin', 'cookie', '__proto__', 'host']),
    properties: map(['a']),
  });
  const lists = fc.array(hostile, { maxLength: 12 });
  const CLEAN = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/;

  test('every channel is one that the configuration could hold', () => {
    fc.assert(
      fc.property(lists, (entries) => {
        const { channels, problems } = channelsFromM3u(entries, { taken: new Set(['news', 'c']) });
        const ids = channels.map(({ id }) => id);
        expect(new Set([...ids, 'news', 'c']).size).toBe(ids.length + 2);
        for (const { id, name, group, guide, sources } of channels) {
          expect(id).toMatch(/^[a-z0-9_-]{1,64}$/);
          for (const text of [name, group ?? 'x', guide ?? 'x']) {
            expect(text).toMatch(CLEAN);
            expect(text.length).toBeLessThanOrEqual(200);
          }
          expect(sources).toHaveLength(1);
          const source = sources[0];
          if (source?.kind !== 'url') throw new Error('unreachable');
          expect(new URL(source.url).protocol).toMatch(/^https?:$/);
          expect(
            Object.keys(source.headers).every((key) => /^(user-agent|referer|origin)$/.test(key)),
          ).toBe(true);
        }
        for (const { message } of problems.first) expect(message).toMatch(CLEAN);
      }),
      { numRuns: 1000 },
    );
  });

  test('a channel keeps its id wherever it stands in the list', () => {
    fc.assert(
      fc.property(lists, (entries) => {
        const keyOf = ({ url }: ParsedM3uEntry) => URL.parse(url)?.href.replace(/#.*/, '');
        const unique = [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()];
        const idOf = (list: readonly ParsedM3uEntry[]): Map<unknown, string> =>
          new Map(
            channelsFromM3u(list, NONE).channels.map(({ id, sources }) => [
              (sources[0] as { url: string }).url,
              id,
            ]),
          );
        const forwards = idOf(unique);
        for (const [url, id] of idOf(unique.toReversed()))
          expect(id).toBe(forwards.get(url) as string);
      }),
      { numRuns: 500 },
    );
  });
});
