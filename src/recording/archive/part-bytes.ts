// This file reads, or makes, the bytes of one segment within a file, in small parts.
import { othersTurn } from '../../base/turn.ts';
import { SNIFF_BYTES, sniffContainer } from '../../media/container.ts';
import { PACKET_BYTES } from '../../media/mpegts/packet.ts';
import { isAsItIs, type JoinShift, joinHere } from '../../media/mpegts/transport-join.ts';
import type { TransportMarks } from '../../media/mpegts/transport-marks.ts';
import { TransportPiece } from '../../media/remux/transport-piece.ts';
import type { PieceReads } from './piece-reads.ts';
import type { ClearSegment } from './segment-marks.ts';
import { readBoxes, readFrames } from './segment-reads.ts';

/** Read in one go: what a viewer that stalls holds of it, and a fraction of a millisecond's work. */
const READ_BYTES = 700 * PACKET_BYTES;

export type PlacedBytes = { readonly at: number; readonly bytes: Uint8Array<ArrayBuffer> };

/** MPEG-TS as it lies there: where nothing is changed, what stands before `from` is not even read. */
export async function* storedParts(
  body: Blob,
  marks: TransportMarks,
  shift: JoinShift,
  from: number | undefined,
  reads: PieceReads,
): AsyncGenerator<PlacedBytes> {
  const isPlain = isAsItIs(shift);
  let at = isPlain && from !== undefined ? Math.max(0, from) : 0;
  let readBytes = READ_BYTES;
  while (at < body.size) {
    const end = Math.min(body.size, at + readBytes);
    const bytes = await reads.piece(body, at, end);
    const joinedBytes = isPlain ? bytes.length : joinHere(bytes, marks, shift);
    const clean = end === body.size ? bytes.length : joinedBytes;
    // A header that goes on and on: more of it at once
    if (clean === 0) readBytes *= 2;
    else {
      yield { at, bytes: bytes.subarray(0, clean) };
      at += clean;
      readBytes = READ_BYTES;
    }
  }
}

/** What was learnt of it when it was archived was learnt by the same. */
export async function* madeParts(
  { body, init }: ClearSegment,
  { earlierTicks }: { readonly earlierTicks: number },
  reads: PieceReads,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const head = await reads.piece(body, 0, Math.min(SNIFF_BYTES, body.size));
  const isWhole = sniffContainer(head) !== 'fmp4';
  const bytes = await (isWhole ? reads.piece(body, 0, body.size) : readBoxes(body, reads));
  const piece = new TransportPiece({ bytes, ...(init && { init }), earlierTicks });
  for (const { frames, make } of piece.pending()) {
    yield make(await readFrames(body, reads, frames));
    await othersTurn();
  }
}
