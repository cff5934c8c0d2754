// This file tests how an endless stream is told from a playlist, and that it is let go of at once.
import { describe, expect, test } from 'bun:test';
import { NetError } from '../../../src/net/errors.ts';
import type { Outbound, OutboundPolicy } from '../../../src/net/outbound.ts';
import { playlistLimits } from '../../../src/source/deadlines.ts';
import { fetchFirst } from '../../../src/source/stream/first-answer.ts';
import { FakeClock } from '../../support/fake-clock.ts';
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
  { name: 'one behind garbage', chunks: [new Uint8Array(5000).fill(9), stream], is: 'stream' },
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
