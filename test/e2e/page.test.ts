// This file opens the web page in a browser, at its own address and under a prefix of a reverse proxy.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Chromium, chromiumPath } from '../support/browser.ts';
import { Weir } from '../support/weir.ts';

let weir: Weir;
let proxy: Bun.Server<undefined>;
beforeAll(async () => {
  weir = await Weir.start();
  // As nginx does with `location /tv/ { proxy_pass http://127.0.0.1:8080/; }`
  proxy = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      if (!pathname.startsWith('/tv/')) return new Response('not weir', { status: 404 });
      const answer = await fetch(weir.url(pathname.slice('/tv'.length) + search));
      return new Response(answer.body, {
        status: answer.status,
        headers: { 'content-type': answer.headers.get('content-type') ?? '' },
      });
    },
  });
}, 30_000);
afterAll(async () => {
  await proxy?.stop(true);
  await weir?.[Symbol.asyncDispose]();
});

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(weir.url(path), { headers });

const assetsOf = (html: string) =>
  [...html.matchAll(/<(?:script|link rel="stylesheet")[^>]* (?:src|href)="([^"]*)"/g)].map(
    (match) => match[1] as string,
  );

describe('the page', () => {
  test('names its files from where it is, and they may be kept for ever', async () => {
    const answer = await ask('/');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('content-type')).toStartWith('text/html');
    const assets = assetsOf(await answer.text());
    expect(assets.length).toBe(2);
    for (const path of assets) {
      expect(path).toStartWith('./');
      const asset = await ask(`/${path}`);
      const type = path.endsWith('.css') ? 'text/css' : 'text/javascript';
      expect(asset.status).toBe(200);
      expect(asset.headers.get('content-type')).toStartWith(type);
      expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      const etag = asset.headers.get('etag') as string;
      expect((await ask(`/${path}`, { 'if-none-match': etag })).status).toBe(304);
    }
  });

  const browser = chromiumPath();
  const addresses: readonly [string, () => string][] = [
    ['at its own address', () => weir.url('/')],
    ['under a prefix', () => `http://127.0.0.1:${proxy.port}/tv/`],
  ];
  test.skipIf(browser === undefined).each(addresses)(
    '%s lists the channels and plays the only one',
    async (_, address) => {
      await using chromium = await Chromium.start(browser as string);
      const page = await chromium.browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('requestfailed', (request) => {
        // The player gives up a segment where it decides for another
        if (!request.url().endsWith('.ts')) errors.push(request.url());
      });
      await page.goto(address());
      await page.getByText('Playing', { exact: true }).waitFor({ timeout: 15_000 });
      const shown = await page.evaluate(() => {
        const text = (id: string) => document.getElementById(id)?.textContent;
        const ground = getComputedStyle(document.body).backgroundColor;
        return {
          playing: text('playing'),
          address: text('address'),
          list: text('line-up'),
          ground,
        };
      });
      expect(shown).toEqual({
        playing: 'weir demo',
        address: `${address()}live/demo/index.m3u8`,
        list: `${address()}playlist.m3u`,
        ground: 'rgb(11, 20, 24)',
      });
      expect(errors).toEqual([]);
    },
    60_000,
  );
});
