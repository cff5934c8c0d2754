// This file checks what becomes of answers whose framing is odd, broken or too large.
import { describe, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import type { NetError } from '../../src/net/errors.ts';
import {
  codeOf,
  openClient,
  type RequestParts,
  requestFor,
  textOf,
} from '../support/outbound-request.ts';
import { answerBytes, RawServer } from '../support/raw-server.ts';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** The text of the body, or the code of whatever fails. */
async function outcomeOf(server: RawServer, parts?: RequestParts): Promise<string> {
  await using client = openClient();
  const outcome = await textOf(client, server.url(), parts).catch((error) => error.code);
  expect(client.stats().open).toBe(0);
  return outcome;
}

describe('framing', () => {
  /** Each is the whole of what the server says; the connection stays open unless it must close. */
  const ANSWERS: readonly (readonly [name: string, bytes: string, outcome: string])[] = [
    ['a length', answerBytes('ok'), 'ok'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok'],
    ['no reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'ok'],
    ['line feeds alone', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'ok'],
    ['Latin-1 in a header', 'HTTP/1.1 200 OK\r\nX: \xe9\r\nContent-Length: 2\r\n\r\nok', 'ok'],
    [
      'an interim answer before',
      'HTTP/1.1 103 E\r\nLink: x\r\n\r\n'.repeat(3) + answerBytes('ok'),
      'ok',
    ],
    ['equal lengths twice', answerBytes('ok', ['Content-Length: 2']), 'ok'],
    [
      'a length beside chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      'ok',
    ],
    ['chunks', `${CHUNKED}1\r\no\r\n1\r\nk\r\n0\r\n\r\n`, 'ok'],
    ['chunk extensions and trailers', `${CHUNKED}2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n`, 'ok'],
    ['no body', 'HTTP/1.1 204 No\r\n\r\n', ''],
    ['204 with a length', 'HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok', ''],
    ['304 with a length', 'HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\n', ''],
    ['not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'NET_PROTOCOL'],
    ['ICY', 'ICY 200 OK\r\nContent-Length: 2\r\n\r\nok', 'NET_PROTOCOL'],
    ['different lengths', answerBytes('ok', ['Content-Length: 3']), 'NET_PROTOCOL'],
    ['a length below zero', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'NET_PROTOCOL'],
    ['a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok', 'NET_PROTOCOL'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok', 'NET_PROTOCOL'],
    [
      'a length of 2^53',
      'HTTP/1.1 200 OK\r\nContent-Length: 9007199254740992\r\n\r\nok',
      'NET_TOO_LARGE',
    ],
    [
      'a length of 2^64',
      'HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\nok',
      'NET_PROTOCOL',
    ],
    ['a chunk size that is none', `${CHUNKED}zz\r\nok\r\n0\r\n\r\n`, 'NET_PROTOCOL'],
    ['a chunk size over 64 bits', `${CHUNKED}fffffffffffffffff\r\nok\r\n`, 'NET_PROTOCOL'],
    ['a chunk longer than said', `${CHUNKED}2\r\nokXX0\r\n\r\n`, 'NET_PROTOCOL'],
    [
      'a folded header',
      'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok',
      'NET_PROTOCOL',
    ],
    ['a blank before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok', 'NET_PROTOCOL'],
    [
      'NUL in a header',
      'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok',
      'NET_PROTOCOL',
    ],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\nok', 'NET_PROTOCOL'],
    ['a status below 100', 'HTTP/1.1 99 X\r\nContent-Length: 2\r\n\r\nok', 'NET_PROTOCOL'],
    ['a header of 2 MB', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(2_000_000)}\r\n\r\n`, 'NET_TOO_LARGE'],
    ['300 headers', `HTTP/1.1 200 OK\r\n${'X: a\r\n'.repeat(300)}\r\n`, 'NET_PROTOCOL'],
  ];
  test.each([...ANSWERS])('%s', async (_name, bytes, outcome) => {
    await using server = await RawServer.answering(bytes);
    expect(await outcomeOf(server)).toBe(outcome);
  });

  test('headers without end are cut off before they fill memory', async () => {
    let sentBytes = 0;
    await using server = await RawServer.listen((socket) => {
      const block = 'a'.repeat(65_536);
      socket.write('HTTP/1.1 200 OK\r\nX: ');
      const pump = () => {
        while (!socket.destroyed && socket.write(block)) sentBytes += block.length;
        sentBytes += block.length;
        socket.once('drain', pump);
      };
      pump();
    });
    expect(await outcomeOf(server)).toBe('NET_TOO_LARGE');
    expect(sentBytes).toBeLessThan(16 * 1_048_576);
  });

  test('interim answers without end are ended by the deadline', async () => {
    await using server = await RawServer.listen((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 E\r\n\r\n'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    const limits = { connectMs: 100, firstByteMs: 100, totalMs: 1_000 };
    expect(await outcomeOf(server, { limits })).toMatch(/^NET_TIMEOUT_/);
  });
});

describe('bodies that are cut short', () => {
  const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc';
  const ENDS: Readonly<Record<string, (socket: Socket) => void>> = {
    closed: (socket) => socket.end(),
    reset: (socket) => setTimeout(() => socket.resetAndDestroy(), 10),
  };
  const CUTS: readonly (readonly [framing: string, bytes: string])[] = [
    ['a length', LENGTH],
    ['a length, nothing sent', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'],
    ['within a chunk', `${CHUNKED}a\r\nabc`],
    ['between chunks', `${CHUNKED}3\r\nabc\r\n`],
    ['within a chunk size', `${CHUNKED}3\r\nabc\r\n1`],
  ];
  const rows = CUTS.flatMap(([framing, bytes]) =>
    Object.keys(ENDS).map((end) => [framing, end, bytes] as const),
  );
  test.each(rows)('%s, %s: visible', async (_framing, end, bytes) => {
    await using server = await RawServer.listen((socket) => {
      socket.write(bytes);
      ENDS[end]!(socket);
    });
    expect(await outcomeOf(server)).toBe('NET_TRUNCATED');
  });

  test.each(Object.keys(ENDS))('before the head, %s: no answer at all', async (end) => {
    for (const bytes of ['', 'HTTP/1.1 200 OK\r\nContent-']) {
      await using server = await RawServer.listen((socket) => {
        socket.write(bytes);
        ENDS[end]!(socket);
      });
      expect(await outcomeOf(server)).toBe('NET_CONNECT');
    }
  });

  test('a body that ends by close cannot be told from a short one', async () => {
    await using server = await RawServer.listen((socket) => {
      socket.end('HTTP/1.1 200 OK\r\n\r\nabc');
    });
    expect(await outcomeOf(server)).toBe('abc');
  });

  test('a reader that follows gets what came before the cut, then the error', async () => {
    await using server = await RawServer.answering(LENGTH);
    await using client = openClient();
    const response = await client(requestFor(server.url()));
    const pieces: Uint8Array[] = [];
    const read = async () => {
      for await (const piece of response.body) {
        pieces.push(piece);
        for (const socket of server.open) socket.end();
      }
    };
    expect(await codeOf(read())).toBe('NET_TRUNCATED');
    expect(Buffer.concat(pieces).toString()).toBe('abc');
    expect(client.stats().requests).toEqual({ NET_TRUNCATED: 1 });
  });
});

describe('size caps', () => {
  const limits = { maxBytes: 1_000 };

  test('a length over the cap is refused before the body', async () => {
    await using server = await RawServer.answering(
      'HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n',
    );
    expect(await outcomeOf(server, { limits })).toBe('NET_TOO_LARGE');
  });

  test('a length at the cap is not', async () => {
    await using server = await RawServer.answering(answerBytes('x'.repeat(1_000)));
    expect((await outcomeOf(server, { limits })).length).toBe(1_000);
  });

  test('chunks without end are cut at the cap', async () => {
    const chunk = `3e8\r\n${'x'.repeat(1_000)}\r\n`;
    await using server = await RawServer.listen((socket) => {
      socket.write(CHUNKED);
      const timer = setInterval(() => socket.write(chunk), 1);
      socket.on('close', () => clearInterval(timer));
    });
    await using client = openClient();
    const response = await client(requestFor(server.url(), { limits }));
    let sizeBytes = 0;
    const read = async () => {
      for await (const piece of response.body) sizeBytes += piece.byteLength;
    };
    expect(await codeOf(read())).toBe('NET_TOO_LARGE');
    expect(sizeBytes).toBeLessThanOrEqual(1_000);
  });

  test('of a failed status the status is told, whatever its body', async () => {
    await using server = await RawServer.answering(
      'HTTP/1.1 404 No\r\nContent-Length: 9999999\r\n\r\nx',
    );
    await using client = openClient();
    const response = await client(requestFor(server.url(), { limits }));
    expect(response.status).toBe(404);
    expect(await codeOf(response.bytes())).toBe('NET_TOO_LARGE');
  });
});

describe('connections', () => {
  async function outcomes(server: RawServer, count: number): Promise<readonly string[]> {
    await using client = openClient();
    const seen: string[] = [];
    for (let nth = 0; nth < count; nth += 1) {
      seen.push(await textOf(client, server.url(`/${nth}`)).catch((error: NetError) => error.code));
      await Bun.sleep(15);
    }
    return seen;
  }
  const EVIL = answerBytes('evil');

  test('are kept after a whole answer', async () => {
    await using server = await RawServer.listen((socket, head) =>
      socket.write(answerBytes(head.split(' ')[1]!)),
    );
    expect(await outcomes(server, 3)).toEqual(['/0', '/1', '/2']);
    expect(server.connections).toBe(1);
  });

  const JUNK: readonly (readonly [name: string, answer: (path: string) => string])[] = [
    ['a length', (path) => answerBytes(path)],
    ['chunks', (path) => `${CHUNKED}${path.length}\r\n${path}\r\n0\r\n\r\n`],
  ];
  test.each([...JUNK])('junk right behind %s is nobody’s answer', async (_name, answer) => {
    await using server = await RawServer.listen((socket, head) => {
      socket.write(answer(head.split(' ')[1]!) + EVIL);
    });
    expect(await outcomes(server, 3)).toEqual(['/0', '/1', '/2']);
  });

  test.each([...JUNK])('junk a little after %s closes the connection', async (_name, answer) => {
    await using server = await RawServer.listen((socket, head) => {
      socket.write(answer(head.split(' ')[1]!));
      setTimeout(() => socket.write(EVIL), 3);
    });
    expect(await outcomes(server, 3)).toEqual(['/0', '/1', '/2']);
    expect(server.connections).toBe(3);
  });

  const SUSPECT: readonly (readonly [name: string, bytes: string])[] = [
    [
      'a length beside chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['two lengths', answerBytes('ok', ['Content-Length: 2'])],
    ['204 with a length', 'HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok'],
    ['a broken chunk', `${CHUNKED}2\r\nokXX0\r\n\r\n`],
  ];
  test.each([...SUSPECT])('are not used again after %s', async (_name, bytes) => {
    await using server = await RawServer.answering(bytes);
    await outcomes(server, 3);
    expect(server.connections).toBe(3);
  });

  test('closed by the origin exactly on the next request cost nothing, 1,000 times', async () => {
    await using server = await RawServer.listen((socket, _head, nth) => {
      if (nth === 0) socket.write(answerBytes('ok'));
      else if (server.requests.length % 2 === 0) socket.end();
      else socket.resetAndDestroy();
    });
    await using client = openClient();
    for (let nth = 0; nth < 1_000; nth += 1) expect(await textOf(client, server.url())).toBe('ok');
    expect(server.connections).toBe(1_000);
    expect(client.stats().requests).toEqual({ OK: 1_000 });
  });
});
