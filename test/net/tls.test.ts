// This file checks that the certificate decides whom we talk to, by name, on a dialled address.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { OutboundClient, OutboundOptions } from '../../src/net/outbound-client.ts';
import {
  type CertificateKinds,
  createCertificates,
  type KeyPair,
} from '../support/certificates.ts';
import {
  codeOf,
  openClient,
  type RequestParts,
  requestFor,
  textOf,
} from '../support/outbound-request.ts';
import { answerBytes, headerOf, RawServer } from '../support/raw-server.ts';

let kinds: CertificateKinds;

beforeAll(async () => {
  kinds = await createCertificates();
});

function open(options: Partial<OutboundOptions> = {}): OutboundClient {
  return openClient({ trustedCa: kinds.ca, resolve: async () => ['127.0.0.1'], ...options });
}

async function serve(pair: KeyPair): Promise<RawServer> {
  return RawServer.answering(answerBytes('secret'), { tls: pair });
}

async function outcomeOf(server: RawServer, host: string, parts?: RequestParts): Promise<string> {
  await using client = open();
  const url = `https://${host}:${server.port}/`;
  return await textOf(client, url, parts).catch((error) => error.code);
}

describe('TLS', () => {
  test('sends the name as SNI and Host, and checks the certificate for it', async () => {
    await using server = await serve(kinds.good);
    expect(await outcomeOf(server, 'a.test')).toBe('secret');
    expect(server.serverNames).toEqual(['a.test']);
    expect(headerOf(server.requests[0]!, 'host')).toBe(`a.test:${server.port}`);
  });

  test('takes the dot off the end of a name', async () => {
    await using server = await serve(kinds.good);
    expect(await outcomeOf(server, 'a.test.')).toBe('secret');
    expect(server.serverNames).toEqual(['a.test']);
  });

  test('checks an address by itself', async () => {
    await using server = await serve(kinds.address);
    expect(await outcomeOf(server, '127.0.0.1')).toBe('secret');
    expect(await outcomeOf(server, 'a.test')).toBe('NET_TLS');
  });

  const BAD = ['other', 'expired', 'selfSigned'] as const;
  test.each(BAD)('refuses the certificate %s', async (kind) => {
    await using server = await serve(kinds[kind]);
    expect(await outcomeOf(server, 'a.test')).toBe('NET_TLS');
    expect(server.requests).toEqual([]);
  });

  test('refuses an authority it does not know', async () => {
    await using server = await serve(kinds.good);
    // Without `trustedCa` the system's roots count.
    await using client = openClient({ resolve: async () => ['127.0.0.1'] });
    expect(await codeOf(client(requestFor(`https://a.test:${server.port}/`)))).toBe('NET_TLS');
    expect(server.requests).toEqual([]);
  });

  test.each(BAD)('takes %s where the operator opted out, and counts it', async (kind) => {
    await using server = await serve(kinds[kind]);
    await using client = open();
    const url = `https://a.test:${server.port}/`;
    expect(await textOf(client, url, { policy: { verifyTls: false } })).toBe('secret');
    expect(client.stats().unverifiedTls).toBe(1);
    // A connection made without the check must not serve one with it.
    expect(await codeOf(client(requestFor(url)))).toBe('NET_TLS');
    expect(client.stats().unverifiedTls).toBe(1);
  });

  test('does not mistake another protocol for TLS', async () => {
    await using talker = await listenTalking('220 smtp.test ESMTP\r\n');
    await using client = open();
    expect(await codeOf(client(requestFor(`https://a.test:${talker.port}/`)))).toBe('NET_TLS');
  });

  test('a handshake that hangs ends with the connect deadline', async () => {
    await using silent = await listenTalking('');
    await using client = open();
    const limits = { connectMs: 700, firstByteMs: 5_000 };
    const request = requestFor(`https://a.test:${silent.port}/`, { limits });
    expect(await codeOf(client(request))).toBe('NET_TIMEOUT_CONNECT');
  });

  test('an answer that hangs after the handshake is not taken for one', async () => {
    await using server = await RawServer.listen(() => {}, { tls: kinds.good });
    await using client = open();
    const limits = { connectMs: 3_000, firstByteMs: 600 };
    const request = requestFor(`https://a.test:${server.port}/`, { limits });
    expect(await codeOf(client(request))).toBe('NET_TIMEOUT_FIRST_BYTE');
  });
});

/** Says its line at once and nothing more. */
async function listenTalking(line: string): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (line !== '') socket.write(line);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe('two names on one address', () => {
  let server: RawServer;
  let client: OutboundClient;

  beforeAll(async () => {
    const byName = {
      'a.test': createSecureContext(kinds.good),
      'b.test': createSecureContext(kinds.other),
    };
    server = await RawServer.listen(
      (socket, head) => {
        const nth = [...server.open].indexOf(socket);
        socket.write(answerBytes(`${headerOf(head, 'host')?.split(':')[0]} on ${nth}`));
      },
      {
        tls: {
          ...kinds.good,
          SNICallback: (name, done) => done(null, byName[name as keyof typeof byName]),
        },
      },
    );
    client = open();
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test('never share a connection', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await textOf(client, `https://a.test:${server.port}/`)).toBe('a.test on 0');
      expect(await textOf(client, `https://b.test:${server.port}/`)).toBe('b.test on 1');
    }
    expect(server.serverNames).toEqual(['a.test', 'b.test']);
  });

  test('are both checked: a third one gets nothing', async () => {
    const before = server.requests.length;
    expect(await codeOf(client(requestFor(`https://c.test:${server.port}/`)))).toBe('NET_TLS');
    expect(server.requests.length).toBe(before);
  });
});
