// This file undoes the compression of a guide while it is read.
import { XzReadableStream } from 'xz-decompress';
import { undoEncoding } from '../net/content-encoding.ts';
import { peek } from '../net/peek.ts';
import { GuideError } from './errors.ts';

type Pieces = AsyncIterable<Uint8Array>;

/** The .xz file format 1.2.0 §2.1.1.1: Header Magic Bytes */
const XZ_MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];

/** Guides repeat themselves and reach 30:1; what passes this is a bomb. */
const MAX_RATIO = 400;
/** Below this much text the ratio says nothing. */
const RATIO_FLOOR_BYTES = 16 * 1024 * 1024;
/** The largest guides there are have some hundreds of megabytes of text. */
export const MAX_GUIDE_BYTES = 4 * 1024 ** 3;

/** Plain, gzip or xz, as the bytes themselves say: names and headers of guides are not to be relied on. */
export async function* unpacked(source: Pieces, place: string): AsyncGenerator<Uint8Array> {
  const { start, rest } = await peek(source, XZ_MAGIC.length);
  const isXz = XZ_MAGIC.every((byte, at) => start[at] === byte);
  const pieces = isXz ? unxz(rest, place) : undoEncoding(rest, [], place);
  let sizeBytes = 0;
  for await (const piece of pieces) {
    sizeBytes += piece.length;
    if (sizeBytes > MAX_GUIDE_BYTES) {
      const message = `Cannot read guide from ${place}: more than ${MAX_GUIDE_BYTES} bytes`;
      throw new GuideError('GUIDE_TOO_LARGE', message, { place });
    }
    yield piece;
  }
}

async function* unxz(source: Pieces, place: string): AsyncGenerator<Uint8Array> {
  let packedBytes = 0;
  let sizeBytes = 0;
  const iterator = source[Symbol.asyncIterator]();
  const packed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) return controller.close();
      packedBytes += value.length;
      controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  try {
    for await (const piece of new XzReadableStream(packed) as unknown as Pieces) {
      sizeBytes += piece.length;
      if (sizeBytes > RATIO_FLOOR_BYTES && sizeBytes > packedBytes * MAX_RATIO) {
        const message = `Cannot read guide from ${place}: its xz unpacks to more than ${MAX_RATIO} times its size`;
        throw new GuideError('GUIDE_COMPRESSION', message, { place, packedBytes, sizeBytes });
      }
      // It hands out the same memory again
      yield piece.slice();
    }
  } catch (error) {
    if (error instanceof GuideError || packedBytes === 0) throw error;
    const message = `Cannot read guide from ${place}: its xz is broken`;
    throw new GuideError('GUIDE_COMPRESSION', message, { place, packedBytes }, error);
  } finally {
    await iterator.return?.();
  }
}
