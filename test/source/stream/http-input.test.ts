// This file tests endless streams over HTTP on real sockets: how their bodies are delimited and end.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { TCPSocketListener } from 'bun';
import { systemClock } from '../../../src/base/clock.ts';
import { createOutbound } from '../../../src/net/outbound-client.ts';
import { askFirst } from '../../../src/source/stream/first-answer.ts';
import { HttpInput } from '../../../src/source/stream/http-input.ts';
import { OpenStream } from '../../../src/source/stream/open-stream.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const PIECE = writeFrames(new StreamWriter(), 90_000, 25).take();
const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
const timeouts = { connectMs: 1000, firstByteMs: 1000, betweenBytesMs: 300 };
const chunk = () => [`${PIECE.length.toString(16)}\r\n`, PIECE, '\r\n'];

type Part = string | Uint8Array;
/** What the server writes; it closes after it, stays silent where `isSilent`. */
type Script = { readonly parts: readonly Part[]; readonly isSilent?: boolean };

const SCRIPTS: Readonly<Record<string, Script>> = {
  closed: { parts: ['HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n', PIECE, PIECE] },
  old: { parts: ['HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n', PIECE, PIECE] },
  chunked: {
    parts: [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      ...chunk(),
      ...chunk(),
      '0\r\n\r\n',
    ],
  },
  'chunks cut off': {
    parts: [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      ...chunk(),
      ...chunk(),
      'fff\r\n',
    ],
  },
  finite: {
    parts: [`HTTP/1.1 200 OK\r\nContent-Length: ${2 * PIECE.length}\r\n\r\n`, PIECE, PIECE],
  },
  'finite, cut off': {
    parts: [`HTTP/1.1 200 OK\r\nContent-Length: ${3 * PIECE.length}\r\n\r\n`, PIECE, PIECE],
  },
  silent: { parts: ['HTTP/1.1 200 OK\r\n\r\n', PIECE, PIECE], isSilent: true },
  refused: { parts: ['HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n'] },
};

let server: TCPSocketListener<undefined>;
let openCount = 0;
let acceptedCount = 0;
beforeAll(() => {
  server = Bun.listen<undefined>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: () => {
        openCount++;
        acceptedCount++;
      },
      close: () => void openCount--,
      data(socket, bytes) {
        const path = /^GET \/([^ ]*) /.exec(bytes.toString())?.[1] ?? '';
        const script = SCRIPTS[decodeURIComponent(path)] ?? { parts: [] };
        for (const part of script.parts) socket.write(part);
        if (script.isSilent !== true) socket.end();
      },
    },
  });
});
afterAll(() => server.stop(true));

async function read(name: string) {
  await using outbound = createOutbound({
    clock: systemClock,
    allowPrivate: ['127.0.0.0/8'],
    userAgent: 'test',
  });
  const url = `http://127.0.0.1:${server.port}/${encodeURIComponent(name)}`;
  const input = new HttpInput({ url, policy }, timeouts, outbound, systemClock);
  let sizeBytes = 0;
  let error: string | undefined;
  let saysItsEnd: boolean | undefined;
  try {
    await using connection = await input.open(new AbortController().signal);
    saysItsEnd = connection.isFinite;
    for await (const bytes of connection.chunks) sizeBytes += bytes.length;
  } catch (caught) {
    error = (caught as { code?: string }).code;
  }
  return { sizeBytes, error, saysItsEnd };
}

describe('HttpInput', () => {
  const all = 2 * PIECE.length;
  test.each([
    { name: 'closed', error: undefined, saysItsEnd: false },
    { name: 'old', error: undefined, saysItsEnd: false },
    { name: 'chunked', error: undefined, saysItsEnd: false },
    { name: 'chunks cut off', error: 'NET_TRUNCATED', saysItsEnd: false },
    { name: 'finite', error: undefined, saysItsEnd: true },
    { name: 'finite, cut off', error: 'NET_TRUNCATED', saysItsEnd: true },
    { name: 'silent', error: 'NET_TIMEOUT_BETWEEN_BYTES', saysItsEnd: false },
  ])('$name: what came is there, and how it ended', async ({ name, error, saysItsEnd }) => {
    const seen = await read(name);
    expect([seen.error, seen.saysItsEnd]).toEqual([error, saysItsEnd]);
    // The runtime may throw away what it held when a connection breaks
    const isCut = error === 'NET_TRUNCATED';
    expect(isCut ? all : seen.sizeBytes).toBe(all);
    expect(seen.sizeBytes).toBeLessThanOrEqual(all);
  });

  test('what is open already is read first, then another connection is made', async () => {
    await using outbound = createOutbound({
      clock: systemClock,
      allowPrivate: ['127.0.0.0/8'],
      userAgent: 'test',
    });
    const { signal } = new AbortController();
    const request = { url: `http://127.0.0.1:${server.port}/finite`, policy, timeouts };
    const before = acceptedCount;
    const first = await askFirst(outbound, systemClock, request, signal);
    if (!(first instanceof OpenStream)) throw new Error('it is no stream');
    const input = new HttpInput(request, timeouts, outbound, systemClock, first);
    const accepted: number[] = [];
    for (let round = 0; round < 2; round++) {
      await using connection = await input.open(signal);
      const chunks = (await Array.fromAsync(connection.chunks)) as Uint8Array[];
      expect(Buffer.concat(chunks).length).toBe(all);
      expect(connection.isFinite).toBe(true);
      accepted.push(acceptedCount - before);
    }
    expect(accepted).toEqual([1, 2]);
  });

  test('a refusal is an error', async () => {
    expect((await read('refused')).error).toBe('SOURCE_STATUS');
  });

  test('no connection stays open', async () => {
    for (let look = 0; look < 100 && openCount > 0; look++) await Bun.sleep(10);
    expect(openCount).toBe(0);
  });
});
