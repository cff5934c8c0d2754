// This file holds everything that can go wrong with an answer, as functions from answer to answer.
import { deflateRawSync, gzipSync, constants as zlib } from 'node:zlib';
import { type Answer, type CutBy, type Header, statusAnswer } from './answer.ts';

export type Fault = (normal: Answer) => Answer;

/** Several faults at once, the first applied first. */
export function all(...faults: readonly Fault[]): Fault {
  return (normal) => faults.reduce((answer, fault) => fault(answer), normal);
}

export function delayed(headDelayMs: number): Fault {
  return (normal) => ({ ...normal, headDelayMs });
}

/** `share` of the body (0 to 1), then silence for `ms`, then the rest. */
export function pausedAt(share: number, ms: number): Fault {
  return (normal) => ({
    ...normal,
    pause: { atBytes: Math.floor(normal.body.length * share), ms },
  });
}

/** `at`: `head`, `mid-head`, or the share of the body that is still sent. */
export function cutAt(at: 'head' | 'mid-head' | number, by: CutBy): Fault {
  return (normal) => ({
    ...normal,
    cut: { at: typeof at === 'number' ? Math.floor(normal.body.length * at) : at, by },
  });
}

export function stalledAt(at: 'head' | 'mid-head' | number): Fault {
  return cutAt(at, 'stall');
}

/** Takes the request and closes without a byte. */
export const hungUp: Fault = cutAt('head', 'close');

export function dripped(bytesPerSecond: number): Fault {
  return (normal) => ({ ...normal, bytesPerSecond });
}

export function chunked(chunkBytes = 16 * 1024): Fault {
  return (normal) => ({ ...normal, framing: 'chunked', chunkBytes });
}

/** The end of the body is the end of the connection. */
export const closeDelimited: Fault = (normal) => ({
  ...normal,
  framing: 'close',
  afterwards: 'close',
});

export function chunkFault(kind: NonNullable<Answer['chunkFault']>): Fault {
  return (normal) => ({ ...normal, framing: 'chunked', chunkFault: kind, afterwards: 'close' });
}

export function declaredLength(text: string): Fault {
  return (normal) => ({ ...normal, framing: 'length', declaredLength: text });
}

/** Every way to lose the end of a body. `share` of it is sent. */
export const TRUNCATIONS = {
  'length, closed early': (share) => cutAt(share, 'close'),
  'length, reset': (share) => cutAt(share, 'reset'),
  'length that says less, clean end': (share) => (normal) => ({
    ...normal,
    body: normal.body.subarray(0, Math.floor(normal.body.length * share)),
  }),
  'chunked, closed within a chunk': (share) => all(chunked(), cutAt(share, 'close')),
  'chunked, reset within a chunk': (share) => all(chunked(), cutAt(share, 'reset')),
  'chunked, no last chunk': (share) => (normal) => ({
    ...chunkFault('no last chunk')(normal),
    body: normal.body.subarray(0, Math.floor(normal.body.length * share)),
  }),
  'close-delimited, closed early': (share) => all(closeDelimited, cutAt(share, 'close')),
  'close-delimited, reset': (share) => all(closeDelimited, cutAt(share, 'reset')),
} as const satisfies Record<string, (share: number) => Fault>;

export function replacedBy(answer: Answer): Fault {
  return () => answer;
}

export function withStatus(status: number, headers: readonly Header[] = []): Fault {
  return replacedBy(statusAnswer(status, headers));
}

/** After the body, the same megabyte for ever; its length is not said. */
export function endless(framing: 'chunked' | 'close' = 'chunked'): Fault {
  return (normal) => ({ ...normal, framing, endless: new Uint8Array(1024 * 1024).fill(0x47) });
}

export function junkAfter(bytes: Uint8Array): Fault {
  return (normal) => ({ ...normal, trailing: bytes });
}

export function afterwards(what: Answer['afterwards']): Fault {
  return (normal) => ({ ...normal, afterwards: what });
}

/** Says one thing of the connection and does another. */
export function saysConnection(what: 'keep-alive' | 'close'): Fault {
  return (normal) => ({ ...normal, saysConnection: what });
}

export function withHeaders(headers: readonly Header[]): Fault {
  return (normal) => ({ ...normal, headers: [...normal.headers, ...headers] });
}

export function headerFlood(count: number, valueBytes = 100): Fault {
  const value = 'x'.repeat(valueBytes);
  return withHeaders(Array.from({ length: count }, (_, n) => [`X-Flood-${n}`, value]));
}

/** Answers a Range with the whole body and 200, as some CDNs do. */
export const rangeIgnored: Fault = (normal) => normal.whole ?? normal;

/** Answers a Range with the first bytes under a Content-Range that says so. */
export const rangeWrong: Fault = (normal) => {
  const whole = normal.whole?.body;
  if (normal.status !== 206 || whole === undefined) return normal;
  const range = `bytes 0-${normal.body.length - 1}/${whole.length}`;
  return {
    ...normal,
    body: whole.subarray(0, normal.body.length),
    headers: normal.headers.map(([name, value]) => [
      name,
      name === 'Content-Range' ? range : value,
    ]),
  };
};

/**
 * Answers a Range with less of it than was asked for, as RFC 9110 §15.3.7 lets a server do. It ends
 * on the border of a TS packet: the bytes themselves do not tell that some are missing.
 */
export function rangeShort(share: number): Fault {
  return (normal) => {
    const whole = normal.whole?.body;
    if (normal.status !== 206 || whole === undefined) return normal;
    const body = normal.body.subarray(0, Math.floor((normal.body.length * share) / 188) * 188);
    const headers = normal.headers.map(([name, value]): Header => {
      if (name !== 'Content-Range') return [name, value];
      const first = Number(/\d+/.exec(value)?.[0]);
      return [name, `bytes ${first}-${first + body.length - 1}/${whole.length}`];
    });
    return { ...normal, body, headers };
  };
}

/** Alters a text body; playlists regress this way. */
export function rewritten(rewrite: (text: string) => string): Fault {
  return (normal) => ({
    ...normal,
    body: new TextEncoder().encode(rewrite(new TextDecoder().decode(normal.body))),
  });
}

export type GzipKind = 'right' | 'unsaid' | 'said only' | 'double' | 'truncated' | 'bomb';

/** `unsaid`: gzip without the header; `said only`: the header without gzip. */
export function gzipped(kind: GzipKind): Fault {
  return (normal) => {
    const headers: Header[] = [...normal.headers];
    if (kind !== 'unsaid') headers.push(['Content-Encoding', 'gzip']);
    return { ...normal, headers, body: gzipBody(normal.body, kind) };
  };
}

function gzipBody(body: Uint8Array, kind: GzipKind): Uint8Array {
  if (kind === 'said only') return body;
  if (kind === 'bomb') return gzipBomb(1024 ** 3);
  const once = gzipSync(body);
  if (kind === 'double') return gzipSync(once);
  return kind === 'truncated' ? once.subarray(0, once.length >> 1) : once;
}

/**
 * One gzip member that unpacks to `sizeBytes` zeros, about a thousandth of that on the wire. Its
 * checksum is left 0: only a reader that has swallowed the whole bomb gets to see it.
 */
export function gzipBomb(sizeBytes: number): Uint8Array {
  const stepBytes = 16 * 1024 * 1024;
  // RFC 1951 §3.2.3: blocks without BFINAL may be repeated as they are
  const block = deflateRawSync(new Uint8Array(stepBytes), { finishFlush: zlib.Z_FULL_FLUSH });
  const count = Math.ceil(sizeBytes / stepBytes);
  // RFC 1952 §2.3: magic, deflate, no flags, no time, unknown system
  const head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
  // An empty final block with fixed codes, then CRC32 and ISIZE
  const tail = [0x03, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
  const blocks = Array.from({ length: count }, () => block);
  return Buffer.concat([Buffer.from(head), ...blocks, Buffer.from(tail)]);
}

/** A clock that stands still since `atMs`: what is named from then on has that date. */
export function frozenDates(atMs: number): Fault {
  const tag = /(#EXT-X-PROGRAM-DATE-TIME:)(.*)/g;
  const frozen = (date: string) => new Date(Math.min(atMs, Date.parse(date))).toISOString();
  return rewritten((text) =>
    text.replace(tag, (_, name: string, date: string) => name + frozen(date)),
  );
}
