// This file checks that compressed bodies are undone, and that none of them fills memory.
import { describe, expect, test } from 'bun:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parseContentEncoding, undoEncoding } from '../../src/net/content-encoding.ts';
import { codeOf, openClient, requestFor } from '../support/outbound-request.ts';
import { headerOf, RawServer } from '../support/raw-server.ts';

const TEXT = '#EXTM3U\n'.repeat(40);
const gzip = gzipSync(TEXT);

function answer(body: Uint8Array, encoding: string): Uint8Array {
  const lines = encoding === '' ? '' : `Content-Encoding: ${encoding}\r\n`;
  const head = `HTTP/1.1 200 OK\r\n${lines}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

async function outcomeOf(body: Uint8Array, encoding: string, compressed = true): Promise<string> {
  await using server = await RawServer.answering(answer(body, encoding));
  await using client = openClient();
  try {
    const response = await client(requestFor(server.url(), { compressed }));
    return Buffer.from(await response.bytes()).toString('latin1');
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    expect(client.stats().open).toBe(0);
  }
}

function changed(bytes: Uint8Array, index: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[index]! ^= 0xff;
  return copy;
}

describe('a body asked for as compressed', () => {
  const BODIES: readonly (readonly [
    name: string,
    body: Uint8Array,
    encoding: string,
    outcome: string,
  ])[] = [
    ['plain', Buffer.from(TEXT), '', TEXT],
    ['identity', Buffer.from(TEXT), 'identity', TEXT],
    ['gzip', gzip, 'gzip', TEXT],
    ['gzip by its old name', gzip, 'x-gzip', TEXT],
    ['gzip, shouted', gzip, 'GZIP', TEXT],
    ['gzip in two members', Buffer.concat([gzip, gzip]), 'gzip', TEXT + TEXT],
    ['gzip padded with zeros', Buffer.concat([gzip, Buffer.alloc(64)]), 'gzip', TEXT],
    ['deflate', deflateSync(TEXT), 'deflate', TEXT],
    ['deflate without its wrapper', deflateRawSync(TEXT), 'deflate', TEXT],
    ['gzip called deflate', gzip, 'deflate', TEXT],
    ['plain called gzip', Buffer.from(TEXT), 'gzip', TEXT],
    ['plain called deflate', Buffer.from(TEXT), 'deflate', TEXT],
    ['gzip called nothing', gzip, '', TEXT],
    ['gzip twice', gzipSync(gzip), 'gzip, gzip', TEXT],
    ['gzip twice, said once', gzipSync(gzip), 'gzip', TEXT],
    ['deflate in gzip', gzipSync(deflateSync(TEXT)), 'deflate, gzip', TEXT],
    ['gzip of nothing', gzipSync(''), 'gzip', ''],
    ['nothing called gzip', Buffer.alloc(0), 'gzip', ''],
    ['one byte called gzip', Buffer.from('#'), 'gzip', '#'],
    ['gzip three times', gzipSync(gzipSync(gzip)), 'gzip', 'NET_ENCODING'],
    ['said three times', gzip, 'gzip, gzip, gzip', 'NET_ENCODING'],
    ['gzip cut in its body', gzip.subarray(0, 20), 'gzip', 'NET_ENCODING'],
    ['gzip cut in its head', gzip.subarray(0, 5), 'gzip', 'NET_ENCODING'],
    ['gzip without its last byte', gzip.subarray(0, -1), 'gzip', 'NET_ENCODING'],
    ['gzip with a wrong sum', changed(gzip, gzip.length - 6), 'gzip', 'NET_ENCODING'],
    ['gzip with a wrong size', changed(gzip, gzip.length - 1), 'gzip', 'NET_ENCODING'],
    ['gzip with a broken stream', changed(gzip, 10), 'gzip', 'NET_ENCODING'],
    ['deflate cut short', deflateSync(TEXT).subarray(0, -3), 'deflate', 'NET_ENCODING'],
    ['brotli, not offered', brotliCompressSync(TEXT), 'br', 'NET_ENCODING'],
    ['zstd, not offered', Buffer.from(TEXT), 'zstd', 'NET_ENCODING'],
    ['brotli under gzip', gzip, 'br, gzip', 'NET_ENCODING'],
  ];
  test.each([...BODIES])('%s', async (_name, body, encoding, outcome) => {
    expect(await outcomeOf(body, encoding)).toBe(outcome);
  });

  test('gives no length: what is declared is not what is handed out', async () => {
    await using server = await RawServer.answering(answer(gzip, 'gzip'));
    await using client = openClient();
    const response = await client(requestFor(server.url(), { compressed: true }));
    response.cancel();
    expect('lengthBytes' in response).toBe(false);
    expect([...response.headers.keys()]).toEqual([]);
    expect(headerOf(server.requests[0]!, 'accept-encoding')).toBe('gzip, deflate');
  });

  test('cut off on the wire says so', async () => {
    await using server = await RawServer.listen((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 999\r\n\r\n');
      socket.end(gzip);
    });
    await using client = openClient();
    const response = await client(requestFor(server.url(), { compressed: true }));
    expect(await codeOf(response.bytes())).toBe('NET_TRUNCATED');
  });
});

describe('a body asked for as it is', () => {
  test.each([
    ['with gzip inside', gzip, '', gzip.toString('latin1')],
    ['sent as gzip all the same', gzip, 'gzip', TEXT],
    ['sent as brotli all the same', gzip, 'br', 'NET_ENCODING'],
  ] as const)('%s', async (_name, body, encoding, outcome) => {
    expect(await outcomeOf(body, encoding, false)).toBe(outcome);
  });

  test('gives its length', async () => {
    await using server = await RawServer.answering(answer(gzip, ''));
    await using client = openClient();
    const response = await client(requestFor(server.url()));
    response.cancel();
    expect(response.lengthBytes).toBe(gzip.length);
    expect(headerOf(server.requests[0]!, 'accept-encoding')).toBe('identity');
  });
});

describe('a bomb', () => {
  /** A gigabyte of zeros in one megabyte, in 64 members to save the test's time. */
  const member = gzipSync(new Uint8Array(16 * 1_048_576), { level: 9 });
  const bomb = Buffer.concat(Array.from({ length: 64 }, () => member));

  test.each([
    ['of 1 GB', () => bomb, 2 * 1_048_576],
    ['of 1 GB where much is allowed', () => bomb, 2 ** 32],
    ['in a bomb', () => gzipSync(bomb), 2 ** 32],
  ] as const)('%s costs less than 16 MB', async (_name, body, maxBytes) => {
    await using server = await RawServer.answering(answer(body(), 'gzip'));
    await using client = openClient();
    Bun.gc(true);
    const beforeBytes = process.memoryUsage.rss();
    let peakBytes = 0;
    let sizeBytes = 0;
    const request = requestFor(server.url(), { compressed: true, limits: { maxBytes } });
    const read = async () => {
      const response = await client(request);
      for await (const piece of response.body) {
        sizeBytes += piece.byteLength;
        peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
      }
    };
    expect(await codeOf(read())).toMatch(/^NET_(ENCODING|TOO_LARGE)$/);
    expect(sizeBytes).toBeLessThanOrEqual(2 * 1_048_576);
    expect(peakBytes - beforeBytes).toBeLessThan(16 * 1_048_576);
    expect(client.stats().open).toBe(0);
  });

  test('without output is bounded by what comes over the wire', async () => {
    const member = gzipSync('');
    const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => member));
    const head = 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n';
    await using server = await RawServer.listen((socket) => {
      socket.write(head);
      const piece = [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')];
      const timer = setInterval(() => socket.write(Buffer.concat(piece)), 1);
      socket.on('close', () => clearInterval(timer));
    });
    await using client = openClient();
    const limits = { maxBytes: 100_000 };
    const request = requestFor(server.url(), { compressed: true, limits });
    expect(await codeOf(client(request).then((response) => response.bytes()))).toBe(
      'NET_TOO_LARGE',
    );
  });

  test('is told from honest repetition, which is small', async () => {
    const text = 'a'.repeat(1_000_000);
    const body = gzipSync(text);
    expect(text.length / body.length).toBeGreaterThan(900);
    expect(await outcomeOf(body, 'gzip')).toBe(text);
  });
});

describe('undoEncoding()', () => {
  async function* inPieces(bytes: Uint8Array, sizes: readonly number[]) {
    let offset = 0;
    for (const size of sizes) {
      if (offset >= bytes.length) return;
      yield bytes.subarray(offset, offset + size);
      offset += size;
    }
    if (offset < bytes.length) yield bytes.subarray(offset);
  }

  async function read(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const seen: Uint8Array[] = [];
    for await (const piece of pieces) seen.push(new Uint8Array(piece));
    return Buffer.concat(seen);
  }

  test('gives the same however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2_000 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }),
        fc.constantFrom('gzip', 'deflate', 'identity'),
        async (content, sizes, coding) => {
          fc.pre(content[0] !== 0x1f || content[1] !== 0x8b);
          const bytes =
            coding === 'gzip'
              ? gzipSync(content)
              : coding === 'deflate'
                ? deflateSync(content)
                : content;
          const named = coding === 'deflate' ? ['deflate' as const] : [];
          const undone = await read(undoEncoding(inPieces(bytes, sizes), named, 'http://a.test'));
          expect(Buffer.compare(undone, content)).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('ends for any bytes at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (junk, isGzip) => {
        const bytes = isGzip ? Buffer.concat([gzip.subarray(0, 10), junk]) : junk;
        const encodings = parseContentEncoding('deflate', 'http://a.test');
        const failure = await read(undoEncoding(inPieces(bytes, []), encodings, 'o')).catch(
          (e) => e,
        );
        expect(failure instanceof Buffer || failure.code === 'NET_ENCODING').toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
