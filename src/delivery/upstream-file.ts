// This file sends a file with an end from where it lies, or the part of it that is asked for.
import type { Clock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Film } from '../lineup/films.ts';
import type { Outbound, OutboundResponse } from '../net/outbound.ts';
import { type ScopedOutbound, scoped } from '../net/scoped-outbound.ts';
import { viewerPlace } from '../prefetch/channel/viewer-place.ts';
import { SourceStatusError } from '../source/errors.ts';
import type { Lease, ProviderLeases } from '../source/failover/provider-leases.ts';
import { problemResponse } from './error-response.ts';
import { fileTypeOf } from './file-type.ts';
import { headResponse } from './head.ts';
import { CORS, NO_SNIFF } from './headers.ts';
import { refused } from './passed-stream.ts';
import type { SendSized } from './sized-answer.ts';
import { askedPart, FIRST_BYTE, fetchedPart, totalIn } from './upstream-part.ts';
import { pulled } from './upstream-pipe.ts';
import { watchedBody } from './watched-body.ts';

export type UpstreamFiles = {
  readonly outbound: Outbound;
  readonly leases: ProviderLeases;
  readonly clock: Clock;
  readonly log: Log;
  readonly send: SendSized;
};

/** What a viewer asks for parts by; the file is called the same all the while. */
const PASSED_HEADERS = ['accept-ranges', 'content-range', 'etag', 'last-modified'];

type Held = { readonly outbound: ScopedOutbound; readonly lease: Lease | undefined };

/** `left` is called once a viewer that was answered has gone. */
export async function upstreamFile(
  files: UpstreamFiles,
  film: Film,
  request: Request,
  left: () => void,
): Promise<Response> {
  const { leases, clock } = files;
  try {
    const lease = await viewerPlace(leases, film.source.provider, clock, request.signal);
    const held = { lease, outbound: scoped(files.outbound) };
    const over = () => {
      letGo(held);
      left();
    };
    using failing = new DisposableStack();
    failing.defer(() => letGo(held));
    const answer = await askedPart(held.outbound, film.source, request);
    if (answer.status === 416 && request.headers.has('range')) return beyond(answer, request);
    const sent = passedOn(files, film, answer, request, over);
    failing.move();
    return await sent;
  } catch (error) {
    return failed(files, film, error, request);
  }
}

/** Its length and its type, by asking for its first byte: nothing else tells whether it is there. */
export async function upstreamFileHead(
  files: UpstreamFiles,
  film: Film,
  request: Request,
): Promise<Response> {
  const { leases, clock } = files;
  try {
    using held = new DisposableStack();
    const lease = await viewerPlace(leases, film.source.provider, clock, request.signal);
    if (lease !== undefined) held.use(lease);
    const outbound = held.use(scoped(files.outbound));
    const answer = await fetchedPart(outbound, film.source, FIRST_BYTE, request.signal);
    answer.cancel();
    checkFile(answer);
    const { 'content-range': range, ...headers } = headersOf(film, answer);
    const length = answer.status === 206 ? totalIn(range) : answer.lengthBytes;
    if (length === undefined) return headResponse(headers);
    return new Response(null, { headers: { ...headers, 'content-length': String(length) } });
  } catch (error) {
    return failed(files, film, error, request);
  }
}

function passedOn(
  { send, log }: UpstreamFiles,
  film: Film,
  answer: OutboundResponse,
  request: Request,
  over: () => void,
): Response | Promise<Response> {
  checkFile(answer);
  const status = answer.status === 206 ? 206 : 200;
  const headers = headersOf(film, answer);
  const body = watchedBody(answer.body, (error) => {
    if (error !== undefined && errorRecord(error).code !== 'NET_ABORTED') {
      log.warn('file broken off', { file: film.id, error });
    }
    answer.cancel();
    over();
  });
  const { lengthBytes: sizeBytes } = answer;
  if (sizeBytes !== undefined) return send({ request, status, headers, sizeBytes, body });
  return new Response(
    pulled(body, () => void body.return(undefined)),
    { status, headers },
  );
}

/** Throws SourceStatusError where it is no part of a file. */
function checkFile(answer: OutboundResponse): void {
  const { status, headers } = answer;
  const isPage = /^text\/html\b/i.test(headers.get('content-type') ?? '');
  if ((status === 200 || status === 206) && !isPage) return;
  answer.cancel();
  throw new SourceStatusError('file', isPage ? 404 : status, undefined);
}

function headersOf(film: Film, answer: OutboundResponse): Record<string, string> {
  const headers: Record<string, string> = {
    ...CORS,
    ...NO_SNIFF,
    'cache-control': 'no-store',
    'content-type': fileTypeOf(film.extension),
  };
  for (const name of PASSED_HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  // A whole that says nothing of parts may have them all the same
  if (answer.status === 206) headers['accept-ranges'] = 'bytes';
  return headers;
}

function beyond(answer: OutboundResponse, request: Request): Response {
  answer.cancel();
  const { headers } = answer;
  const contentRange = headers.get('content-range');
  const total = totalIn(contentRange ?? undefined);
  const told = total === undefined ? {} : { headers: { 'content-range': `bytes */${total}` } };
  const message = `Cannot send the range: the file has ${total ?? 'fewer'} bytes`;
  return problemResponse({ status: 416, code: 'DELIVERY_RANGE', message, ...told }, request);
}

function failed({ log }: UpstreamFiles, { id }: Film, error: unknown, request: Request): Response {
  if (request.signal.aborted) return new Response(null, { status: 499 });
  log.warn('file not sent', { file: id, error });
  return refused(error, request);
}

/** The place at the provider last: it is free once nothing is open there. */
function letGo({ outbound, lease }: Held): void {
  outbound[Symbol.dispose]();
  lease?.[Symbol.dispose]();
}
