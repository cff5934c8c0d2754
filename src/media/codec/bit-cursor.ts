// This file reads bits, most significant first.

export type BitCursor = { readonly bytes: Uint8Array; at: number };

/** Up to 24 bits as a number; undefined where they end before, the cursor then stays. */
export function readBits(cursor: BitCursor, count: number): number | undefined {
  const end = cursor.at + count;
  if (end > cursor.bytes.length * 8) return undefined;
  let value = 0;
  for (; cursor.at < end; cursor.at++) {
    value = value * 2 + ((cursor.bytes[cursor.at >> 3]! >> (7 - (cursor.at & 7))) & 1);
  }
  return value;
}
