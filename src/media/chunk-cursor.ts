// This file reads bytes that lie in several chunks, without joining them.

export type ChunkCursor = {
  readonly chunks: readonly Uint8Array[];
  /** Chunk and place in it of the next byte. */
  index: number;
  at: number;
  /** Bytes before the next one, over all chunks. */
  position: number;
};

export function createChunkCursor(chunks: readonly Uint8Array[]): ChunkCursor {
  return { chunks, index: 0, at: 0, position: 0 };
}

/** The next byte, or -1 at the end: no allocation, also at the border of two chunks. */
export function readByte(cursor: ChunkCursor): number {
  let chunk = cursor.chunks[cursor.index];
  while (chunk !== undefined && cursor.at >= chunk.length) {
    cursor.at = 0;
    chunk = cursor.chunks[++cursor.index];
  }
  if (chunk === undefined) return -1;
  cursor.position++;
  return chunk[cursor.at++] as number;
}

/** Moves on; false where the end comes first, the cursor is then there. */
export function skipBytes(cursor: ChunkCursor, sizeBytes: number): boolean {
  let left = sizeBytes;
  while (left > 0) {
    const chunk = cursor.chunks[cursor.index];
    if (chunk === undefined) return false;
    const step = Math.min(left, chunk.length - cursor.at);
    cursor.at += step;
    cursor.position += step;
    left -= step;
    if (left === 0) break;
    cursor.at = 0;
    cursor.index++;
  }
  return true;
}

/** The first bytes, copied; fewer where there are no more. */
export function headOf(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const first = chunks[0];
  if (first !== undefined && first.length >= sizeBytes) return first.subarray(0, sizeBytes);
  const head = new Uint8Array(Math.min(sizeBytes, sizeOf(chunks)));
  let filled = 0;
  for (const chunk of chunks) {
    if (filled === head.length) break;
    const piece = chunk.subarray(0, head.length - filled);
    head.set(piece, filled);
    filled += piece.length;
  }
  return head;
}

export function sizeOf(chunks: readonly Uint8Array[]): number {
  let sizeBytes = 0;
  for (const chunk of chunks) sizeBytes += chunk.length;
  return sizeBytes;
}
