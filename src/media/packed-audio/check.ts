// This file checks that a packed audio segment is whole.
import { type ChunkCursor, createChunkCursor, readByte, skipBytes } from '../chunk-cursor.ts';
import type { Flaw } from '../flaw.ts';
import { ID3_HEADER_BYTES, id3Bytes, isId3 } from './id3.ts';
import { audioFormatAt } from './sync.ts';

// ISO/IEC 14496-3 §1.A.2.2.1
const ADTS_HEADER_BYTES = 7;

/**
 * ID3 tags, then frames. AAC is walked frame by frame. The last frame may be cut: packagers of live
 * radio cut by bytes, and what HTTP lost is told by the length of the answer, not here. Of MP3 and
 * AC-3 the first frame is looked at only; their lengths need tables that nothing else here does.
 */
export function checkPackedAudio(chunks: readonly Uint8Array[]): Flaw | undefined {
  const header = new Uint8Array(ID3_HEADER_BYTES);
  const cursor = createChunkCursor(chunks);
  let hasFrame = false;
  for (;;) {
    const offset = cursor.position;
    const isCut = !fill(cursor, header, 0, ADTS_HEADER_BYTES);
    if (isCut && hasFrame) return undefined;
    if (isCut) return { reason: 'it ends before its first frame, wanted audio', offset };
    if (isId3(header, 0)) {
      const flaw = skipId3(cursor, header, offset);
      if (flaw !== undefined) return flaw;
      continue;
    }
    const format = audioFormatAt(header, 0);
    if (!hasFrame && (format === 'mp3' || format === 'ac3')) return undefined;
    if (format !== 'aac') return { reason: 'no frame begins here, wanted audio', offset };
    const size = adtsFrameBytes(header);
    if (size < ADTS_HEADER_BYTES) {
      return { reason: `an ADTS frame has size ${size}, wanted 7 at least`, offset };
    }
    const isWhole = skipBytes(cursor, size - ADTS_HEADER_BYTES);
    if (!isWhole && !hasFrame) {
      return { reason: `its only frame is cut off, wanted ${size} bytes`, offset };
    }
    hasFrame = true;
  }
}

/** Reads on over the tag whose first seven bytes are in `header`. */
function skipId3(cursor: ChunkCursor, header: Uint8Array, offset: number): Flaw | undefined {
  const hasHeader = fill(cursor, header, ADTS_HEADER_BYTES, ID3_HEADER_BYTES);
  if (!hasHeader) return { reason: 'an ID3 tag is cut off, wanted its header', offset };
  const size = id3Bytes(header, 0);
  if (skipBytes(cursor, size - ID3_HEADER_BYTES)) return undefined;
  return { reason: `an ID3 tag is cut off, wanted ${size} bytes`, offset };
}

/** Reads into `target` from `start` to `end`; false where the bytes end before it. */
function fill(cursor: ChunkCursor, target: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const byte = readByte(cursor);
    if (byte < 0) return false;
    target[index] = byte;
  }
  return true;
}

// ISO/IEC 14496-3 §1.A.2.2.1: aac_frame_length, 13 bits, the header included
function adtsFrameBytes(header: Uint8Array): number {
  const high = (header[3] ?? 0) & 0x03;
  return high * 0x800 + (header[4] ?? 0) * 8 + ((header[5] ?? 0) >> 5);
}
