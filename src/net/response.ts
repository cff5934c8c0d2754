// This file hands an answer out: its head as it is, its body decoded, bounded and on demand.
import type { Call } from './call.ts';
import { parseContentEncoding, undoEncoding } from './content-encoding.ts';
import { framingOf } from './content-length.ts';
import { NetError } from './errors.ts';
import type { OutboundRequest, OutboundResponse } from './outbound.ts';
import type { Target } from './target.ts';
import { tooLargeError, WireBody } from './wire-body.ts';

/** A declared length up to this is allocated at once; a longer one only as the bytes arrive. */
const MAX_PREALLOCATED_BYTES = 16 * 1_048_576;

export type Opening = {
  readonly call: Call;
  readonly request: OutboundRequest;
  readonly target: Target;
  readonly received: (sizeBytes: number) => void;
};

/** Throws NetError if the answer is one that cannot be read. */
export function openResponse(response: Response, opening: Opening): OutboundResponse {
  const { call, request, target, received } = opening;
  const { limits } = request;
  const { declaredBytes } = framingOf(response);
  const wire = new WireBody(response.body, { call, limits, declaredBytes, received });
  const isTooLarge = declaredBytes !== undefined && declaredBytes > limits.maxBytes;
  // Of a 404 the status is worth more than its body: that one fails when it is read.
  if (isTooLarge && response.ok) throw tooLargeError(target.origin, limits.maxBytes);
  const encodings = parseContentEncoding(response.headers.get('content-encoding'), target.origin);
  const isPlain = encodings.length === 0 && !request.compressed;
  const pieces = isPlain ? wire : undoEncoding(wire, encodings, target.origin);
  const body = bounded(pieces, call, isTooLarge ? 0 : limits.maxBytes);
  const lengthBytes = isPlain ? declaredBytes : undefined;
  if (response.status === 204 || response.status === 304) call.finish();
  return {
    status: response.status,
    headers: isPlain ? response.headers : decodedHeaders(response.headers),
    url: target.href,
    ...(lengthBytes === undefined ? {} : { lengthBytes }),
    ...(declaredBytes === undefined ? {} : { declaredBytes }),
    body,
    bytes: () => collect(body, lengthBytes),
    cancel: () => call.abort('its reader'),
  };
}

/** What speaks of the encoded body must not be passed on with the decoded one. */
function decodedHeaders(headers: Headers): Headers {
  const kept = new Headers(headers);
  kept.delete('content-encoding');
  kept.delete('content-length');
  return kept;
}

/** The call ends with this loop: at the end, with an error, or because the reader left it. */
async function* bounded(
  pieces: AsyncIterable<Uint8Array>,
  call: Call,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0;
  try {
    for await (const piece of pieces) {
      sizeBytes += piece.byteLength;
      if (sizeBytes > maxBytes) throw tooLargeError(call.origin, maxBytes);
      yield piece;
    }
    call.finish();
  } catch (error) {
    if (error instanceof NetError) call.stop(error);
    throw call.failure ?? error;
  } finally {
    call.abort('its reader');
  }
}

async function collect(
  body: AsyncIterable<Uint8Array>,
  lengthBytes: number | undefined,
): Promise<Uint8Array> {
  if (lengthBytes === undefined || lengthBytes > MAX_PREALLOCATED_BYTES) {
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    const sizeBytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    return join(pieces, new Uint8Array(sizeBytes));
  }
  const whole = new Uint8Array(lengthBytes);
  let sizeBytes = 0;
  for await (const piece of body) {
    // The runtime ends a body at its declared length; more would be its fault, not ours to write.
    whole.set(piece.subarray(0, lengthBytes - sizeBytes), sizeBytes);
    sizeBytes += piece.byteLength;
  }
  return whole;
}

function join(pieces: readonly Uint8Array[], whole: Uint8Array): Uint8Array {
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}
