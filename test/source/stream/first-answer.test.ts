// This file tests how an endless stream is told from a playlist, and over which connection it goes on.
import { describe, expect, test } from 'bun:test';
import { NetError } from '../../../src/net/errors.ts';
import type { Outbound, OutboundPolicy } from '../../../src/net/outbound.ts';
import { playlistLimits } from '../../../src/source/deadlines.ts';
import { askFirst, fetchFirst } from '../../../src/source/stream/first-answer.ts';
import { OpenStream } from '../../../src/source/stream/open-stream.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const stream = writeFrames(new StreamWriter(), 90_000, 50).take();
const text = (content: string) => new TextEncoder().encode(content);
const MEDIA = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n';

/** 204 bytes a packet: 16 of Reed-Solomon behind each. */
function widened(bytes: Uint8Array): Uint8Array {
  const packets = bytes.length / 188;
  const wide = new Uint8Array(packets * 204);
  for (let i = 0; i < packets; i++) wide.set(bytes.subarray(i * 188, i * 188 + 188), i * 204);
  return wide;
}

function bytewise(bytes: Uint8Array): Uint8Array[] {
  return [...bytes].map((byte) => Uint8Array.of(byte));
}

type Row = {
  readonly name: string;
  readonly type?: string;
  readonly chunks: readonly (Uint8Array | Error)[];
  readonly is: 'stream' | 'text' | string;
};

const silence = new NetError('NET_TIMEOUT_BETWEEN_BYTES', 'Cannot fetch: the body stalled');

const rows: readonly Row[] = [
  { name: 'a stream as it should be', chunks: [stream], is: 'stream' },
  {
    name: 'a stream called a playlist',
    type: 'application/x-mpegURL',
    chunks: [stream],
    is: 'stream',
  },
  { name: 'a stream called text', type: 'text/html', chunks: [stream], is: 'stream' },
  { name: 'one that begins amid a packet', chunks: [stream.subarray(77)], is: 'stream' },
  {
    name: 'one behind garbage',
    chunks: [new Uint8Array(5000).fill(9), stream],
    is: 'stream',
  },
  { name: 'packets of 204 bytes', chunks: [widened(stream)], is: 'stream' },
  { name: 'one byte at a time', chunks: bytewise(stream.subarray(0, 1500)), is: 'stream' },
  { name: 'a tuner that is silent yet', type: 'video/mp2t', chunks: [silence], is: 'stream' },
  { name: 'silence of anything else', type: 'text/html', chunks: [silence], is: silence.code },
  { name: 'a playlist', chunks: [text(MEDIA)], is: 'text' },
  { name: 'a playlist called a stream', type: 'video/mp2t', chunks: [text(MEDIA)], is: 'text' },
  { name: 'a playlist byte by byte', chunks: bytewise(text(`\n ${MEDIA}`)), is: 'text' },
  { name: 'a playlist in UTF-16', chunks: [utf16(MEDIA)], is: 'text' },
  { name: 'a page', chunks: [text('<html><body>Gateway Timeout</body></html>')], is: 'text' },
  { name: 'nothing', chunks: [], is: 'text' },
  { name: 'endless noise', chunks: new Array(100).fill(new Uint8Array(4096)), is: 'text' },
];

function utf16(content: string): Uint8Array {
  const units = Uint16Array.from(
    [0xfeff, ...content].map((c) => (typeof c === 'string' ? c.charCodeAt(0) : c)),
  );
  return new Uint8Array(units.buffer);
}

const policy: OutboundPolicy = { headers: {}, verifyTls: true, allowDowngrade: false };

async function ask({ chunks, type = '' }: Row) {
  const seen = { cancelled: 0, requests: 0, read: 0 };
  const outbound: Outbound = async (request) => {
    seen.requests++;
    return {
      status: 200,
      headers: new Headers(type === '' ? {} : { 'content-type': type }),
      url: request.url,
      body: (async function* () {
        for (const chunk of chunks) {
          if (chunk instanceof Error) throw chunk;
          seen.read += chunk.length;
          yield chunk;
        }
      })(),
      bytes: () => Promise.reject(new Error('not asked for')),
      cancel: () => void seen.cancelled++,
    };
  };
  const limits = playlistLimits(6, {});
  const request = { url: 'http://origin.example/live', policy, limits };
  const first = await fetchFirst(outbound, new FakeClock(), request).catch((error) => error.code);
  return { first, seen };
}

describe('fetchFirst()', () => {
  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const { first, seen } = await ask(row);
    expect(typeof first === 'object' ? 'text' : first).toBe(row.is);
    expect(seen.cancelled).toBe(1);
    expect(seen.requests).toBe(1);
    expect(seen.read).toBeLessThanOrEqual(70_000);
  });

  test('a playlist comes whole, however long it is', async () => {
    const long = `${MEDIA}${'# a comment that goes on and on\n'.repeat(4000)}`;
    const bytes = text(long);
    const chunks = [bytes.subarray(0, 10), bytes.subarray(10, 90_000), bytes.subarray(90_000)];
    const seen: number[] = [];
    const outbound: Outbound = async (request) => ({
      status: 200,
      headers: new Headers(),
      url: request.url,
      body: (async function* () {
        for (const chunk of chunks) {
          seen.push(chunk.length);
          yield chunk;
        }
      })(),
      bytes: () => Promise.reject(new Error('not asked for')),
      cancel() {},
    });
    const limits = playlistLimits(6, {});
    const request = { url: 'http://origin.example/list', policy, limits };
    const first = await fetchFirst(outbound, new FakeClock(), request);
    expect(first).toEqual({ text: long, url: 'http://origin.example/list' });
    expect(seen).toHaveLength(3);
  });

  test('a refusal is said with what the upstream asks for', async () => {
    const outbound: Outbound = async (request) => ({
      status: 503,
      headers: new Headers({ 'retry-after': '7' }),
      url: request.url,
      body: (async function* () {})(),
      bytes: async () => new Uint8Array(),
      cancel() {},
    });
    const limits = playlistLimits(6, {});
    const request = { url: 'http://origin.example/list', policy, limits };
    const asked = fetchFirst(outbound, new FakeClock(), request);
    expect(asked).rejects.toMatchObject({ code: 'SOURCE_STATUS', retryAfterMs: 7000 });
  });
});

/** An upstream that sends `chunks`, and then nothing more until it is cancelled. */
function createUpstream(
  chunks: readonly Uint8Array[],
  more: { readonly type?: string; readonly declaredBytes?: number; readonly ends?: boolean } = {},
) {
  const { type = 'video/mp2t', declaredBytes, ends = false } = more;
  const closed = Promise.withResolvers<void>();
  const upstream = { requests: 0, isOpen: false, read: 0 };
  const outbound: Outbound = async (request) => {
    upstream.requests++;
    upstream.isOpen = true;
    const cancel = () => {
      upstream.isOpen = false;
      closed.reject(new NetError('NET_ABORTED', 'aborted by its reader'));
    };
    closed.promise.catch(() => {});
    return {
      status: 200,
      headers: new Headers({ 'content-type': type }),
      url: request.url,
      ...(declaredBytes === undefined ? {} : { declaredBytes }),
      body: (async function* () {
        for (const chunk of chunks) {
          upstream.read += chunk.length;
          yield chunk;
        }
        if (!ends) await closed.promise;
      })(),
      bytes: () => Promise.reject(new Error('not asked for')),
      cancel,
    };
  };
  return Object.assign(upstream, { outbound });
}

type Upstream = ReturnType<typeof createUpstream>;

function look(upstream: Upstream, clock = new FakeClock(), timeouts = {}) {
  const { signal } = new AbortController();
  const request = { url: 'http://origin.example/live', policy, timeouts };
  return askFirst(upstream.outbound, clock, request, signal);
}

async function openStream(upstream: Upstream, clock = new FakeClock()): Promise<OpenStream> {
  const first = await look(upstream, clock);
  if (!(first instanceof OpenStream)) throw new Error('it is no stream');
  return first;
}

const never = new AbortController().signal;

describe('askFirst()', () => {
  test('a stream goes on over the same connection, with every byte of it', async () => {
    const parts = [part(0, 300), part(300, 1000), part(1000)];
    const upstream = createUpstream(parts, { ends: true });
    const connection = (await openStream(upstream)).take(never);
    expect([connection?.isHeldBack, connection?.isFinite]).toEqual([true, false]);
    const chunks = await Array.fromAsync(connection?.chunks ?? []);
    expect(Buffer.concat(chunks as Uint8Array[])).toEqual(Buffer.from(part(0)));
    expect(upstream.requests).toBe(1);
  });

  test('what comes until it is taken is not lost', async () => {
    const parts = Array.from({ length: 50 }, () => part(0));
    const upstream = createUpstream(parts, { ends: true });
    const open = await openStream(upstream);
    await settle();
    const size = part(0).length;
    expect(upstream.read).toBe(50 * size);
    const chunks = await Array.fromAsync(open.take(never)?.chunks ?? []);
    expect(Buffer.concat(chunks as Uint8Array[])).toHaveLength(50 * size);
  });

  test('no more than a bounded number of bytes is read until it is taken', async () => {
    const big = Buffer.concat(Array.from({ length: 22 }, () => part(0)));
    const upstream = createUpstream(new Array(50).fill(big));
    await openStream(upstream);
    await settle();
    expect(upstream.read).toBeGreaterThan(16 * 1024 * 1024 - 1);
    expect(upstream.read).toBeLessThan(18 * 1024 * 1024);
    expect(upstream.isOpen).toBe(true);
  });

  test('one that said how long it is will be finished', async () => {
    const upstream = createUpstream([part(0)], { declaredBytes: 10_000 });
    expect((await openStream(upstream)).take(never)?.isFinite).toBe(true);
  });

  test('is closed where nobody takes it, and cannot be taken then', async () => {
    const clock = new FakeClock();
    const upstream = createUpstream([part(0)]);
    const open = await openStream(upstream, clock);
    await clock.advance(19_900);
    expect(upstream.isOpen).toBe(true);
    await clock.advance(200);
    expect([upstream.isOpen, open.take(never)]).toEqual([false, undefined]);
  });

  test('closing it does nothing to whoever has taken it', async () => {
    const clock = new FakeClock();
    const upstream = createUpstream([part(0)]);
    const open = await openStream(upstream, clock);
    const stop = new AbortController();
    expect([open.take(stop.signal), open.take(never)]).toEqual([expect.anything(), undefined]);
    await open.close();
    await clock.advance(60_000);
    expect(upstream.isOpen).toBe(true);
    stop.abort();
    expect([upstream.isOpen, clock.pendingCount]).toEqual([false, 0]);
  });

  test('a tuner that finds its picture late is handed over while it is waited for', async () => {
    const clock = new FakeClock();
    const upstream = createUpstream([]);
    const looking = look(upstream, clock);
    await clock.advance(2900);
    expect(upstream.isOpen).toBe(true);
    await clock.advance(200);
    expect([await looking, upstream.isOpen]).toEqual([expect.any(OpenStream), true]);
    await clock.advance(20_000);
    expect(upstream.isOpen).toBe(false);
  });

  test.each([
    ['that stalls', [text('#EXTM3U\n')], {}, 'NET_TIMEOUT_BETWEEN_BYTES'],
    ['that takes for ever', [text('#EXTM3U\n')], { betweenBytesMs: 1e6 }, 'NET_TIMEOUT_TOTAL'],
    ['without an end', [text('#EXTM3U\n'), new Uint8Array(2.1e6)], {}, 'NET_TOO_LARGE'],
  ])('a playlist %s is let go of', async (_name, chunks, timeouts, code) => {
    const clock = new FakeClock();
    const upstream = createUpstream(chunks, { type: 'text/plain' });
    const failed = look(upstream, clock, timeouts).catch((error) => error.code);
    await clock.advance(20_000);
    expect([await failed, upstream.isOpen]).toEqual([code, false]);
  });
});

function part(from: number, to?: number): Uint8Array {
  return stream.subarray(from, to);
}
