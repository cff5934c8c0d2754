// This file is the form of one segment on disk.
import type { Stored } from './tier.ts';

/**
 *   0  8  "weirseg" and the version, 1
 *   8  4  length of the content type, big-endian as all that follows
 *  12  8  length of the body
 *  20  8  wyhash of the body, with the hash of the content type for its seed
 *  28  …  content type, UTF-8
 *      …  body, to the end of the file
 *
 * The time it is held until is the file's time of modification: it changes without a write, and
 * the folder tells it without opening the file.
 */
const MAGIC = 0x7765697273656701n;
const HEAD_BYTES = 28;

/** Nothing that is shorter can be a segment. */
export const MIN_FILE_BYTES = HEAD_BYTES;
/** What is read into memory at once: far above any segment, far below what the machine has. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;

export function writeSegmentHead(contentType: string, body: Uint8Array): Uint8Array {
  const type = new TextEncoder().encode(contentType);
  const head = new Uint8Array(HEAD_BYTES + type.length);
  const view = new DataView(head.buffer);
  view.setBigUint64(0, MAGIC);
  view.setUint32(8, type.length);
  view.setBigUint64(12, BigInt(body.length));
  view.setBigUint64(20, checksum(type, body));
  head.set(type, HEAD_BYTES);
  return head;
}

/**
 * Undefined where it is torn: after a loss of power a file may have its name and length before it
 * has its bytes. The body is a copy, or that part of `source`, where `file` was read from that.
 */
export function parseSegmentFile(file: Uint8Array<ArrayBuffer>, source?: Blob): Stored | undefined {
  if (file.length < HEAD_BYTES) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const bodyAt = HEAD_BYTES + view.getUint32(8);
  if (view.getBigUint64(0) !== MAGIC) return undefined;
  if (bodyAt > file.length || view.getBigUint64(12) !== BigInt(file.length - bodyAt)) {
    return undefined;
  }
  const type = file.subarray(HEAD_BYTES, bodyAt);
  const body = file.subarray(bodyAt);
  if (view.getBigUint64(20) !== checksum(type, body)) return undefined;
  const contentType = new TextDecoder('utf-8', { ignoreBOM: true }).decode(type);
  return { body: source?.slice(bodyAt, file.length) ?? new Blob([body]), contentType };
}

function checksum(type: Uint8Array, body: Uint8Array): bigint {
  return Bun.hash.wyhash(body, Bun.hash.wyhash(type));
}
