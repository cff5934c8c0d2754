// This file answers with a segment, an init segment or a key.
import type { Awaited, BodyResult } from '../prefetch/answers.ts';
import { problemResponse, refuse, shown, unavailable } from './error-response.ts';
import { headResponse } from './head.ts';
import { CORS, IMMUTABLE_CACHE } from './headers.ts';
import { parseRange } from './range.ts';

/** RFC 9110 §13.1.2: weak comparison, lists and `*`. */
export function matchesEtag(header: string | null, etag: string): boolean {
  if (header === null) return false;
  if (header === etag || header.trim() === '*') return true;
  return header.split(',').some((part) => part.trim().replace(/^W\//, '') === etag);
}

export function bodyResponse(
  name: string,
  result: BodyResult | Awaited,
  request: Request,
): Response | Promise<Response> {
  switch (result.kind) {
    case 'whole':
      return wholeResponse(name, result.body, result.contentType, request);
    case 'streaming': {
      const { inFlight, contentType } = result;
      if (rangeWanted(name, request) !== null) {
        return inFlight.whole().then(
          (body) => wholeResponse(name, body, contentType, request),
          (error: Error) => unavailable(error.message, 1, request),
        );
      }
      const headers = bodyHeaders(name, contentType);
      return new Response(inFlight.stream(), { headers });
    }
    case 'awaited':
      return headResponse(bodyHeaders(name, result.contentType));
    case 'missing':
      return problemResponse(
        {
          status: 404,
          code: 'DELIVERY_UNKNOWN_SEGMENT',
          message: `Cannot send ${shown(name)}: no playlist of this channel names it`,
        },
        request,
      );
    case 'gone':
      return problemResponse(
        {
          status: 410,
          code: 'DELIVERY_SEGMENT_GONE',
          message: `Cannot send ${shown(name)}: it has left the buffer`,
        },
        request,
      );
    case 'unavailable':
      return refuse(result, request);
  }
}

function bodyHeaders(name: string, contentType: string): Record<string, string> {
  const isKey = name.startsWith('key-');
  return {
    ...CORS,
    'content-type': contentType,
    'cache-control': isKey ? 'no-store' : IMMUTABLE_CACHE,
    etag: `"${name}"`,
  };
}

function wholeResponse(name: string, body: Blob, contentType: string, request: Request): Response {
  const headers = { ...bodyHeaders(name, contentType), 'accept-ranges': 'bytes' };
  if (matchesEtag(request.headers.get('if-none-match'), `"${name}"`)) {
    return new Response(null, { status: 304, headers });
  }
  const range = parseRange(rangeWanted(name, request), body.size);
  if (range === undefined) return new Response(body, { headers });
  if (range === 'unsatisfiable') {
    const contentRange = { 'content-range': `bytes */${body.size}` };
    const message = `Cannot send the range: the segment has ${body.size} bytes`;
    return problemResponse(
      { status: 416, code: 'DELIVERY_RANGE', message, headers: contentRange },
      request,
    );
  }
  const { first, last } = range;
  const contentRange = `bytes ${first}-${last}/${body.size}`;
  return new Response(body.slice(first, last + 1, contentType), {
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
  });
}

// RFC 9110 §13.1.5: a part only of what the client has the rest of, by its strong tag; a date, of
// which we send none, is never the right one
function rangeWanted(name: string, { headers }: Request): string | null {
  const range = headers.get('range');
  if (range === null) return null;
  const held = headers.get('if-range');
  return held === null || held.trim() === `"${name}"` ? range : null;
}
