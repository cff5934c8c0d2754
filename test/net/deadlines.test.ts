// This file checks that every wait ends, and that the error says which one it was.
import { describe, expect, test } from 'bun:test';
import { getEventListeners } from 'node:events';
import { createServer } from 'node:net';
import { FakeClock } from '../support/fake-clock.ts';
import {
  codeOf,
  openClient,
  type RequestParts,
  requestFor,
  textOf,
  until,
} from '../support/outbound-request.ts';
import { answerBytes, type RawHandler, RawServer } from '../support/raw-server.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';

const silent: RawHandler = () => {};
const stalled: RawHandler = (socket) => socket.write(`${HEAD}abc`);
const headOnly: RawHandler = (socket) => socket.write(HEAD);
const halfHead: RawHandler = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-');
const dripping: RawHandler = (socket) => {
  socket.write(HEAD);
  const timer = setInterval(() => socket.write('x'), 20);
  socket.on('close', () => clearInterval(timer));
};
const drippingHead: RawHandler = (socket) => {
  socket.write('HTTP/1.1 200 OK\r\nX: ');
  const timer = setInterval(() => socket.write('x'), 20);
  socket.on('close', () => clearInterval(timer));
};

describe('deadlines', () => {
  const LIMITS = { connectMs: 5_000, firstByteMs: 5_000, betweenBytesMs: 5_000, totalMs: 5_000 };
  const ROWS: readonly (readonly [
    name: string,
    handler: RawHandler,
    limit: object,
    code: string,
  ])[] = [
    ['no answer', silent, { firstByteMs: 300 }, 'NET_TIMEOUT_FIRST_BYTE'],
    ['half a head', halfHead, { firstByteMs: 300 }, 'NET_TIMEOUT_FIRST_BYTE'],
    ['a head that never ends', drippingHead, { firstByteMs: 300 }, 'NET_TIMEOUT_FIRST_BYTE'],
    ['a head without its body', headOnly, { betweenBytesMs: 300 }, 'NET_TIMEOUT_BETWEEN_BYTES'],
    ['a body that stalls', stalled, { betweenBytesMs: 300 }, 'NET_TIMEOUT_BETWEEN_BYTES'],
    ['a body that drips', dripping, { betweenBytesMs: 300, totalMs: 600 }, 'NET_TIMEOUT_TOTAL'],
    ['a total below all others', silent, { totalMs: 300 }, 'NET_TIMEOUT_TOTAL'],
  ];
  test.each([...ROWS])('%s', async (_name, handler, limit, code) => {
    await using server = await RawServer.listen(handler);
    await using client = openClient();
    const url = server.url('/SECRET?SECRET');
    const failure = await textOf(client, url, { limits: { ...LIMITS, ...limit } }).catch((e) => e);
    expect(failure.code).toBe(code);
    expect(failure.message).toStartWith(`Cannot fetch from http://127.0.0.1:${server.port}: `);
    expect(JSON.stringify([failure.message, failure.detail, failure.stack])).not.toContain(
      'SECRET',
    );
    // F14: the upstream sees the connection go within a second.
    expect(await until(() => server.open.size === 0)).toBe(true);
    expect(client.stats()).toMatchObject({ open: 0, requests: { [code]: 1 } });
  });

  test('a slow answer within its limits is waited for', async () => {
    await using server = await RawServer.listen((socket) => {
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab'), 500);
      setTimeout(() => socket.write('cd'), 800);
    });
    await using client = openClient();
    expect(await textOf(client, server.url())).toBe('abcd');
  });

  test('connecting and answering have a limit each, though the second comes late', async () => {
    await using server = await RawServer.listen((socket) => {
      setTimeout(() => socket.write(answerBytes('late')), 1_300);
    });
    await using client = openClient();
    const limits = { connectMs: 1_000, firstByteMs: 3_000 };
    expect(await textOf(client, server.url(), { limits })).toBe('late');
  });

  test('the total deadline runs while nobody reads, and is told to who reads next', async () => {
    await using server = await RawServer.listen(stalled);
    const clock = new FakeClock();
    await using client = openClient({ clock });
    const response = await client(requestFor(server.url(), { limits: { totalMs: 60_000 } }));
    await clock.advance(59_999);
    expect(client.stats().open).toBe(1);
    await clock.advance(2);
    expect(client.stats().requests).toEqual({ NET_TIMEOUT_TOTAL: 1 });
    expect(await codeOf(response.bytes())).toBe('NET_TIMEOUT_TOTAL');
    expect(await until(() => server.open.size === 0)).toBe(true);
  });

  test('the time between bytes counts only while somebody waits for them', async () => {
    await using server = await RawServer.listen((socket) => socket.write(`${HEAD}abc`));
    const clock = new FakeClock();
    await using client = openClient({ clock });
    const limits = { betweenBytesMs: 1_000, totalMs: Number.POSITIVE_INFINITY };
    const response = await client(requestFor(server.url(), { limits }));
    await clock.advance(86_400_000);
    const body = response.body[Symbol.asyncIterator]();
    expect((await body.next()).value?.byteLength).toBe(3);
    await clock.advance(86_400_000);
    for (const socket of server.open) socket.write('x'.repeat(97));
    expect((await body.next()).value?.byteLength).toBe(97);
    expect((await body.next()).done).toBe(true);
  });

  test('an endless answer has no total where it is Infinity', async () => {
    await using server = await RawServer.listen(stalled);
    const clock = new FakeClock();
    await using client = openClient({ clock });
    const limits = { totalMs: Number.POSITIVE_INFINITY };
    const response = await client(requestFor(server.url(), { limits }));
    await clock.advance(10 * 86_400_000);
    expect(client.stats().open).toBe(1);
    response.cancel();
  });

  test('no timer is left behind', async () => {
    await using server = await RawServer.listen((socket) => socket.write(answerBytes('ok')));
    const clock = new FakeClock();
    await using client = openClient({ clock, resolve: async () => ['127.0.0.1'] });
    for (let nth = 0; nth < 20; nth += 1) await textOf(client, server.url('/', 'a.test'));
    expect(clock.pendingCount).toBe(0);
  });

  test('a DNS that hangs costs two seconds', async () => {
    const clock = new FakeClock();
    await using client = openClient({ clock, resolve: () => new Promise(() => {}) });
    const failure = codeOf(client(requestFor('http://a.test/', { limits: LIMITS })));
    await clock.advance(2_000);
    expect(await failure).toBe('NET_DNS');
  });

  test('a DNS slower than the connect deadline is a connection that did not come about', async () => {
    const clock = new FakeClock();
    await using client = openClient({ clock, resolve: () => new Promise(() => {}) });
    const limits = { ...LIMITS, connectMs: 500 };
    const failure = codeOf(client(requestFor('http://a.test/', { limits })));
    await clock.advance(500);
    expect(await failure).toBe('NET_TIMEOUT_CONNECT');
  });
});

describe('the caller’s signal', () => {
  const MOMENTS: readonly (readonly [name: string, handler: RawHandler])[] = [
    ['before the head', silent],
    ['while the body stalls', stalled],
  ];
  test.each([...MOMENTS])('ends the request %s', async (_name, handler) => {
    await using server = await RawServer.listen(handler);
    await using client = openClient();
    const controller = new AbortController();
    const failure = codeOf(textOf(client, server.url(), { signal: controller.signal }));
    expect(await until(() => server.requests.length === 1)).toBe(true);
    controller.abort(new Error('SECRET'));
    expect(await failure).toBe('NET_ABORTED');
    expect(await until(() => server.open.size === 0)).toBe(true);
  });

  test('that was given already keeps the request from starting', async () => {
    await using server = await RawServer.listen(silent);
    await using client = openClient();
    const signal = AbortSignal.abort();
    expect(await codeOf(client(requestFor(server.url(), { signal })))).toBe('NET_ABORTED');
    expect(server.connections).toBe(0);
    expect(client.stats()).toMatchObject({ open: 0, requests: { NET_ABORTED: 1 } });
  });

  test('given too late changes nothing, and is let go of', async () => {
    await using server = await RawServer.answering(answerBytes('ok'));
    await using client = openClient();
    const controller = new AbortController();
    const { signal } = controller;
    for (let nth = 0; nth < 10; nth += 1) await textOf(client, server.url(), { signal });
    expect(getEventListeners(signal, 'abort').length).toBe(0);
    controller.abort();
    expect(client.stats().requests).toEqual({ OK: 10 });
  });
});

describe('a request refused', () => {
  test('by nobody listening', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => gone.on('listening', listening));
    const { port } = gone.address() as { port: number };
    await new Promise((closed) => gone.close(closed));
    await using client = openClient();
    expect(await codeOf(client(requestFor(`http://127.0.0.1:${port}/`)))).toBe('NET_CONNECT');
  });

  test('by its headers is never sent', async () => {
    await using server = await RawServer.listen(silent);
    await using client = openClient();
    const parts: RequestParts = { policy: { headers: { 'x-a': 'b\r\nHost: evil' } } };
    expect(await codeOf(client(requestFor(server.url(), parts)))).toBe('NET_HEADER');
    expect(server.connections).toBe(0);
  });

  test('by the client being closed, then or later', async () => {
    await using server = await RawServer.listen(stalled);
    const client = openClient();
    const reading = codeOf(textOf(client, server.url()));
    expect(await until(() => server.requests.length === 1)).toBe(true);
    await client[Symbol.asyncDispose]();
    expect(await reading).toBe('NET_ABORTED');
    expect(await codeOf(client(requestFor(server.url())))).toBe('NET_ABORTED');
    expect(await until(() => server.open.size === 0)).toBe(true);
    expect(server.requests.length).toBe(1);
  });
});
