// This file turns an answer into the steps a connection performs, byte by byte.
import type { Answer } from './answer.ts';

export type Action =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'send'; readonly bytes: Uint8Array; readonly bodyBytes: number }
  /** Silence until the other side goes. */
  | { readonly do: 'stall' }
  | { readonly do: 'close' }
  | { readonly do: 'reset' };

/** Times a second that a slow body moves on. */
const DRIPS_PER_SECOND = 20;

const encoder = new TextEncoder();

export function* planOf(answer: Answer, isHead: boolean): Generator<Action> {
  if (answer.headDelayMs > 0) yield { do: 'wait', ms: answer.headDelayMs };
  const cut = answer.cut;
  if (cut?.at === 'head') return yield { do: cut.by };
  const head = headBytes(answer);
  if (cut?.at === 'mid-head') {
    yield { do: 'send', bytes: head.subarray(0, head.length >> 1), bodyBytes: 0 };
    return yield { do: cut.by };
  }
  yield { do: 'send', bytes: head, bodyBytes: 0 };
  if (!isHead) {
    const sent = yield* bodyPlan(answer);
    if (!sent) return yield { do: cut!.by };
    if (answer.trailing) yield { do: 'send', bytes: answer.trailing, bodyBytes: 0 };
  }
  if (typeof answer.afterwards === 'number') {
    yield { do: 'wait', ms: answer.afterwards };
    yield { do: 'close' };
  } else if (answer.afterwards === 'close') {
    yield { do: 'close' };
  }
}

function headBytes(answer: Answer): Uint8Array {
  const lines = [`HTTP/1.1 ${answer.status} ${answer.status < 300 ? 'OK' : 'Scripted'}`];
  for (const [name, value] of answer.headers) lines.push(`${name}: ${value}`);
  if (answer.framing === 'length') {
    lines.push(`Content-Length: ${answer.declaredLength ?? answer.body.length}`);
  } else if (answer.framing === 'chunked') {
    lines.push('Transfer-Encoding: chunked');
  }
  const closes = answer.framing === 'close' || answer.afterwards === 'close';
  lines.push(`Connection: ${answer.saysConnection ?? (closes ? 'close' : 'keep-alive')}`);
  return encoder.encode(`${lines.join('\r\n')}\r\n\r\n`);
}

/** True where the body went out to its end, false where it was cut. */
function* bodyPlan(answer: Answer): Generator<Action, boolean> {
  const cutBytes = typeof answer.cut?.at === 'number' ? answer.cut.at : undefined;
  const pause = answer.pause;
  let sentBytes = 0;
  for (const piece of piecesOf(answer)) {
    if (sentBytes === pause?.atBytes) yield { do: 'wait', ms: pause.ms };
    const left = Math.min(piece.length, (cutBytes ?? Number.POSITIVE_INFINITY) - sentBytes);
    yield* framed(answer, piece, left);
    sentBytes += left;
    if (answer.bytesPerSecond) yield { do: 'wait', ms: 1000 / DRIPS_PER_SECOND };
    if (sentBytes === cutBytes) return false;
  }
  if (cutBytes !== undefined) return false;
  if (sentBytes === pause?.atBytes) yield { do: 'wait', ms: pause.ms };
  if (answer.framing === 'chunked' && answer.chunkFault !== 'no last chunk') {
    yield { do: 'send', bytes: encoder.encode('0\r\n\r\n'), bodyBytes: 0 };
  }
  return true;
}

/** The body in the pieces it is sent in: chunks, drips, and what is before and after the pause. */
function* piecesOf(answer: Answer): Generator<Uint8Array> {
  let pieceBytes = answer.framing === 'chunked' ? answer.chunkBytes : 256 * 1024;
  if (answer.bytesPerSecond) {
    pieceBytes = Math.max(1, Math.floor(answer.bytesPerSecond / DRIPS_PER_SECOND));
  }
  const pauseBytes = answer.pause?.atBytes ?? Number.POSITIVE_INFINITY;
  for (let from = 0; from < answer.body.length; ) {
    let to = Math.min(answer.body.length, from + pieceBytes);
    if (from < pauseBytes && to > pauseBytes) to = pauseBytes;
    yield answer.body.subarray(from, to);
    from = to;
  }
  while (answer.endless) yield answer.endless;
}

/** Sends the first `left` bytes of `piece`, framed as if all of it were to come. */
function* framed(answer: Answer, piece: Uint8Array, left: number): Generator<Action> {
  if (answer.framing !== 'chunked') {
    return yield { do: 'send', bytes: piece.subarray(0, left), bodyBytes: left };
  }
  // RFC 9112 §7.1: chunk-size in hex, CRLF, data, CRLF
  let size = piece.length.toString(16);
  if (answer.chunkFault === 'size not hex') size = 'xyz';
  if (answer.chunkFault === 'size overflow') size = `f${'f'.repeat(31)}`;
  const end = left < piece.length || answer.chunkFault === 'no terminator' ? '' : '\r\n';
  const bytes = Buffer.concat([
    encoder.encode(`${size}\r\n`),
    piece.subarray(0, left),
    encoder.encode(end),
  ]);
  yield { do: 'send', bytes, bodyBytes: left };
}
