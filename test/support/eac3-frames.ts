// This file makes E-AC-3 of headers alone, with as many parts to a frame as a test wants.

/** ETSI TS 102 366 §E.1.2.2: 48 kHz, six blocks, two channels. */
function eac3Frame(strmtyp: 0 | 1, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const frmsiz = sizeBytes / 2 - 1;
  bytes.set([0x0b, 0x77, (strmtyp << 6) | (frmsiz >> 8), frmsiz & 0xff, 0x34, 16 << 3]);
  return bytes;
}

/** One frame, and so many that go with it. */
export function eac3Frames(parts: number): Uint8Array<ArrayBuffer> {
  const own = Array.from({ length: parts }, () => eac3Frame(1, 10));
  return new Uint8Array(Buffer.concat([eac3Frame(0, 64), ...own]));
}
