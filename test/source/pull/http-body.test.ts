// This file tests how the body of a segment is asked for, and which answers are one.
import { describe, expect, test } from 'bun:test';
import type { Outbound, OutboundRequest, OutboundResponse } from '../../../src/net/outbound.ts';
import { SourceBodyError, SourceStatusError } from '../../../src/source/errors.ts';
import { openHttpBody } from '../../../src/source/pull/http-body.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const URL_ = 'http://origin.example/a.ts';
const POLICY = { headers: { 'user-agent': 'x' }, verifyTls: true, allowDowngrade: false };
const LIMITS = { connectMs: 1, firstByteMs: 1, betweenBytesMs: 1, totalMs: 1, maxBytes: 100 };

type Answer = { status: number; headers?: Record<string, string>; chunks?: readonly string[] };

class Upstream {
  readonly requests: OutboundRequest[] = [];
  cancels = 0;
  chunksRead = 0;
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  readonly outbound: Outbound = async (request): Promise<OutboundResponse> => {
    this.requests.push(request);
    return {
      status: this.#answer.status,
      headers: new Headers(this.#answer.headers),
      url: request.url,
      body: this.#chunks(),
      bytes: () => Promise.reject(new Error('not asked for')),
      cancel: () => {
        this.cancels++;
      },
    };
  };

  async *#chunks(): AsyncGenerator<Uint8Array> {
    for (const chunk of this.#answer.chunks ?? []) {
      this.chunksRead++;
      yield new TextEncoder().encode(chunk);
    }
  }
}

function open(upstream: Upstream, byteRange?: { offset: number; length: number }) {
  const { signal } = new AbortController();
  const ref = {
    kind: 'http',
    url: URL_,
    ...(byteRange === undefined ? {} : { byteRange }),
  } as const;
  return openHttpBody(upstream.outbound, new FakeClock(), POLICY, ref, LIMITS, signal);
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('openHttpBody()', () => {
  test('asks for the bytes as they are, with the policy and the limits', async () => {
    const upstream = new Upstream({ status: 200, chunks: ['abc', 'def'] });
    const answer = await open(upstream);
    expect(await textOf(answer.body)).toBe('abcdef');
    expect(upstream.requests).toHaveLength(1);
    const { range, ...request } = upstream.requests[0] as OutboundRequest;
    expect(request).toMatchObject({ url: URL_, policy: POLICY, limits: LIMITS, compressed: false });
    expect(range).toBeUndefined();
    answer.cancel();
    expect(upstream.cancels).toBe(1);
  });

  test('asks for a range, both ends included', async () => {
    const headers = { 'content-range': 'bytes 100-103/9000' };
    const upstream = new Upstream({ status: 206, headers, chunks: ['pa', 'rt'] });
    expect(await textOf((await open(upstream, { offset: 100, length: 4 })).body)).toBe('part');
    expect(upstream.requests[0]?.range).toEqual({ first: 100, last: 103 });
    // Read to its end, so that its connection can serve again
    expect(upstream.cancels).toBe(0);
  });

  for (const [what, chunks, offset, length, expected, read] of [
    ['within one chunk', ['0123456789'], 2, 3, '234', 1],
    ['over chunks', ['0123', '4567', '89'], 2, 5, '23456', 2],
    ['from the very beginning', ['0123', '4567'], 0, 4, '0123', 1],
    ['to the very end', ['0123', '4567'], 6, 2, '67', 2],
    ['whole', ['0123', '4567'], 0, 8, '01234567', 2],
  ] as const) {
    test(`cuts the part out where Range is ignored: ${what}`, async () => {
      const upstream = new Upstream({ status: 200, chunks });
      const answer = await open(upstream, { offset, length });
      // What comes short of it is seen by this
      expect(answer.lengthBytes).toBe(length);
      expect(await textOf(answer.body)).toBe(expected);
      // Nothing behind the part is waited for
      expect(upstream.chunksRead).toBe(read);
      answer.cancel();
      expect(upstream.cancels).toBeGreaterThan(0);
    });
  }

  for (const [what, header, chunks, expected] of [
    ['begins before it', 'bytes 98-103/9000', ['abpart'], 'part'],
    ['ends after it', 'bytes 100-109/9000', ['pa', 'rtabc', 'def'], 'part'],
    ['is not sure of the whole', 'Bytes 100-103/*', ['part'], 'part'],
  ] as const) {
    test(`cuts the part out of a range that ${what}`, async () => {
      const upstream = new Upstream({ status: 206, headers: { 'content-range': header }, chunks });
      const answer = await open(upstream, { offset: 100, length: 4 });
      expect(answer.lengthBytes).toBe(4);
      expect(await textOf(answer.body)).toBe(expected);
    });
  }

  for (const [what, status, range, chunks, read] of [
    ['a 206 whose body is shorter than it says', 206, 'bytes 2-9/10', ['234', '56'], '23456'],
    ['a 206 without a body', 206, 'bytes 2-9/10', [], ''],
    ['a 200 that ends within the range', 200, undefined, ['0123', '4567'], '234567'],
    ['a 200 that ends before the range', 200, undefined, ['01'], ''],
  ] as const) {
    test(`breaks where ${what} comes short of the range`, async () => {
      const headers: Record<string, string> = range === undefined ? {} : { 'content-range': range };
      const upstream = new Upstream({ status, headers, chunks });
      const answer = await open(upstream, { offset: 2, length: 8 });
      let text = '';
      const reading = (async () => {
        for await (const chunk of answer.body) text += new TextDecoder().decode(chunk);
      })();
      const error = (await errorOf(reading)) as SourceBodyError;
      expect(error).toBeInstanceOf(SourceBodyError);
      expect(error.message).toContain(`ends after ${read.length} of 8 bytes`);
      expect(text).toBe(read);
    });
  }

  for (const header of [
    'bytes 100-148/9000',
    'bytes 101-149/9000',
    'bytes 0-49/9000',
    'bytes 1000-1049/9000',
    'bytes */9000',
    'junk',
    '',
  ]) {
    test(`refuses another range than the one asked for: "${header}"`, async () => {
      const headers: Record<string, string> = header === '' ? {} : { 'content-range': header };
      const upstream = new Upstream({ status: 206, headers });
      const error = await errorOf(open(upstream, { offset: 100, length: 50 }));
      expect(error).toBeInstanceOf(SourceBodyError);
      expect(upstream.cancels).toBe(1);
    });
  }

  for (const status of [204, 206, 304, 403, 404, 410, 416, 429, 500, 503]) {
    test(`refuses ${status} to a whole segment, and lets go of it`, async () => {
      const upstream = new Upstream({ status, headers: { 'retry-after': '7' } });
      const error = (await errorOf(open(upstream))) as SourceStatusError;
      expect(error).toBeInstanceOf(SourceStatusError);
      expect([error.status, error.retryAfterMs]).toEqual([status, 7000]);
      expect(upstream.cancels).toBe(1);
    });
  }

  test('reads a Retry-After date by the clock it is given', async () => {
    const headers = { 'retry-after': 'Thu, 01 Jan 2026 00:00:10 GMT' };
    const upstream = new Upstream({ status: 503, headers });
    expect(await errorOf(open(upstream))).toMatchObject({ retryAfterMs: 10_000 });
  });

  test('a loop body is not its business', async () => {
    const { outbound } = new Upstream({ status: 200 });
    const { signal } = new AbortController();
    const ref = { kind: 'loop', sequence: 1 } as const;
    const opened = openHttpBody(outbound, new FakeClock(), POLICY, ref, LIMITS, signal);
    expect(await errorOf(opened)).toMatchObject({ message: expect.stringContaining('loop body') });
  });
});
