// This file measures ID3 tags.

/** ID3v2.4 §3.1: "ID3", version, flags and a size of four times seven bits. */
export const ID3_HEADER_BYTES = 10;
const FOOTER_FLAG = 0x10;

/** Does an ID3 tag begin here? */
export function isId3(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x49 && bytes[at + 1] === 0x44 && bytes[at + 2] === 0x33;
}

/** Bytes of the tag whose header begins here, header included; at least `ID3_HEADER_BYTES`. */
export function id3Bytes(header: Uint8Array, at: number): number {
  let size = 0;
  for (let index = 6; index < ID3_HEADER_BYTES; index++) {
    size = size * 128 + ((header[at + index] ?? 0) & 0x7f);
  }
  const hasFooter = ((header[at + 5] ?? 0) & FOOTER_FLAG) !== 0;
  return ID3_HEADER_BYTES + size + (hasFooter ? ID3_HEADER_BYTES : 0);
}
