// This file opens the body of a segment, an init segment or a key over HTTP.
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { ByteRange } from '../../media/m3u8/playlist.ts';
import type { Outbound, OutboundLimits, OutboundPolicy } from '../../net/outbound.ts';
import type { BodyRef } from '../../ring/listing.ts';
import { parseRetryAfterMs, SourceBodyError, SourceStatusError } from '../errors.ts';
import type { BodyAnswer } from '../source.ts';

/** Throws NetError, SourceStatusError, or SourceBodyError for a range that is not the one asked. */
export async function openHttpBody(
  outbound: Outbound,
  clock: Clock,
  policy: OutboundPolicy,
  ref: BodyRef,
  limits: OutboundLimits,
  signal: AbortSignal,
): Promise<BodyAnswer> {
  assert(ref.kind === 'http', 'a loop body is not fetched over HTTP');
  const { url, byteRange } = ref;
  const response = await outbound({
    url,
    policy,
    limits,
    compressed: false,
    signal,
    ...(byteRange === undefined
      ? {}
      : {
          range: { first: byteRange.offset, last: byteRange.offset + byteRange.length - 1 },
        }),
  });
  if (response.status === 200) {
    if (byteRange === undefined) return response;
    // The server ignored Range: RFC 9110 §14.2 lets it, so the part is cut out here
    const body = cut(response.body, byteRange, () => response.cancel());
    return { lengthBytes: byteRange.length, body, cancel: () => response.cancel() };
  }
  if (response.status === 206 && byteRange !== undefined) {
    const header = response.headers.get('content-range') ?? '';
    const first = /^bytes (\d+)-/.exec(header)?.[1];
    if (first === String(byteRange.offset)) return response;
    response.cancel();
    throw new SourceBodyError(`upstream answered the range "${header}"`, byteRange.offset);
  }
  response.cancel();
  const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), clock.nowMs());
  throw new SourceStatusError('segment', response.status, retryAfterMs);
}

async function* cut(
  body: AsyncIterable<Uint8Array>,
  range: ByteRange,
  stop: () => void,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  const end = range.offset + range.length;
  for await (const chunk of body) {
    const from = Math.max(0, range.offset - at);
    const to = Math.min(chunk.byteLength, end - at);
    if (to > from) yield chunk.subarray(from, to);
    at += chunk.byteLength;
    if (at >= end) return stop();
  }
}
