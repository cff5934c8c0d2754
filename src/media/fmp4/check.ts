// This file checks that a fragmented MP4 segment is whole.
import { type ChunkCursor, createChunkCursor, readByte, skipBytes } from '../chunk-cursor.ts';
import type { Flaw } from '../flaw.ts';

/** What the segment is for: media, the init segment before it, or either. */
export type SegmentRole = 'media' | 'init' | 'either';

// ISO/IEC 14496-12 §4.2: 32-bit size and type, then a 64-bit size where the first is 1
const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

const MOOV = boxType('moov');
const MOOF = boxType('moof');
const MDAT = boxType('mdat');

/** The boxes that the types of `type` name, as the number that stands in the bytes. */
export function boxType(name: string): number {
  let type = 0;
  for (let index = 0; index < 4; index++) type = type * 256 + name.charCodeAt(index);
  return type;
}

/**
 * Walks the boxes of the top level: they must end where the bytes do. A cut between two fragments
 * cannot be seen here; the length of the answer tells it.
 */
export function checkFragments(chunks: readonly Uint8Array[], role: SegmentRole): Flaw | undefined {
  const cursor = createChunkCursor(chunks);
  let hasMoov = false;
  let hasFragment = false;
  /** Offset of a moof whose mdat has not come. */
  let openMoof = -1;
  for (;;) {
    const offset = cursor.position;
    const box = readBox(cursor);
    if (box === 'end') break;
    if (typeof box === 'string') return { reason: box, offset };
    if (box.type === MOOV) hasMoov = true;
    if (box.type === MOOF) openMoof = offset;
    if (box.type === MDAT && openMoof >= 0) {
      hasFragment = true;
      openMoof = -1;
    }
  }
  if (openMoof >= 0) return { reason: 'a moof is the last box, wanted mdat', offset: openMoof };
  if (role === 'init' && !hasMoov) return { reason: 'it has no moov, wanted one', offset: 0 };
  if (role === 'media' && !hasFragment) return { reason: 'it has no moof, wanted one', offset: 0 };
  if (hasMoov || hasFragment) return undefined;
  return { reason: 'it has no moof and no moov, wanted one', offset: 0 };
}

/** One box for all: the walk allocates nothing. */
const BOX = { type: 0 };

/** Reads over a box; 'end' where there is none, any other text says what is wrong with it. */
function readBox(cursor: ChunkCursor): typeof BOX | string {
  const start = cursor.position;
  const first = readByte(cursor);
  if (first < 0) return 'end';
  const low = readUint(cursor, 3);
  const type = readUint(cursor, 4);
  if (low < 0 || type < 0) return 'a box header is cut off, wanted 8 bytes';
  if (!isPrintable(type)) return 'a box has an unreadable type, wanted four letters';
  let size = first * 0x1000000 + low;
  let header = HEADER_BYTES;
  if (size === 1) {
    const high = readUint(cursor, 4);
    const rest = readUint(cursor, 4);
    if (high < 0 || rest < 0) return 'a box header is cut off, wanted 16 bytes';
    size = high * 0x100000000 + rest;
    header = LARGE_HEADER_BYTES;
  }
  // Size 0 means "to the end of the file": a cut could not be seen, and no packager sends it live.
  if (size < header) return `box ${nameOf(type)} has size ${size}, wanted ${header} at least`;
  if (!skipBytes(cursor, size - header)) {
    const have = cursor.position - start;
    return `box ${nameOf(type)} is cut off at ${have} bytes, wanted ${size}`;
  }
  BOX.type = type;
  return BOX;
}

/** A big-endian number of up to four bytes, or -1 where they end before it. */
function readUint(cursor: ChunkCursor, sizeBytes: number): number {
  let value = 0;
  for (let index = 0; index < sizeBytes; index++) {
    const byte = readByte(cursor);
    if (byte < 0) return -1;
    value = value * 256 + byte;
  }
  return value;
}

function isPrintable(type: number): boolean {
  for (let shift = 24; shift >= 0; shift -= 8) {
    const byte = (type >>> shift) & 0xff;
    // QuickTime names begin with ©.
    if ((byte < 0x20 || byte > 0x7e) && byte !== 0xa9) return false;
  }
  return true;
}

function nameOf(type: number): string {
  return String.fromCharCode(type >>> 24, (type >>> 16) & 0xff, (type >>> 8) & 0xff, type & 0xff);
}
