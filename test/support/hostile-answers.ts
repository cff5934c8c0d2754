// This file makes answers that are meant to break whoever reads a list or a guide of them.
import { gzipSync } from 'node:zlib';

type Body = string | Uint8Array;

export type HostileAnswer = {
  /** Lines of the head, as they are; 200 without any where absent. */
  readonly head?: readonly string[];
  /** Sent until it ends, or until nobody reads any more; it may be endless. */
  readonly body?: () => Iterable<Body>;
};

/** `unit` over and over, in pieces of some 64 KiB, to `sizeBytes` in all or for ever. */
export function* repeated(unit: string, sizeBytes = Number.POSITIVE_INFINITY): Generator<Buffer> {
  const piece = Buffer.from(unit.repeat(Math.ceil(65_536 / unit.length)));
  for (let sent = 0; sent < sizeBytes; sent += piece.length) yield piece;
}

export const text = (whole: Body) => () => [whole];

export function* parts(...of: readonly (Iterable<Body> | string)[]): Generator<Body> {
  for (const part of of) {
    if (typeof part === 'string') yield part;
    else yield* part;
  }
}

/** `begin`, or it would be refused before it had grown; then zeros to a thousandth, for ever. */
export function* endlessGzip(begin: string): Generator<Uint8Array> {
  yield gzipSync(begin);
  const member = gzipSync(Buffer.alloc(4 * 1024 * 1024));
  for (;;) yield member;
}

/** Each adds nothing: what counts bytes alone would read them for ever. */
export function* emptyMembers(count: number): Generator<Uint8Array> {
  const many = Buffer.concat(Array.from({ length: 10_000 }, () => gzipSync('')));
  for (let sent = 0; sent < count; sent += 10_000) yield many;
}

/** Whatever is asked for, it is not this; each with the code of the error that is told. */
export const REFUSED_BY_ALL: readonly (HostileAnswer & {
  readonly name: string;
  readonly comes: string;
})[] = [
  { name: 'a web page', body: text('<!DOCTYPE html><html></html>'), comes: 'MEDIA_FORMAT' },
  { name: 'an answer of an API', body: text('{"error":"expired"}'), comes: 'MEDIA_FORMAT' },
  { name: 'nothing', comes: 'MEDIA_FORMAT' },
  { name: 'bytes', body: text(new Uint8Array(4096).fill(0x80)), comes: 'MEDIA_FORMAT' },
  // Overlapping files within it, or none: it is told by its first bytes, and not opened
  { name: 'a ZIP archive', body: text('PK\u0003\u0004\u0014\0\0\0\b\0'), comes: 'MEDIA_FORMAT' },
  { name: 'zeros without end', body: () => repeated('\0'), comes: 'MEDIA_FORMAT' },
  {
    name: 'a redirect into the network of the machine',
    head: ['HTTP/1.1 302 Found', 'Location: http://169.254.169.254/latest', 'Content-Length: 0'],
    comes: 'NET_ADDRESS_BLOCKED',
  },
  {
    name: 'a redirect to itself',
    head: ['HTTP/1.1 302 Found', 'Location: ?', 'Content-Length: 0'],
    comes: 'NET_REDIRECT',
  },
  {
    name: 'a redirect to a file',
    head: ['HTTP/1.1 302 Found', 'Location: file:///etc/passwd', 'Content-Length: 0'],
    comes: 'NET_URL',
  },
];
