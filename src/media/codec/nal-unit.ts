// This file tells what the NAL units of H.264 and HEVC are for, by their first byte.

export type NalCodec = 'h264' | 'hevc';

// H.264 §7.3.1 and H.265 §7.3.1.2: nal_unit_type
export function nalTypeOf(codec: NalCodec, firstByte: number): number {
  return codec === 'h264' ? firstByte & 0x1f : (firstByte >> 1) & 0x3f;
}

/** Begins an access unit and says nothing else that matters. */
// H.264 §7.3.2.4, H.265 §7.3.2.5
export function isDelimiter(codec: NalCodec, type: number): boolean {
  return type === (codec === 'h264' ? 9 : 35);
}

/** SPS, PPS and the SPS extension; VPS, SPS and PPS. */
// H.264 Table 7-1, H.265 Table 7-1
export function isParameterSet(codec: NalCodec, type: number): boolean {
  if (codec === 'h264') return type === 7 || type === 8 || type === 13;
  return type >= 32 && type <= 34;
}

/** A slice of a picture that decoding can begin at: IDR, and of HEVC every IRAP picture. */
// H.264 Table 7-1, H.265 Table 7-1
export function isKeySlice(codec: NalCodec, type: number): boolean {
  return codec === 'h264' ? type === 5 : type >= 16 && type <= 23;
}

/** A supplemental message before the picture. */
export function isPrefixSei(codec: NalCodec, type: number): boolean {
  return type === (codec === 'h264' ? 6 : 39);
}

const RECOVERY_POINT = 6;

/** Does an H.264 SEI unit say that decoding can begin at its picture, which is no IDR? */
// H.264 §7.3.2.3.1 and §D.1.8: payload type and size are sums of bytes, all but the last 255
export function hasRecoveryPoint(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + 1; at + 1 < to; ) {
    let type = 0;
    for (; bytes[at] === 0xff && at < to; at++) type += 255;
    type += bytes[at++] ?? 0;
    let size = 0;
    for (; bytes[at] === 0xff && at < to; at++) size += 255;
    size += bytes[at++] ?? 0;
    if (type === RECOVERY_POINT && at < to) return true;
    at += size;
  }
  return false;
}
