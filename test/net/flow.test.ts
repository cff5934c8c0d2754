// This file checks that bodies flow at the reader's pace, and stop when the reader does.
import { describe, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { listenEndless, restOf } from '../support/endless-server.ts';
import { codeOf, openClient, requestFor, textOf, until } from '../support/outbound-request.ts';
import { answerBytes, RawServer } from '../support/raw-server.ts';

const BLOCK = new Uint8Array(65_536).fill(120);
const HUGE = { maxBytes: 2 ** 32 };

describe('a body', () => {
  test.each(['length', 'chunked'] as const)('by %s waits for its reader', async (framing) => {
    await using server = await listenEndless(framing);
    await using client = openClient();
    const response = await client(requestFor(server.url(), { limits: HUGE }));
    const iterator = response.body[Symbol.asyncIterator]();
    await iterator.next();
    const pausedBytes = await restOf(server.counter);
    // What the sockets of both sides and the runtime hold; it must not grow.
    expect(pausedBytes).toBeLessThan(48 * 1_048_576);
    let readBytes = 0;
    while (readBytes < pausedBytes) readBytes += (await iterator.next()).value!.byteLength;
    expect(await restOf(server.counter)).toBeGreaterThan(pausedBytes);
    response.cancel();
    expect(await until(() => server.open.size === 0)).toBe(true);
  });

  const LEAVES = ['cancel', 'break', 'cancel while reading'] as const;
  test.each(LEAVES)('is closed upstream on %s', async (how) => {
    await using server = await listenEndless('length');
    await using client = openClient();
    const response = await client(requestFor(server.url(), { limits: HUGE }));
    const read = async () => {
      let count = 0;
      for await (const _piece of response.body) {
        count += 1;
        if (how === 'break' && count === 3) break;
        if (how === 'cancel' && count === 3) response.cancel();
        if (how === 'cancel while reading' && count === 3) setTimeout(response.cancel, 5);
      }
    };
    expect(await codeOf(read())).toBe(how === 'break' ? 'no failure: undefined' : 'NET_ABORTED');
    expect(await until(() => server.open.size === 0)).toBe(true);
    expect(client.stats()).toMatchObject({ open: 0, requests: { NET_ABORTED: 1 } });
    response.cancel();
    expect(client.stats().requests).toEqual({ NET_ABORTED: 1 });
  });

  test('that nobody began to read is closed upstream on cancel', async () => {
    await using server = await listenEndless('chunked');
    await using client = openClient();
    const response = await client(requestFor(server.url(), { limits: HUGE }));
    response.cancel();
    expect(await until(() => server.open.size === 0)).toBe(true);
    expect(await codeOf(response.bytes())).toBe('NET_ABORTED');
  });

  test('left in the middle of gzip is closed upstream', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n';
    const gzip = Buffer.from(Bun.gzipSync(BLOCK));
    await using server = await RawServer.listen((socket) => {
      socket.write(`${head}${gzip.length.toString(16)}\r\n`);
      socket.write(gzip);
    });
    await using client = openClient();
    const response = await client(requestFor(server.url(), { compressed: true }));
    for await (const _piece of response.body) break;
    expect(await until(() => server.open.size === 0)).toBe(true);
    expect(client.stats().open).toBe(0);
  });

  test('is the same bytes, whole or in pieces, known length or not', async () => {
    const body = crypto.getRandomValues(new Uint8Array(50_000));
    const whole = Buffer.concat([...Array(40)].map(() => body));
    await using server = await RawServer.listen((socket, head) => {
      const isChunked = head.includes('/chunked');
      socket.write(
        `HTTP/1.1 200 OK\r\n${isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${whole.length}`}\r\n\r\n`,
      );
      for (let offset = 0; offset < whole.length; offset += 7_777) {
        const piece = whole.subarray(offset, offset + 7_777);
        if (isChunked) socket.write(`${piece.length.toString(16)}\r\n`);
        socket.write(piece);
        if (isChunked) socket.write('\r\n');
      }
      if (isChunked) socket.write('0\r\n\r\n');
    });
    await using client = openClient();
    for (const path of ['/length', '/chunked']) {
      const response = await client(requestFor(server.url(path), { limits: HUGE }));
      expect(Buffer.compare(await response.bytes(), whole)).toBe(0);
      const again = await client(requestFor(server.url(path), { limits: HUGE }));
      const pieces: Uint8Array[] = [];
      for await (const piece of again.body) pieces.push(new Uint8Array(piece));
      expect(Buffer.compare(Buffer.concat(pieces), whole)).toBe(0);
    }
    expect(client.stats()).toMatchObject({ receivedBytes: 4 * whole.length, requests: { OK: 4 } });
    expect(server.connections).toBe(1);
  });

  test('broken off thousands of times leaves neither memory nor connections behind', async () => {
    const start = Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n'),
      BLOCK,
    ]);
    await using server = await RawServer.listen((socket) => socket.write(start));
    await using client = openClient();
    const breakOff = async (count: number) => {
      for (let nth = 0; nth < count; nth += 1) {
        const response = await client(requestFor(server.url(), { limits: HUGE }));
        for await (const _piece of response.body) break;
      }
      Bun.gc(true);
      return process.memoryUsage.rss();
    };
    const growths: number[] = [];
    let beforeBytes = await breakOff(500);
    for (let round = 0; round < 4; round += 1) {
      const afterBytes = await breakOff(700);
      growths.push(afterBytes - beforeBytes);
      beforeBytes = afterBytes;
    }
    // What leaks grows in every round: 700 answers of 8 KiB by 5 MiB, their bodies by 44 MiB.
    expect(Math.min(...growths)).toBeLessThan(4 * 1_048_576);
    expect(await until(() => server.open.size === 0)).toBe(true);
    expect(client.stats().open).toBe(0);
  }, 30_000);
});

describe('requests to one origin', () => {
  test('wait for each other over the limit, in order, and not for other origins', async () => {
    const waiting: Socket[] = [];
    await using server = await RawServer.listen((socket) => waiting.push(socket));
    await using other = await RawServer.answering(answerBytes('other'));
    await using client = openClient({ maxPerHost: 2 });
    const done: string[] = [];
    const all = ['/1', '/2', '/3', '/4'].map(async (path) => {
      await textOf(client, server.url(path));
      done.push(path);
    });
    expect(await until(() => waiting.length === 2)).toBe(true);
    expect(await textOf(client, other.url())).toBe('other');
    for (let turn = 0; turn < 4; turn += 1) {
      expect(await until(() => waiting.length > turn)).toBe(true);
      expect(server.requests.length).toBeLessThanOrEqual(turn + 2);
      waiting[turn]!.write(answerBytes('ok'));
      await until(() => done.length === turn + 1);
    }
    await Promise.all(all);
    expect(done).toEqual(['/1', '/2', '/3', '/4']);
  });

  test('that wait too long have not connected', async () => {
    await using server = await RawServer.listen(() => {});
    await using client = openClient({ maxPerHost: 1 });
    const first = codeOf(client(requestFor(server.url(), { limits: { firstByteMs: 900 } })));
    const second = client(requestFor(server.url(), { limits: { connectMs: 100 } }));
    expect(await codeOf(second)).toBe('NET_TIMEOUT_CONNECT');
    expect(await first).toBe('NET_TIMEOUT_FIRST_BYTE');
    expect(server.requests.length).toBe(1);
  });

  test('give their place back however they end', async () => {
    await using server = await RawServer.listen((socket, head) => {
      const path = head.split(' ')[1]!;
      if (path === '/ok') socket.write(answerBytes('ok'));
      else if (path === '/moved') socket.write(answerBytes('', ['Location: /ok'], '302 F'));
      else if (path === '/nowhere') socket.write(answerBytes('', [], '302 F'));
      else if (path === '/cut') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n');
      else if (path === '/large')
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n');
      else if (path === '/br') socket.write(answerBytes('x', ['Content-Encoding: br']));
      else socket.destroy();
    });
    await using client = openClient({ maxPerHost: 1 });
    for (const path of ['/moved', '/nowhere', '/cut', '/large', '/br', '/gone', '/ok', '/ok']) {
      await codeOf(textOf(client, server.url(path)));
    }
    expect(client.stats().open).toBe(0);
    expect(client.stats().requests['OK']).toBe(3);
  });
});
