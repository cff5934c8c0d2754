// This file reads the header of an RTP packet.

export type RtpPacket = {
  readonly payloadType: number;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits. */
  readonly ssrc: number;
  readonly payload: Uint8Array;
};

// RFC 3550 §5.1: the fixed header
const HEADER_BYTES = 12;

/** Undefined where it is no RTP packet, or one that was cut short. */
export function parseRtpPacket(bytes: Uint8Array): RtpPacket | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  if (first >> 6 !== 2) return undefined; // version
  let start = HEADER_BYTES + 4 * (first & 0x0f); // CSRC count
  if ((first & 0x10) !== 0) {
    // RFC 3550 §5.3.1: 16 bits of the profile's own, then the length in words
    if (start + 4 > bytes.length) return undefined;
    start += 4 + 4 * view.getUint16(start + 2);
  }
  const padding = (first & 0x20) === 0 ? 0 : view.getUint8(bytes.length - 1);
  // RFC 3550 §5.1: the last octet of the padding counts itself
  if ((first & 0x20) !== 0 && padding === 0) return undefined;
  const end = bytes.length - padding;
  if (end < start) return undefined;
  return {
    payloadType: view.getUint8(1) & 0x7f,
    sequence: view.getUint16(2),
    ssrc: view.getUint32(8),
    payload: bytes.subarray(start, end),
  };
}
