// This file reads of an fMP4 segment no more than is wanted next: its boxes, then frame after frame.
import { FormatError } from '../../base/errors.ts';
import { topLevelBoxAt } from '../../media/fmp4/box.ts';
import type { Frame } from '../../media/fmp4/frame.ts';
import type { BytesOf } from '../../media/remux/pending-unit.ts';
import type { PieceReads } from './piece-reads.ts';

/** Of a box its header is wanted first: a moof is seldom longer than this. */
const LOOK_BYTES = 16 * 1024;
const HEADER_BYTES = 16;
/** A minute in fragments of one frame has a tenth of it. */
const BOXES_MAX = 50_000;
/** What lies between two frames and is read rather than asked twice. */
const SKIP_BYTES = 8 * 1024;

/** As long as the segment; what belongs to frames is not there, and takes no memory. */
export async function readBoxes(body: Blob, reads: PieceReads): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(body.size);
  let readTo = 0;
  let boxes = 0;
  for (let at = 0; at < bytes.length; boxes++) {
    if (boxes === BOXES_MAX) throw tooMany(at);
    readTo = await readMore(body, reads, bytes, Math.max(at, readTo), at + HEADER_BYTES);
    const { type, endAt } = topLevelBoxAt(bytes, at);
    if (type !== 'mdat') {
      readTo = await readMore(body, reads, bytes, Math.max(at, readTo), endAt);
    }
    at = endAt;
  }
  return bytes;
}

/** Up to `to` at least, where that is not there; how far it is. */
async function readMore(
  body: Blob,
  reads: PieceReads,
  bytes: Uint8Array,
  from: number,
  to: number,
): Promise<number> {
  if (from >= Math.min(to, bytes.length)) return from;
  const end = Math.min(bytes.length, Math.max(to, from + LOOK_BYTES));
  bytes.set(await reads.piece(body, from, end), from);
  return end;
}

/** Frames lie side by side for the most part, each track's by themselves. */
export async function readFrames(
  body: Blob,
  reads: PieceReads,
  frames: readonly Frame[],
): Promise<BytesOf> {
  const found = new Map<Frame, Uint8Array>();
  const sorted = frames.toSorted((left, right) => left.at - right.at);
  for (let index = 0; index < sorted.length; ) {
    const from = sorted[index]!.at;
    let to = endOf(sorted[index]!);
    let next = index + 1;
    while (next < sorted.length && sorted[next]!.at <= to + SKIP_BYTES) {
      to = Math.max(to, endOf(sorted[next++]!));
    }
    const bytes = await reads.piece(body, from, to);
    for (const frame of sorted.slice(index, next)) {
      found.set(frame, bytes.subarray(frame.at - from, endOf(frame) - from));
    }
    index = next;
  }
  return (frame) => found.get(frame)!;
}

function endOf({ at, bytes }: Frame): number {
  return at + bytes.length;
}

function tooMany(at: number): FormatError {
  const message = `Cannot read fMP4: more than ${BOXES_MAX} boxes, wanted fewer`;
  return new FormatError('fmp4', at, message, 'ISO/IEC 14496-12 §4.2');
}
