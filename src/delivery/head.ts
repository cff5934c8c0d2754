// This file lets a HEAD be answered by what answers the GET of the same address.
import { standingFor } from './viewer-address.ts';

/** The router would read a whole body to count its bytes, and call one it has not got 0 long. */
const HEADS = new WeakSet<Request>();

/** A GET of the same, which `isHead` knows; the server sends the headers of its answer only. */
export function asGet(request: Request, url = request.url): Request {
  const { headers, signal } = request;
  const get = standingFor(new Request(url, { headers, signal }), request);
  HEADS.add(get);
  return get;
}

/** Nothing may be asked of upstream for it, and nobody watches because of it. */
export function isHead(request: Request): boolean {
  return HEADS.has(request);
}

/**
 * The headers of an answer that has a body of unknown length. RFC 9112 §6.1: the coding says what
 * GET would have; without it the server would write a length of 0.
 */
export function headResponse(headers: Readonly<Record<string, string>>): Response {
  return new Response(null, { headers: { ...headers, 'transfer-encoding': 'chunked' } });
}
