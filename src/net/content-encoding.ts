// This file undoes the Content-Encoding of a body while it is read.
import { createGunzip, createInflate, createInflateRaw, type Gunzip } from 'node:zlib';
import { NetError } from './errors.ts';
import { peek } from './peek.ts';

/** Playlists repeat themselves and reach 50:1; deflate itself ends at 1032:1, which only bombs do. */
const MAX_RATIO = 200;
/** Below this much output the ratio says nothing: small runs of one byte pass 200:1 honestly. */
const RATIO_FLOOR_BYTES = 1_048_576;
/** A server that compresses what was compressed already does so once. */
const MAX_LAYERS = 2;

export type Encoding = 'gzip' | 'deflate' | 'identity';

type Pieces = AsyncIterable<Uint8Array>;

// RFC 9110 §8.4: a list, in the order in which the codings were applied; x-gzip is gzip.
export function parseContentEncoding(header: string | null, origin: string): readonly Encoding[] {
  const names = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const encodings = names
    .filter((name) => name !== '' && name !== 'identity')
    .map((name) => {
      if (name === 'gzip' || name === 'x-gzip') return 'gzip';
      if (name === 'deflate') return 'deflate';
      throw encodingError(
        origin,
        `Content-Encoding is ${name.slice(0, 32)}, which was not offered`,
      );
    });
  if (encodings.length > MAX_LAYERS) throw encodingError(origin, 'encoded more than twice');
  return encodings;
}

/**
 * What the header says is believed only where the bytes agree, since servers say gzip over plain
 * text and the other way round, and players play both. gzip is therefore undone wherever its magic
 * number stands, up to two layers deep; deflate, which has none, only where the header names it.
 */
export async function* undoEncoding(
  source: Pieces,
  encodings: readonly Encoding[],
  origin: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let pieces = source;
  const named = [...encodings];
  for (let layer = 0; ; layer += 1) {
    const { start, rest } = await peek(pieces, 2);
    const isGzip = start[0] === 0x1f && start[1] === 0x8b; // RFC 1952 §2.3.1: ID1, ID2
    const isDeflate = named.at(-1) === 'deflate' && !isPlainText(start);
    if (start.length === 0 || !(isGzip || isDeflate)) {
      yield* rest;
      return;
    }
    if (layer === MAX_LAYERS) throw encodingError(origin, 'gzip more than twice over');
    named.pop();
    pieces = inflate(rest, isGzip ? createGunzip() : deflateDecoder(start), origin);
  }
}

/** A playlist ("#"), markup ("<") or a byte order mark: text where deflate was announced. */
function isPlainText(start: Uint8Array): boolean {
  return start[0] === 0x23 || start[0] === 0x3c || (start[0] === 0xef && start[1] === 0xbb);
}

// RFC 9110 §8.4.1.2: deflate means the zlib format; many servers send the bare stream instead.
// RFC 1950 §2.2: CM is 8, and CMF·256 + FLG is a multiple of 31.
function deflateDecoder(start: Uint8Array): ReturnType<typeof createInflate> {
  const isZlib = (start[0]! & 0x0f) === 8 && (start[0]! * 256 + (start[1] ?? 0)) % 31 === 0;
  return isZlib ? createInflate() : createInflateRaw();
}

type Decoder = Gunzip | ReturnType<typeof createInflate>;

async function* inflate(
  source: Pieces,
  decoder: Decoder,
  origin: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let outBytes = 0;
  // Not awaited: its failure reaches the loop below through the decoder, and a source that stalls
  // must not hold up a reader that left.
  void feed(source, decoder);
  try {
    for await (const piece of decoder as AsyncIterable<Uint8Array>) {
      outBytes += piece.byteLength;
      if (outBytes > RATIO_FLOOR_BYTES && outBytes > decoder.bytesWritten * MAX_RATIO) {
        throw encodingError(origin, `expands more than ${MAX_RATIO} times`);
      }
      yield piece;
    }
  } catch (cause) {
    if (cause instanceof NetError) throw cause;
    throw encodingError(origin, 'the compressed body is broken or cut short');
  } finally {
    decoder.destroy();
  }
}

/** Writes only as fast as the output is taken; never rejects. */
async function feed(source: Pieces, decoder: Decoder): Promise<void> {
  try {
    for await (const piece of source) {
      if (decoder.destroyed) return;
      if (!decoder.write(piece)) await drained(decoder);
    }
    decoder.end();
  } catch (cause) {
    decoder.destroy(cause instanceof Error ? cause : new Error(String(cause)));
  }
}

function drained(decoder: Decoder): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      decoder.off('drain', done);
      decoder.off('close', done);
      resolve();
    };
    decoder.on('drain', done);
    decoder.on('close', done);
  });
}

function encodingError(origin: string, state: string): NetError {
  return new NetError('NET_ENCODING', `Cannot read body from ${origin}: ${state}`, { origin });
}
