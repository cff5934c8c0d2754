// This file takes the beginning of a segment, so that a stream begins before the rest is read.
import { PACKET_BYTES, SYNC_BYTE } from '../../media/mpegts/packet.ts';
import { readFileHead } from '../../ring/memory-files.ts';

/**
 * About 128 KiB: a quarter of a second of a usual channel, and a key frame of all but the largest.
 * To read and splice it takes a third of the time that a whole segment takes.
 */
export const BEGINNING_BYTES = 697 * PACKET_BYTES;
/** Of what is hardly longer nothing is gained. */
const PARTED_MIN_BYTES = 2 * BEGINNING_BYTES;

/** Undefined where it is short, or is not one unbroken row of packets. */
export async function readBeginning(body: Blob): Promise<Uint8Array | undefined> {
  if (body.size < PARTED_MIN_BYTES) return undefined;
  const bytes =
    readFileHead(body, BEGINNING_BYTES) ?? (await body.slice(0, BEGINNING_BYTES).bytes());
  const isRow =
    bytes.length === BEGINNING_BYTES &&
    bytes[0] === SYNC_BYTE &&
    bytes[bytes.length - PACKET_BYTES] === SYNC_BYTE;
  return isRow ? bytes : undefined;
}
