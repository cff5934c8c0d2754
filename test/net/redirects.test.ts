// This file checks how the client follows redirects, and what it takes along.
import { describe, expect, test } from 'bun:test';
import { createCertificates } from '../support/certificates.ts';
import {
  codeOf,
  openClient,
  type RequestParts,
  requestFor,
  textOf,
} from '../support/outbound-request.ts';
import { answerBytes, headerOf, RawServer } from '../support/raw-server.ts';

/** Answers `/to/<location>` with a redirect there, and everything else with its path. */
function listen(options?: Parameters<typeof RawServer.listen>[1]): Promise<RawServer> {
  return RawServer.listen((socket, head) => {
    const path = head.split(' ')[1]!;
    const location = path.startsWith('/to/') ? decodeURIComponent(path.slice(4)) : undefined;
    if (location === undefined) socket.write(answerBytes(path));
    else socket.write(answerBytes('moved', [`Location: ${location}`], '302 Found'));
  }, options);
}

function to(location: string): string {
  return `/to/${encodeURIComponent(location)}`;
}

const resolve = async () => ['127.0.0.1'];

describe('redirects', () => {
  test('give the final URL and keep the connection', async () => {
    await using server = await listen();
    await using client = openClient();
    const response = await client(requestFor(server.url(to('/a/b?c#d'))));
    expect(response.url).toBe(server.url('/a/b?c'));
    expect(Buffer.from(await response.bytes()).toString()).toBe('/a/b?c');
    expect(server.connections).toBe(1);
    expect(client.stats()).toMatchObject({ requests: { OK: 1 }, open: 0 });
  });

  test('end after five hops', async () => {
    await using server = await listen();
    await using client = openClient();
    let path = '/end';
    for (let hop = 1; hop <= 5; hop += 1) path = to(path);
    expect(await textOf(client, server.url(path))).toBe('/end');
    expect(await codeOf(client(requestFor(server.url(to(path)))))).toBe('NET_REDIRECT');
    expect(server.requests.length).toBe(6 + 6);
  });

  test('end at the first repetition', async () => {
    await using server = await RawServer.listen((socket, head) => {
      const next = head.startsWith('GET /a ') ? '/b' : '/a';
      socket.write(answerBytes('', [`Location: ${next}`], '301 Moved'));
    });
    await using client = openClient();
    expect(await codeOf(client(requestFor(server.url('/a'))))).toBe('NET_REDIRECT');
    expect(server.requests.length).toBe(2);
  });

  test.each(['', 'Location:', 'Location: file:///etc/passwd', 'Location: http://'])(
    'lead nowhere with %p',
    async (location) => {
      const lines = location === '' ? [] : [location];
      await using server = await RawServer.answering(answerBytes('', lines, '302 Found'));
      await using client = openClient();
      expect(await codeOf(client(requestFor(server.url())))).toMatch(/^NET_(REDIRECT|URL)$/);
      expect(client.stats().open).toBe(0);
    },
  );

  test.each([300, 304, 305, 306])('status %p is an answer', async (status) => {
    await using server = await RawServer.answering(
      answerBytes('', ['Location: /x'], `${status} Other`),
    );
    await using client = openClient();
    const response = await client(requestFor(server.url()));
    response.cancel();
    expect(response.status).toBe(status);
  });

  test('do not wait for a body that is long or does not come', async () => {
    await using server = await RawServer.listen((socket, head) => {
      if (head.startsWith('GET /end ')) socket.write(answerBytes('end'));
      else if (head.startsWith('GET /slow ')) {
        socket.write('HTTP/1.1 302 F\r\nLocation: /end\r\nContent-Length: 9\r\n\r\n');
      } else socket.write('HTTP/1.1 302 F\r\nLocation: /slow\r\nContent-Length: 99999999\r\n\r\nx');
    });
    await using client = openClient();
    expect(await textOf(client, server.url('/big'))).toBe('end');
    expect(server.connections).toBe(3);
  });

  test('take credentials to their own origin only, and never back', async () => {
    await using a = await listen();
    await using b = await listen();
    await using client = openClient({ resolve });
    const headers = {
      cookie: 'sid=1',
      authorization: 'Bearer x',
      'x-token': 't',
      'user-agent': 'U',
    };
    const last = `http://a.test:${a.port}/last`;
    const middle = `http://b.test:${b.port}${to(last)}`;
    await textOf(client, `http://a.test:${a.port}${to(middle)}`, { policy: { headers } });
    const seen = [a.requests[0]!, b.requests[0]!, a.requests[1]!].map((head) =>
      Object.keys(headers).map((name) => headerOf(head, name)),
    );
    expect(seen).toEqual([
      ['sid=1', 'Bearer x', 't', 'U'],
      [undefined, undefined, undefined, 'U'],
      ['sid=1', 'Bearer x', 't', 'U'],
    ]);
  });

  test('are judged by the origin the credentials are for, not by where a playlist points', async () => {
    await using server = await listen();
    await using client = openClient({ resolve });
    const policy = { headers: { cookie: 'sid=1' }, credentialOrigin: 'http://a.test' };
    await textOf(client, server.url('/segment.ts', 'cdn.test'), { policy });
    expect(headerOf(server.requests[0]!, 'cookie')).toBeUndefined();
  });

  test('keep userinfo within its origin, in the final URL too', async () => {
    await using a = await listen();
    await using b = await listen();
    await using client = openClient({ resolve });
    const url = (path: string) => `http://u:p@a.test:${a.port}${path}`;
    const same = await client(requestFor(url(to(`http://a.test:${a.port}/x`))));
    same.cancel();
    expect(same.url).toBe(url('/x'));
    const other = await client(requestFor(url(to(`http://b.test:${b.port}/x`))));
    other.cancel();
    expect(other.url).toBe(`http://b.test:${b.port}/x`);
    expect(a.requests.map((head) => headerOf(head, 'authorization'))).toEqual(
      Array(3).fill('Basic dTpw'),
    );
    expect(headerOf(b.requests[0]!, 'authorization')).toBeUndefined();
  });

  test('carry no cookie that an answer set', async () => {
    await using server = await RawServer.listen((socket, head) => {
      const cookie = 'Set-Cookie: sid=1; Path=/';
      if (head.startsWith('GET /end ')) socket.write(answerBytes('end', [cookie]));
      else socket.write(answerBytes('', ['Location: /end', cookie], '302 Found'));
    });
    await using client = openClient();
    for (let tries = 0; tries < 3; tries += 1) await textOf(client, server.url());
    expect(server.requests.map((head) => headerOf(head, 'cookie'))).toEqual(
      Array(6).fill(undefined),
    );
  });

  test('go from https to http only where the source allows it by name', async () => {
    const { ca, good } = await createCertificates();
    await using plain = await listen();
    await using secure = await listen({ tls: good });
    await using client = openClient({ resolve, trustedCa: ca });
    const url = `https://a.test:${secure.port}${to(`http://b.test:${plain.port}/x`)}`;
    expect(await codeOf(client(requestFor(url)))).toBe('NET_REDIRECT');
    expect(plain.connections).toBe(0);
    const parts: RequestParts = {
      policy: { allowDowngrade: true, headers: { referer: 'https://page.test/' } },
    };
    expect(await textOf(client, url, parts)).toBe('/x');
    expect(headerOf(secure.requests[1]!, 'referer')).toBe('https://page.test/');
    expect(headerOf(plain.requests[0]!, 'referer')).toBeUndefined();
  });
});
