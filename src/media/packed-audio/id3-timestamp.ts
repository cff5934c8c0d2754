// This file finds the time of the first frame in the ID3 tag before it.
import { ID3_HEADER_BYTES, id3Bytes } from './id3.ts';

/** RFC 8216 §3.4 */
const OWNER = 'com.apple.streaming.transportStreamTimestamp';
const FRAME_HEADER_BYTES = 10;
const TIMESTAMP_BYTES = 8;
/** ID3v2.4 §3.1: an extended header, which nobody writes here, would stand before the frames. */
const EXTENDED_FLAG = 0x40;

/** 33 bits of 90 kHz; undefined where the tag that begins at `at` has none. */
// ID3v2.4 §4 and §4.27, RFC 8216 §3.4
export function id3Timestamp(bytes: Uint8Array, at: number): number | undefined {
  const endAt = Math.min(bytes.length, at + id3Bytes(bytes, at));
  const version = bytes[at + 3] ?? 0;
  if (((bytes[at + 5] ?? 0) & EXTENDED_FLAG) !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let frameAt = at + ID3_HEADER_BYTES; frameAt + FRAME_HEADER_BYTES <= endAt; ) {
    const size = version >= 4 ? synchsafe(bytes, frameAt + 4) : view.getUint32(frameAt + 4);
    const bodyAt = frameAt + FRAME_HEADER_BYTES;
    if (bodyAt + size > endAt) return undefined;
    if (textAt(bytes, frameAt, 4) === 'PRIV') {
      const stampAt = bodyAt + OWNER.length + 1;
      const isOurs = textAt(bytes, bodyAt, OWNER.length + 1) === `${OWNER}\0`;
      if (isOurs && stampAt + TIMESTAMP_BYTES <= bodyAt + size) {
        // The upper 31 bits are zero; some packagers forget that their clock is longer.
        return (view.getUint32(stampAt) % 2) * 2 ** 32 + view.getUint32(stampAt + 4);
      }
    }
    frameAt = bodyAt + size;
  }
  return undefined;
}

/** Four times seven bits. */
function synchsafe(bytes: Uint8Array, at: number): number {
  let size = 0;
  for (let index = 0; index < 4; index++) size = size * 128 + (bytes[at + index]! & 0x7f);
  return size;
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
