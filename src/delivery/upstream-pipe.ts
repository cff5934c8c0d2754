// This file passes the bytes of an upstream on to one viewer as they come.
import type { UrlSource } from '../config/config.ts';
import { contentTypeOf } from '../media/container.ts';
import type { Outbound } from '../net/outbound.ts';
import { segmentLimits, TARGET_DURATION_DEFAULT_S } from '../source/deadlines.ts';
import { SourceStatusError } from '../source/errors.ts';
import { policyOf } from '../source/open-source.ts';
import { headResponse } from './head.ts';
import { CORS, NO_SNIFF } from './headers.ts';

/** Response headers of an upstream body that mean something to a player. */
const PASSED_HEADERS = ['content-type', 'content-range', 'accept-ranges', 'etag', 'last-modified'];

/** A viewer reads as slowly as it likes; the guard of inbound connections bounds it. */
const PATIENCE = { totalMs: 3_600_000, betweenBytesMs: 60_000 };

export type Pipe = { readonly outbound: Outbound; readonly segmentMaxBytes: number };

/** Upstream's bytes; a viewer that leaves closes the upstream connection. Throws AppError. */
export async function pipedResponse(
  { outbound, segmentMaxBytes }: Pipe,
  source: UrlSource,
  url: string,
  request: Request,
): Promise<Response> {
  const limits = segmentLimits(TARGET_DURATION_DEFAULT_S, source.timeouts, segmentMaxBytes, 1);
  const range = wantedRange(request.headers);
  const answer = await outbound({
    url,
    policy: policyOf(source),
    limits: { ...limits, ...PATIENCE },
    compressed: false,
    signal: request.signal,
    ...(range === undefined ? {} : { range }),
  });
  if (answer.status !== 200 && answer.status !== 206) {
    answer.cancel();
    throw new SourceStatusError('segment', answer.status, undefined);
  }
  const headers = pipedHeaders(url);
  for (const name of PASSED_HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return new Response(pulled(answer.body, answer.cancel), { status: answer.status, headers });
}

/** What can be said of it without asking upstream. */
export function pipedHead(url: string): Response {
  return headResponse(pipedHeaders(url));
}

function pipedHeaders(url: string): Record<string, string> {
  const type = contentTypeOf('unknown', url);
  return { ...CORS, ...NO_SNIFF, 'cache-control': 'no-store', 'content-type': type };
}

/** One chunk is read upstream when the viewer has taken the one before it. */
export function pulled(
  body: AsyncIterable<Uint8Array>,
  cancel: () => void,
): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(error);
        }
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}

/**
 * Only a single interval is passed on. RFC 9110 §13.1.5: what
 * the client holds the rest of cannot be compared here, so it gets the whole.
 */
function wantedRange(headers: Headers): { first: number; last?: number } | undefined {
  const header = headers.has('if-range') ? null : headers.get('range');
  const match = header === null ? null : /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header.trim());
  if (match === null) return undefined;
  const first = Number(match[1]);
  return match[2] === '' ? { first } : { first, last: Number(match[2]) };
}
