// This file reads what asks for HDHomeRun devices on the local network, and writes the answer.

/** What an answer says of a device. */
export type DiscoveredDevice = {
  readonly deviceId: number;
  readonly tunerCount: number;
  readonly baseUrl: string;
  readonly lineUpUrl: string;
  readonly deviceAuth: string;
};

/** Which devices are asked for: all of them where a field says nothing. */
export type DiscoveryRequest = { readonly deviceId?: number };

export const DISCOVERY_PORT = 65_001;

// libhdhomerun: packet types and tags
const DISCOVER_REQUEST = 0x0002;
const DISCOVER_REPLY = 0x0003;
const TAG = {
  deviceType: 0x01,
  deviceId: 0x02,
  tunerCount: 0x10,
  lineUpUrl: 0x27,
  baseUrl: 0x2a,
  deviceAuth: 0x2b,
} as const;
const TUNER = 1;
const ANY = 0xffffffff;
/** Type and length before the tags, CRC after them. */
const FRAME_BYTES = 8;
/** The library never sends more. */
const MAX_BYTES = 3074;

/** Undefined where it is no request for devices like ours. */
export function parseDiscoveryRequest(bytes: Uint8Array): DiscoveryRequest | undefined {
  if (bytes.length < FRAME_BYTES || bytes.length > MAX_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthBytes = view.getUint16(2);
  if (view.getUint16(0) !== DISCOVER_REQUEST) return undefined;
  if (bytes.length !== FRAME_BYTES + lengthBytes) return undefined;
  const crcAt = bytes.length - 4;
  if (view.getUint32(crcAt, true) !== Bun.hash.crc32(bytes.subarray(0, crcAt))) return undefined;
  const tags = tagsOf(bytes.subarray(4, crcAt));
  if (tags === undefined) return undefined;
  const type = numberIn(tags.get(TAG.deviceType));
  const deviceId = numberIn(tags.get(TAG.deviceId));
  if (type !== undefined && type !== TUNER && type !== ANY) return undefined;
  return deviceId === undefined || deviceId === ANY ? {} : { deviceId };
}

export function writeDiscoveryReply(device: DiscoveredDevice): Uint8Array {
  const tags = [
    tag(TAG.deviceType, uint32(TUNER)),
    tag(TAG.deviceId, uint32(device.deviceId)),
    tag(TAG.deviceAuth, new TextEncoder().encode(device.deviceAuth)),
    tag(TAG.tunerCount, new Uint8Array([device.tunerCount])),
    tag(TAG.baseUrl, new TextEncoder().encode(device.baseUrl)),
    tag(TAG.lineUpUrl, new TextEncoder().encode(device.lineUpUrl)),
  ].flat();
  const bytes = new Uint8Array(FRAME_BYTES + tags.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, DISCOVER_REPLY);
  view.setUint16(2, tags.length);
  bytes.set(tags, 4);
  view.setUint32(bytes.length - 4, Bun.hash.crc32(bytes.subarray(0, bytes.length - 4)), true);
  return bytes;
}

/** Undefined where one of them ends outside. */
function tagsOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const tags = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1];
    if (first === undefined) return undefined;
    // Lengths from 128 on take two bytes, the lower seven bits first
    const isLong = (first & 0x80) !== 0;
    const second = isLong ? bytes[at + 2] : 0;
    if (second === undefined) return undefined;
    const length = isLong ? (first & 0x7f) + second * 128 : first;
    const from = at + (isLong ? 3 : 2);
    if (from + length > bytes.length) return undefined;
    tags.set(bytes[at] as number, bytes.subarray(from, from + length));
    at = from + length;
  }
  return tags;
}

function numberIn(bytes: Uint8Array | undefined): number | undefined {
  if (bytes?.length !== 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}

function tag(name: number, value: Uint8Array): number[] {
  const { length } = value;
  const size = length < 128 ? [length] : [(length % 128) | 0x80, Math.floor(length / 128)];
  return [name, ...size, ...value];
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(
    [value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 0xff),
  );
}
