// This file tests whose idle connections are closed when: with the last who used them.
import { describe, expect, test } from 'bun:test';
import { type ScopedOutbound, scoped } from '../../src/net/scoped-outbound.ts';
import { codeOf, openClient, requestFor, until } from '../support/outbound-request.ts';
import { answerBytes, RawServer } from '../support/raw-server.ts';
import { listenSocks } from '../support/socks-server.ts';

async function get(user: ScopedOutbound, url: string, proxy?: string): Promise<void> {
  const policy = proxy === undefined ? {} : { proxy };
  await (await user(requestFor(url, { policy }))).bytes();
}

describe('a scope of the client', () => {
  test('keeps its connections between requests and closes them with itself', async () => {
    await using server = await RawServer.answering(answerBytes('ok'));
    await using client = openClient();
    {
      using user = scoped(client);
      for (let n = 0; n < 3; n++) await get(user, server.url());
      expect([server.connections, server.open.size]).toEqual([1, 1]);
    }
    expect(await until(() => server.open.size === 0)).toBe(true);
    using next = scoped(client);
    await get(next, server.url());
    expect(server.connections).toBe(2);
  });

  test('leaves them to another that uses them too, and to it alone', async () => {
    await using server = await RawServer.answering(answerBytes('ok'));
    await using client = openClient();
    using stays = scoped(client);
    {
      using goes = scoped(client);
      await get(stays, server.url());
      await get(goes, server.url());
    }
    await get(stays, server.url());
    expect(server.connections).toBe(1);
    stays[Symbol.dispose]();
    expect(await until(() => server.open.size === 0)).toBe(true);
  });

  test('closes those of every origin it was led to', async () => {
    await using last = await RawServer.answering(answerBytes('ok'));
    const moved = answerBytes('moved', [`Location: ${last.url('/there')}`], '302 Found');
    await using first = await RawServer.answering(moved);
    await using client = openClient();
    const user = scoped(client);
    await get(user, first.url());
    expect([first.open.size, last.open.size]).toEqual([1, 1]);
    user[Symbol.dispose]();
    expect(await until(() => first.open.size + last.open.size === 0)).toBe(true);
  });

  test('closes those through a proxy', async () => {
    await using server = await RawServer.answering(answerBytes('ok'));
    await using socks = await listenSocks();
    await using client = openClient();
    const user = scoped(client);
    await get(user, server.url(), `socks5://127.0.0.1:${socks.port}`);
    expect(socks.open.size).toBeGreaterThan(0);
    user[Symbol.dispose]();
    expect(await until(() => server.open.size + socks.open.size === 0)).toBe(true);
  });

  test("lets nobody's request end, then closes what it left", async () => {
    const held = Promise.withResolvers<() => void>();
    await using server = await RawServer.listen((socket, head) => {
      const answer = () => socket.write(answerBytes('ok'));
      if (head.startsWith('GET /slow')) held.resolve(answer);
      else answer();
    });
    await using client = openClient();
    const user = scoped(client);
    const slow = client(requestFor(server.url('/slow'))).then((response) => response.bytes());
    const answer = await held.promise;
    await get(user, server.url());
    user[Symbol.dispose]();
    answer();
    expect(Buffer.from(await slow).toString()).toBe('ok');
    expect(await until(() => server.open.size === 0)).toBe(true);
  });

  test('takes no request once it is closed', async () => {
    await using server = await RawServer.answering(answerBytes('ok'));
    await using client = openClient();
    const user = scoped(client);
    user[Symbol.dispose]();
    expect(await codeOf(get(user, server.url()))).toBe('NET_ABORTED');
    expect(server.connections).toBe(0);
  });

  test("what is nobody's stays for whoever comes", async () => {
    await using server = await RawServer.answering(answerBytes('ok'));
    await using client = openClient();
    for (let n = 0; n < 2; n++) await (await client(requestFor(server.url()))).bytes();
    expect([server.connections, server.open.size]).toEqual([1, 1]);
  });
});
