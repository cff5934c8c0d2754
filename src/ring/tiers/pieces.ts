// This file cuts bodies into pieces that a database takes, and puts them together again.

/** No segment is as large; a body is held in memory several times while it is sent. */
export const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** At least one: what is empty is held as one piece of nothing. */
export function pieceCount(sizeBytes: number, pieceBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / pieceBytes));
}

export function pieceAt(body: Uint8Array, index: number, pieceBytes: number): Buffer {
  const piece = body.subarray(index * pieceBytes, (index + 1) * pieceBytes);
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}

/** Undefined where a piece is missing or is not as long as it was. */
export function joinPieces(
  pieces: readonly (Uint8Array | null | undefined)[],
  sizeBytes: number,
): Blob | undefined {
  const whole: Uint8Array<ArrayBuffer>[] = [];
  for (const piece of pieces) {
    if (piece === null || piece === undefined) return undefined;
    whole.push(piece as Uint8Array<ArrayBuffer>);
  }
  const body = new Blob(whole);
  return body.size === sizeBytes ? body : undefined;
}
