// This file checks that upstreams are reached through HTTP, HTTPS and SOCKS5 proxies, and only so.
import { beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import type { OutboundOptions } from '../../src/net/outbound-client.ts';
import { type CertificateKinds, createCertificates } from '../support/certificates.ts';
import { listenEndless, restOf } from '../support/endless-server.ts';
import { listenHttpProxy } from '../support/http-proxy.ts';
import { codeOf, openClient, requestFor, textOf, until } from '../support/outbound-request.ts';
import { answerBytes, headerOf, RawServer } from '../support/raw-server.ts';
import { listenSocks } from '../support/socks-server.ts';
import { createTempFolder } from '../support/temp-folder.ts';

let kinds: CertificateKinds;

beforeAll(async () => {
  kinds = await createCertificates();
});

const HOSTS = { 'a.test': '127.0.0.1', 'b.test': '127.0.0.1' };

/** Our own DNS knows nothing: only the proxy does. */
function open(options: Partial<OutboundOptions> = {}) {
  return openClient({ trustedCa: kinds.ca, resolve: async () => [], ...options });
}

async function listenBoth() {
  const plain = await RawServer.listen((socket, head) => {
    socket.write(answerBytes(`plain ${head.split(' ')[1]}`));
  });
  const secure = await RawServer.listen(
    (socket, head) => socket.write(answerBytes(`secure ${head.split(' ')[1]}`)),
    { tls: kinds.good },
  );
  return {
    plain,
    secure,
    plainUrl: `http://a.test:${plain.port}/x?y`,
    secureUrl: `https://a.test:${secure.port}/x?y`,
    [Symbol.asyncDispose]: async () => {
      await plain[Symbol.asyncDispose]();
      await secure[Symbol.asyncDispose]();
    },
  };
}

describe('an HTTP proxy', () => {
  test.each(['http', 'https'] as const)('spoken to by %s serves both schemes', async (scheme) => {
    await using to = await listenBoth();
    const tls = scheme === 'https' ? { tls: kinds.address } : {};
    await using server = await listenHttpProxy({ hosts: HOSTS, ...tls });
    await using client = open();
    const policy = { proxy: `${scheme}://127.0.0.1:${server.port}` };
    expect(await textOf(client, to.plainUrl, { policy })).toBe('plain /x?y');
    expect(await textOf(client, to.secureUrl, { policy })).toBe('secure /x?y');
    expect(server.requests.map((head) => head.split(' ').slice(0, 2))).toEqual([
      ['GET', to.plainUrl],
      ['CONNECT', `a.test:${to.secure.port}`],
    ]);
    expect(to.secure.serverNames).toEqual(['a.test']);
    expect(headerOf(to.plain.requests[0]!, 'host')).toBe(`a.test:${to.plain.port}`);
  });

  test('gets its own credentials, and the upstream never sees them', async () => {
    await using to = await listenBoth();
    const authorization = `Basic ${Buffer.from('u@x:p:q').toString('base64')}`;
    await using server = await listenHttpProxy({ hosts: HOSTS, authorization });
    await using client = open();
    const policy = { proxy: `http://u%40x:p%3Aq@127.0.0.1:${server.port}` };
    expect(await textOf(client, to.plainUrl, { policy })).toBe('plain /x?y');
    expect(await textOf(client, to.secureUrl, { policy })).toBe('secure /x?y');
    for (const head of [...to.plain.requests, ...to.secure.requests]) {
      expect(head.toLowerCase()).not.toContain('proxy-authorization');
    }
  });

  test('does not weaken the check of certificates behind it', async () => {
    await using to = await listenBoth();
    await using server = await listenHttpProxy({ hosts: HOSTS });
    await using client = open();
    const policy = { proxy: server.url() };
    const url = `https://b.test:${to.secure.port}/`;
    expect(await codeOf(client(requestFor(url, { policy })))).toBe('NET_TLS');
  });

  test('spoken to by https is checked itself', async () => {
    await using to = await listenBoth();
    await using server = await listenHttpProxy({ hosts: HOSTS, tls: kinds.selfSigned });
    await using client = open();
    const policy = { proxy: `https://127.0.0.1:${server.port}` };
    for (const url of [to.plainUrl, to.secureUrl]) {
      expect(await codeOf(client(requestFor(url, { policy })))).toBe('NET_PROXY');
    }
    expect(server.requests).toEqual([]);
  });

  test.each(['407 Proxy Authentication Required', '403 Forbidden', '502 Bad Gateway'])(
    'that answers CONNECT with %s is at fault',
    async (status) => {
      await using server = await listenHttpProxy({ status });
      await using client = open();
      const policy = { proxy: `http://u:SECRET@127.0.0.1:${server.port}` };
      const failure = await client(requestFor('https://a.test/', { policy })).catch((e) => e);
      expect(failure.code).toBe('NET_PROXY');
      expect(failure.message).toEndWith(`(it answered ${status.slice(0, 3)})`);
      expect(JSON.stringify([failure.message, failure.detail])).not.toContain('SECRET');
    },
  );

  test('that wants other credentials is at fault, for plain http too', async () => {
    await using server = await listenHttpProxy({ authorization: 'Basic eDp5' });
    await using client = open();
    const policy = { proxy: server.url() };
    expect(await codeOf(client(requestFor('http://a.test/', { policy })))).toBe('NET_PROXY');
  });

  test('that is not there, or no proxy at all, is at fault', async () => {
    await using client = open();
    for (const proxy of ['http://127.0.0.1:1', 'socks5://127.0.0.1:1', 'ftp://127.0.0.1:1', 'x']) {
      const resolve = async () => ['127.0.0.1'];
      await using named = open({ resolve });
      const request = requestFor('http://a.test/', { policy: { proxy } });
      expect(await codeOf(named(request))).toBe('NET_PROXY');
    }
    expect(client.stats().open).toBe(0);
  });

  test('that says nothing is waited for as long as connecting and answering may take', async () => {
    await using server = await RawServer.listen(() => {});
    await using client = open();
    const limits = { connectMs: 200, firstByteMs: 200 };
    const policy = { proxy: server.url() };
    const request = requestFor('https://a.test/', { policy, limits });
    expect(await codeOf(client(request))).toBe('NET_TIMEOUT_FIRST_BYTE');
    expect(await until(() => server.open.size === 0)).toBe(true);
  });

  test('is not told names that are private here', async () => {
    await using server = await listenHttpProxy();
    await using client = open({ allowPrivate: [], resolve: async () => ['10.0.0.1'] });
    const request = requestFor('http://a.test/', { policy: { proxy: server.url() } });
    expect(await codeOf(client(request))).toBe('NET_ADDRESS_BLOCKED');
    expect(server.connections).toBe(0);
  });

  test('is used whatever NO_PROXY of the environment says', async () => {
    await using to = await listenBoth();
    await using server = await listenHttpProxy({ hosts: HOSTS });
    const before = process.env['NO_PROXY'];
    process.env['NO_PROXY'] = '*';
    try {
      await using client = open();
      await textOf(client, to.plainUrl, { policy: { proxy: server.url() } });
    } finally {
      if (before === undefined) delete process.env['NO_PROXY'];
      else process.env['NO_PROXY'] = before;
    }
    expect(server.connections).toBe(1);
  });
});

describe('a SOCKS5 proxy', () => {
  test('is given addresses that were resolved and checked here', async () => {
    await using to = await listenBoth();
    await using server = await listenSocks();
    await using client = open({ resolve: async () => ['::1', '127.0.0.1'] });
    const policy = { proxy: `socks5://127.0.0.1:${server.port}` };
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await textOf(client, to.plainUrl, { policy })).toBe('plain /x?y');
      expect(await textOf(client, to.secureUrl, { policy })).toBe('secure /x?y');
    }
    expect(server.targets).toEqual([`127.0.0.1:${to.plain.port}`, `127.0.0.1:${to.secure.port}`]);
    expect(to.secure.serverNames).toEqual(['a.test']);
    expect(headerOf(to.plain.requests[2]!, 'host')).toBe(`a.test:${to.plain.port}`);
    expect([to.plain.connections, to.secure.connections]).toEqual([1, 1]);
  });

  test('is given names where the h says so', async () => {
    await using to = await listenBoth();
    await using server = await listenSocks({ hosts: HOSTS });
    await using client = open();
    const policy = { proxy: `socks5h://127.0.0.1:${server.port}` };
    expect(await textOf(client, to.plainUrl, { policy })).toBe('plain /x?y');
    expect(await textOf(client, to.secureUrl, { policy })).toBe('secure /x?y');
    expect(server.targets).toEqual([`a.test:${to.plain.port}`, `a.test:${to.secure.port}`]);
  });

  test('gets its credentials, and the upstream no trace of the bridge', async () => {
    await using to = await listenBoth();
    await using server = await listenSocks({ username: 'u@x', password: 'p:q', hosts: HOSTS });
    await using client = open();
    const policy = { proxy: `socks5h://u%40x:p%3Aq@127.0.0.1:${server.port}` };
    expect(await textOf(client, to.plainUrl, { policy })).toBe('plain /x?y');
    expect(to.plain.requests[0]).toStartWith('GET /x?y HTTP/1.1\r\n');
    expect(to.plain.requests[0]!.toLowerCase()).not.toContain('proxy');
    const wrong = { proxy: `socks5h://u:SECRET@127.0.0.1:${server.port}` };
    const failure = await client(requestFor(to.plainUrl, { policy: wrong })).catch((e) => e);
    expect(failure.code).toBe('NET_PROXY');
    expect(JSON.stringify([failure.message, failure.detail])).not.toContain('SECRET');
  });

  test.each(['http', 'https'])('that refuses %s is at fault', async (scheme) => {
    await using server = await listenSocks({ reply: 5 });
    await using client = open();
    const policy = { proxy: `socks5h://127.0.0.1:${server.port}` };
    expect(await codeOf(client(requestFor(`${scheme}://a.test/`, { policy })))).toBe('NET_PROXY');
  });

  test('is not given forbidden addresses', async () => {
    await using server = await listenSocks();
    await using client = open({ allowPrivate: [], resolve: async () => ['127.0.0.1'] });
    for (const scheme of ['socks5', 'socks5h']) {
      const policy = { proxy: `${scheme}://127.0.0.1:${server.port}` };
      for (const url of ['http://a.test/', 'http://127.0.0.1/', 'https://[::1]/']) {
        expect(await codeOf(client(requestFor(url, { policy })))).toBe('NET_ADDRESS_BLOCKED');
      }
    }
    expect(server.targets).toEqual([]);
  });

  test('that hangs is left by the deadline, and its connection closed', async () => {
    await using server = await listenSocks({ isSilent: true });
    await using client = open();
    const policy = { proxy: `socks5h://127.0.0.1:${server.port}` };
    const limits = { connectMs: 200, firstByteMs: 200 };
    const request = requestFor('http://a.test/', { policy, limits });
    expect(await codeOf(client(request))).toBe('NET_TIMEOUT_FIRST_BYTE');
    expect(await until(() => server.open.size === 0)).toBe(true);
  });

  test('whose upstream hangs up is not at fault', async () => {
    await using upstream = await RawServer.listen((socket) => socket.destroy());
    await using server = await listenSocks({ hosts: HOSTS });
    await using client = open();
    const policy = { proxy: `socks5h://127.0.0.1:${server.port}` };
    const url = `http://a.test:${upstream.port}/`;
    expect(await codeOf(client(requestFor(url, { policy })))).toBe('NET_CONNECT');
  });

  test.each(['http', 'https'])('carries large bodies of %s whole, and cancels', async (scheme) => {
    const body = crypto.getRandomValues(new Uint8Array(60_000));
    const whole = Buffer.concat([...Array(100)].map(() => body));
    const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${whole.length}\r\n\r\n`);
    const tls = scheme === 'https' ? { tls: kinds.good } : {};
    await using upstream = await RawServer.answering(Buffer.concat([head, whole]), tls);
    await using server = await listenSocks({ hosts: HOSTS });
    await using client = open();
    const policy = { proxy: `socks5h://127.0.0.1:${server.port}` };
    const limits = { maxBytes: 2 ** 30 };
    const request = requestFor(`${scheme}://a.test:${upstream.port}/`, { policy, limits });
    expect(Buffer.compare(await (await client(request)).bytes(), whole)).toBe(0);
    const response = await client(request);
    for await (const _piece of response.body) break;
    expect(await until(() => upstream.open.size === 0 && server.open.size === 0)).toBe(true);
  });

  test.each(['http', 'https'])('shows a body of %s that was cut short', async (scheme) => {
    const tls = scheme === 'https' ? { tls: kinds.good } : {};
    await using upstream = await RawServer.listen((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    }, tls);
    await using server = await listenSocks({ hosts: HOSTS });
    await using client = open();
    const policy = { proxy: `socks5h://127.0.0.1:${server.port}` };
    const url = `${scheme}://a.test:${upstream.port}/`;
    expect(await codeOf(textOf(client, url, { policy }))).toBe('NET_TRUNCATED');
  });
});

describe('the sockets of tunnels', () => {
  /** Runs `work` while `folder` is the folder for temporary files. */
  async function withTemporary(folder: string, work: () => Promise<void>): Promise<void> {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    try {
      await work();
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  }

  test('go with the client', async () => {
    await using to = await listenBoth();
    await using server = await listenSocks({ hosts: HOSTS });
    await using folder = await createTempFolder();
    const policy = { proxy: `socks5h://127.0.0.1:${server.port}` };
    await withTemporary(folder.path, async () => {
      await using client = open();
      expect(await textOf(client, to.plainUrl, { policy })).toBe('plain /x?y');
      expect(readdirSync(folder.path).length).toBe(1);
    });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('that cannot be made are an error that says so, and are tried again', async () => {
    await using to = await listenBoth();
    await using server = await listenSocks({ hosts: HOSTS });
    await using folder = await createTempFolder();
    await using client = open();
    const policy = { proxy: `socks5h://127.0.0.1:${server.port}` };
    await withTemporary(`${folder.path}/missing`, async () => {
      const failure = await textOf(client, to.plainUrl, { policy }).catch((error) => error);
      expect([failure.code, failure.message]).toEqual([
        'NET_PROXY',
        expect.stringContaining('ENOENT'),
      ]);
    });
    await withTemporary(folder.path, async () => {
      expect(await textOf(client, to.plainUrl, { policy })).toBe('plain /x?y');
    });
  });
});

describe('back-pressure', () => {
  const WAYS = ['http', 'https', 'socks5h'].flatMap((proxy) =>
    ['http', 'https'].map((scheme) => [scheme, proxy] as const),
  );
  test.each(WAYS)('holds %s through %s back while nobody reads', async (scheme, kind) => {
    const tls = scheme === 'https' ? { tls: kinds.good } : {};
    const proxyTls = kind === 'https' ? { tls: kinds.address } : {};
    await using upstream = await listenEndless('length', tls);
    await using server =
      kind === 'socks5h'
        ? await listenSocks({ hosts: HOSTS })
        : await listenHttpProxy({ hosts: HOSTS, ...proxyTls });
    await using client = open();
    const policy = { proxy: `${kind}://127.0.0.1:${server.port}` };
    const limits = { maxBytes: 2 ** 32 };
    const url = `${scheme}://a.test:${upstream.port}/`;
    const response = await client(requestFor(url, { policy, limits }));
    await response.body[Symbol.asyncIterator]().next();
    // Up to four pairs of sockets hold some megabytes each.
    expect(await restOf(upstream.counter)).toBeLessThan(96 * 1_048_576);
    response.cancel();
    expect(await until(() => upstream.open.size === 0)).toBe(true);
  });
});
