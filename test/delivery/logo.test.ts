// This file tests how the pictures of channels are served, and who is told of them.
import { describe, expect, test } from 'bun:test';
import { pathToFileURL } from 'node:url';
import { createInProcessApp, loopChannel, urlChannel } from '../support/in-process-app.ts';
import type { Script } from '../support/outbound-script.ts';
import { PICTURES } from '../support/pictures.ts';
import { readAsKodi } from '../support/player-parsers/kodi.ts';
import { createTempFolder } from '../support/temp-folder.ts';

const PNG = 'http://up.example/secret/a.jpg';
const SVG = 'http://up.example/b.svg';
const PAGE = 'http://up.example/page.png';

const SCRIPT: Script = {
  [PNG]: { body: PICTURES.png, headers: { 'content-type': 'text/html' } },
  [SVG]: { body: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>' },
  [PAGE]: { body: '<html><script>alert(1)</script>', headers: { 'content-type': 'image/png' } },
};

const CHANNELS = [
  { ...loopChannel('news'), logo: PNG, number: 1 },
  { ...loopChannel('drawn'), logo: SVG, number: 2 },
  { ...loopChannel('page'), logo: PAGE },
  { ...loopChannel('gone'), logo: 'http://up.example/none.png' },
  loopChannel('bare'),
  { ...urlChannel('away', 'http://up.example/x.m3u8'), mode: 'host' as const, logo: PNG },
];

const world = () => createInProcessApp(CHANNELS, SCRIPT);

describe('/logo/{channel}', () => {
  test('is what the bytes are, whatever upstream, ending or query say', async () => {
    using app = world();
    for (const name of ['news.jpg', 'news.png', 'news', 'news.jpg?x=1']) {
      const answer = await app.ask(`/logo/${name}`);
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'image/png',
        'content-disposition': 'inline; filename="news.png"',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'cache-control': 'public, max-age=86400, stale-while-revalidate=604800',
        'access-control-allow-origin': '*',
      });
      expect(await answer.bytes()).toEqual(PICTURES.png);
    }
    expect(app.outbound.requests).toHaveLength(1);
  });

  test('what can hold scripts is for saving, and runs none', async () => {
    using app = world();
    const { headers } = await app.ask('/logo/drawn.svg');
    expect(headers.get('content-type')).toBe('image/svg+xml');
    expect(headers.get('content-disposition')).toBe('attachment; filename="drawn.svg"');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('is the same by its tag or its date, and HEAD has the length', async () => {
    using app = world();
    const first = await app.ask('/logo/news.png');
    const etag = first.headers.get('etag') as string;
    const modified = first.headers.get('last-modified') as string;
    const asked: readonly (readonly [Record<string, string>, number])[] = [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `"x", W/${etag}` }, 304],
      [{ 'if-none-match': '"x"', 'if-modified-since': modified }, 200],
      [{ 'if-modified-since': modified }, 304],
      [{ 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 200],
      [{ 'if-modified-since': 'yesterday' }, 200],
    ];
    for (const [headers, status] of asked) {
      const answer = await app.ask('/logo/news.png', headers);
      expect([headers, answer.status]).toEqual([headers, status]);
      expect(answer.headers.get('etag')).toBe(etag);
    }
    const head = await app.ask('/logo/news.png', {}, 'HEAD');
    expect(head.headers.get('content-length')).toBe(String(PICTURES.png.length));
    expect(head.headers.get('content-type')).toBe('image/png');
  });

  const missing: readonly (readonly [string, number, string])[] = [
    ['none', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['..%2f..%2fetc%2fpasswd', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['bare.png', 404, 'DELIVERY_NO_LOGO'],
    ['page.png', 404, 'DELIVERY_NO_LOGO'],
    ['gone.png', 503, 'DELIVERY_UNAVAILABLE'],
  ];
  test.each(missing)('%s is %d, and names no upstream', async (name, status, code) => {
    using app = world();
    const answer = await app.ask(`/logo/${name}`);
    expect(answer.status).toBe(status);
    const text = await answer.text();
    expect(text).toStartWith(`${code}: `);
    expect(text).not.toContain('up.example');
    if (status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const cached = name.endsWith('.png') && status === 404;
    expect(answer.headers.get('cache-control')).toBe(cached ? 'public, max-age=300' : 'no-store');
  });

  test('a file that the configuration names', async () => {
    await using folder = await createTempFolder();
    const logo = pathToFileURL(await folder.write('own.gif', PICTURES.gif)).href;
    using app = createInProcessApp([{ ...loopChannel('own'), logo }]);
    const answer = await app.ask('/logo/own.gif');
    expect(answer.headers.get('content-type')).toBe('image/gif');
    expect(answer.headers.get('last-modified')).not.toBeNull();
    const list = await (await app.ask('/playlist.m3u', { host: 'tv.example' })).text();
    expect(list).toContain('tvg-logo="http://tv.example/logo/own.gif"');
    app.state.logoMode = 'link';
    const linked = await (await app.ask('/playlist.m3u', { host: 'tv.example' })).text();
    expect(linked).not.toContain('tvg-logo');
  });

  test('what came of them is counted', async () => {
    using app = world();
    for (const name of ['news', 'news', 'page', 'gone', 'gone']) await app.ask(`/logo/${name}.png`);
    const lines = (await (await app.ask('/metrics')).text()).split('\n');
    for (const line of [
      'weir_logo_answers_total{outcome="fetched"} 1',
      'weir_logo_answers_total{outcome="held"} 1',
      'weir_logo_answers_total{outcome="none"} 1',
      'weir_logo_answers_total{outcome="late"} 2',
      'weir_logo_fetches_total{outcome="fresh"} 1',
      'weir_logo_fetches_total{outcome="failed"} 1',
    ]) {
      expect(lines).toContain(line);
    }
  });
});

describe('line-ups', () => {
  const logosIn = async (path: string, host = 'tv.example', mode: 'serve' | 'link' = 'serve') => {
    using app = world();
    app.state.logoMode = mode;
    const text = await (await app.ask(path, host === '' ? {} : { host })).text();
    return readAsKodi(text).channels.map(({ logo }) => logo);
  };

  test('name our own address, and it is answered', async () => {
    const logos = await logosIn('/playlist.m3u');
    expect(logos).toEqual([
      'http://tv.example/logo/news.jpg',
      'http://tv.example/logo/drawn.svg',
      'http://tv.example/logo/page.png',
      'http://tv.example/logo/gone.png',
      '',
      'http://tv.example/logo/away.jpg',
    ]);
    expect(await logosIn('/program.m3u')).toEqual(logos);
    expect(await logosIn('/playlist.m3u?dialect=vlc')).toEqual(logos);
  });

  test('by the host that was asked for, but where that is one of media alone', async () => {
    const [news, , , , , away] = await logosIn('/playlist.m3u?host=cdn.example');
    expect(news).toBe('http://cdn.example/logo/news.jpg');
    expect(away).toBe('http://tv.example/logo/away.jpg');
  });

  test.each([
    ['/playlist.m3u', 'tv.example', 'link'],
    ['/playlist.m3u', '', 'serve'],
  ] as const)(
    'name upstream where they are to link, or have no address',
    async (path, host, mode) => {
      expect((await logosIn(path, host, mode)).slice(0, 2)).toEqual([PNG, SVG]);
    },
  );

  test('of an HDHomeRun device do as well', async () => {
    const device = { id: 'living', name: 'TV', tuners: 2, discovery: false, groups: [] };
    using app = createInProcessApp(CHANNELS, SCRIPT, { devices: [device as never] });
    const list = await (await app.ask('/hdhr/living/lineup.m3u', { host: 'tv.example' })).text();
    expect(readAsKodi(list).channels[0]?.logo).toBe('http://tv.example/logo/news.jpg');
  });

  test('of a guide only by the public address: caches keep it for all', async () => {
    const asked: (string | undefined)[][] = [];
    const guides = {
      isEmpty: false,
      hasAny: true,
      status: () => [],
      feedOf: (_: unknown, feed: unknown) => feed,
      document: (channels: readonly { readonly logo?: string }[]) => {
        asked.push(channels.map(({ logo }) => logo));
        return Promise.reject(new Error('none is written here'));
      },
    };
    using app = createInProcessApp(CHANNELS, SCRIPT, { createGuides: () => guides as never });
    await app.ask('/epg.xml', { host: 'evil.example' });
    app.state.publicUrl = 'https://tv.public/';
    await app.ask('/epg.xml', { host: 'evil.example' });
    app.state.logoMode = 'link';
    await app.ask('/epg.xml', { host: 'evil.example' });
    expect(asked.map(([news]) => news)).toEqual([PNG, 'https://tv.public/logo/news.jpg', PNG]);
  });
});
