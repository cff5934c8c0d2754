// This file opens the body of a segment, an init segment or a key over HTTP.
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { ByteRange } from '../../media/m3u8/playlist.ts';
import type {
  Outbound,
  OutboundLimits,
  OutboundPolicy,
  OutboundResponse,
} from '../../net/outbound.ts';
import type { BodyRef } from '../../ring/listing.ts';
import { parseRetryAfterMs, SourceBodyError, SourceStatusError } from '../errors.ts';
import type { BodyAnswer } from '../source.ts';

/** Throws NetError, SourceStatusError, or SourceBodyError for a range that lacks what was asked. */
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
  // The server ignored Range: RFC 9110 §14.2 lets it, so the part is cut out here
  if (response.status === 200) {
    return byteRange === undefined ? response : part(response, byteRange, response.lengthBytes);
  }
  if (response.status === 206 && byteRange !== undefined) {
    const header = response.headers.get('content-range') ?? '';
    const answered = parseContentRange(header);
    if (answered !== undefined && holds(answered, byteRange)) {
      const { first, last } = answered;
      const range = { offset: byteRange.offset - first, length: byteRange.length };
      return part(response, range, last - first + 1);
    }
    response.cancel();
    throw new SourceBodyError(`upstream answered the range "${header}"`, byteRange.offset);
  }
  response.cancel();
  const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), clock.nowMs());
  throw new SourceStatusError('segment', response.status, retryAfterMs);
}

type ContentRange = { readonly first: number; readonly last: number };

/** RFC 9110 §14.4; undefined where it names no bytes. */
function parseContentRange(header: string): ContentRange | undefined {
  const match = /^\s*bytes\s+(\d{1,16})-(\d{1,16})(?!\d)/i.exec(header);
  return match === null ? undefined : { first: Number(match[1]), last: Number(match[2]) };
}

/** RFC 9110 §15.3.7: a server may answer with less than was asked for; less is no whole segment. */
function holds({ first, last }: ContentRange, { offset, length }: ByteRange): boolean {
  return first <= offset && last >= offset + length - 1;
}

/** Of an answer of so many bytes in all, where that is known, those of `range`. */
function part(
  response: OutboundResponse,
  range: ByteRange,
  sizeBytes: number | undefined,
): BodyAnswer {
  const hasMore = sizeBytes !== range.offset + range.length;
  const cancel = () => response.cancel();
  const body = cut(response.body, range, hasMore ? cancel : undefined);
  return { lengthBytes: range.length, body, cancel };
}

/**
 * Throws SourceBodyError where the body ends before the range does, however cleanly. With `stop`
 * what lies behind the range is not waited for; without, the answer ends there and is read out.
 */
async function* cut(
  body: AsyncIterable<Uint8Array>,
  range: ByteRange,
  stop: (() => void) | undefined,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  const end = range.offset + range.length;
  for await (const chunk of body) {
    const from = Math.max(0, range.offset - at);
    const to = Math.min(chunk.byteLength, end - at);
    if (to > from) yield chunk.subarray(from, to);
    at += chunk.byteLength;
    if (at >= end && stop !== undefined) return stop();
  }
  if (at >= end) return;
  const reason = `it ends after ${Math.max(0, at - range.offset)} of ${range.length} bytes`;
  throw new SourceBodyError(reason, at);
}
