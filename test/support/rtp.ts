// This file writes RTP packets.

export type RtpParts = {
  readonly sequence: number;
  readonly payload?: Uint8Array;
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly csrcs?: number;
  /** Words of a header extension. */
  readonly extensionWords?: number;
  readonly padding?: number;
};

export function rtpPacket(parts: RtpParts): Uint8Array {
  const { sequence, payload = new Uint8Array(0), ssrc = 0x1234, payloadType = 33 } = parts;
  const { csrcs = 0, extensionWords, padding = 0 } = parts;
  const extensionBytes = extensionWords === undefined ? 0 : 4 + 4 * extensionWords;
  const start = 12 + 4 * csrcs + extensionBytes;
  const bytes = new Uint8Array(start + payload.length + padding).fill(0xee);
  const view = new DataView(bytes.buffer);
  const flags = (padding > 0 ? 0x20 : 0) | (extensionWords === undefined ? 0 : 0x10);
  view.setUint8(0, 0x80 | flags | csrcs);
  view.setUint8(1, 0x80 | payloadType);
  view.setUint16(2, sequence & 0xffff);
  view.setUint32(4, sequence * 3000);
  view.setUint32(8, ssrc);
  if (extensionWords !== undefined) view.setUint16(12 + 4 * csrcs + 2, extensionWords);
  bytes.set(payload, start);
  if (padding > 0) view.setUint8(bytes.length - 1, padding);
  return bytes;
}
