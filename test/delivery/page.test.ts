// This file tests how the web page and its files are answered.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openPage } from '../../src/delivery/page-files.ts';
import { createInProcessApp, type InProcessApp, loopChannel } from '../support/in-process-app.ts';
import { createTempFolder } from '../support/temp-folder.ts';

const script = new TextEncoder().encode('let a = 1;\n'.repeat(100));
const files = {
  html: '<script src="./console/a-1.js"></script>',
  assets: new Map([['a-1.js', { bytes: script, contentType: 'text/javascript' }]]),
};

let app: InProcessApp;
beforeEach(() => {
  app = createInProcessApp([loopChannel('news')]);
  app.state.page = async () => files;
});
afterEach(() => app[Symbol.dispose]());

describe('pagePlugin()', () => {
  const rows: readonly [string, string, number, string | null][] = [
    ['the page, to be asked for anew', '/', 200, 'no-cache'],
    ['an asset, for ever', '/console/a-1.js', 200, 'public, max-age=31536000, immutable'],
    ['an asset of another version', '/console/a-0.js', 404, 'no-store'],
    ['no page under its empty name', '/console/', 404, 'no-store'],
  ];
  test.each(rows)('answers with %s', async (_, path, status, cache) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await app.ask(path, {}, method);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, cache]);
    }
  });

  test('sends what it has not sent before, packed for who can unpack it', async () => {
    const plain = await app.ask('/console/a-1.js');
    expect(await plain.bytes()).toEqual(script);
    expect(plain.headers.get('vary')).toBe('Accept-Encoding');
    const packed = await app.ask('/console/a-1.js', { 'accept-encoding': 'br, gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(Bun.gunzipSync(await packed.bytes())).toEqual(script);
    const etag = plain.headers.get('etag') as string;
    const again = await app.ask('/console/a-1.js', { 'if-none-match': `W/${etag}` });
    expect([again.status, again.headers.get('etag')]).toEqual([304, etag]);
    const packedTag = packed.headers.get('etag') as string;
    expect(packedTag).not.toBe(etag);
    const asked = { 'accept-encoding': 'gzip', 'if-none-match': packedTag };
    expect((await app.ask('/console/a-1.js', asked)).status).toBe(304);
    const refused = await app.ask('/console/a-1.js', { 'accept-encoding': 'gzip;q=0' });
    expect(refused.headers.get('content-encoding')).toBeNull();
  });

  test('may do what it needs, and is in no frame', async () => {
    const { headers } = await app.ask('/');
    expect(headers.get('content-security-policy')).toStartWith(
      "default-src 'none'; script-src 'self'",
    );
    expect(headers.get('content-security-policy')).toEndWith("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect((await app.ask('/', {}, method)).status).toBe(405);
    }
  });

  test('is made once, and again only where that failed', async () => {
    let calls = 0;
    app.state.page = async () => {
      if (++calls === 1) throw new Error('no disk');
      return files;
    };
    const failed = await app.ask('/');
    expect([failed.status, await failed.text()]).toEqual([
      500,
      'BASE_UNEXPECTED: Cannot answer: a mistake of ours, which the log describes\n',
    ]);
    expect(await (await app.ask('/')).text()).toBe(files.html);
    expect((await app.ask('/console/a-1.js')).status).toBe(200);
    expect(calls).toBe(2);
  });
});

describe('openPage()', () => {
  test('makes the files from source, named from the page', async () => {
    const { html, assets } = await openPage({
      index: join(import.meta.dir, '../../src/console/index.html'),
    });
    const types = [...assets.values()].map(({ contentType }) => contentType.split(';')[0]);
    expect(types.sort()).toEqual(['text/css', 'text/javascript']);
    for (const name of assets.keys()) expect(html).toContain(`="./console/${name}"`);
    expect(html).not.toMatch(/="\/[^"]/);
  });

  test('takes them as they were made with the executable, named from the root', async () => {
    await using folder = await createTempFolder();
    const page = '<link href="/b-2.css"><script src="/a-1.js"></script><a href="/a-1.json">';
    const headers = { etag: '', 'content-type': '' };
    const made = await Promise.all(
      [
        ['a-1.js', 'let a;'],
        ['i-3.html', page],
        ['b-2.css', 'a{}'],
      ].map(async ([name = '', text = '']) => ({
        path: await folder.write(name, text),
        loader: 'js' as const,
        isEntry: true,
        headers,
      })),
    );
    const { html, assets } = await openPage({ index: 'i-3.html', files: made });
    expect(html).toBe(
      '<link href="./console/b-2.css"><script src="./console/a-1.js"></script><a href="/a-1.json">',
    );
    expect([...assets.keys()].sort()).toEqual(['a-1.js', 'b-2.css']);
  });

  test('refuses files that the page does not name, and no page at all', async () => {
    await using folder = await createTempFolder();
    const headers = { etag: '', 'content-type': '' };
    const file = async (name: string) => ({
      path: await folder.write(name, ''),
      loader: 'js' as const,
      isEntry: true,
      headers,
    });
    const files = [await file('i.html'), await file('a.js')];
    await expect(openPage({ index: 'i.html', files })).rejects.toThrow('it does not name a.js');
    await expect(openPage({ index: 'i.html', files: [await file('a.js')] })).rejects.toThrow(
      'it has no HTML',
    );
  });
});
