// This file finds the boxes inside a piece of ISO base media.
import { FormatError } from '../../base/errors.ts';
import { type Fields, nameAt, openFields } from './fields.ts';

export type Box = {
  readonly type: string;
  readonly at: number;
  readonly bodyAt: number;
  readonly endAt: number;
};

/** A segment of an hour in fragments of one frame has about half of these; a box takes 8 bytes. */
export const BOXES_MAX = 1_000_000;
/** Of those known, stsd and moof have the most: one box for each track and its parts. */
export const CHILDREN_MAX = 10_000;

const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;
const SPEC = 'ISO/IEC 14496-12 §4.2';

/** The boxes of the top level: of them the last may say that it goes on to the end. */
export function topLevelBoxes(bytes: Uint8Array): Box[] {
  return boxesBetween(bytes, 0, bytes.length, BOXES_MAX, true);
}

/** The one that begins at `at`, of which no more than its header need be there. */
export function topLevelBoxAt(bytes: Uint8Array, at: number): Box {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return boxAt(view, at, bytes.length, true);
}

/** The boxes in the body of another, from `from` on where fields stand before them. */
export function childBoxes(bytes: Uint8Array, parent: Box, from = parent.bodyAt): Box[] {
  return boxesBetween(bytes, from, parent.endAt, CHILDREN_MAX, false);
}

/** The first box of that type, which has to be there. */
export function wantedBox(boxes: readonly Box[], type: string, parent: Box): Box {
  const found = boxes.find((box) => box.type === type);
  if (found === undefined) throw boxError(parent.at, `${parent.type} has no ${type}, wanted one`);
  return found;
}

export function openBox(bytes: Uint8Array, box: Box, spec: string): Fields {
  return openFields(bytes, box.bodyAt, box.endAt, box.type, spec);
}

// ISO/IEC 14496-12 §4.2.2
function boxesBetween(
  bytes: Uint8Array,
  from: number,
  to: number,
  max: number,
  isTop: boolean,
): Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Box[] = [];
  for (let at = from; at < to; ) {
    // QuickTime ends the children of some boxes by four bytes of zeros.
    if (!isTop && to - at < HEADER_BYTES && isZero(bytes, at, to)) break;
    const box = boxAt(view, at, to, isTop);
    if (boxes.length === max) throw boxError(at, `more than ${max} boxes, wanted fewer`);
    boxes.push(box);
    at = box.endAt;
  }
  return boxes;
}

function boxAt(view: DataView, at: number, to: number, isTop: boolean): Box {
  if (to - at < HEADER_BYTES) throw boxError(at, 'a box header is cut off, wanted 8 bytes');
  let size = view.getUint32(at);
  const type = nameAt(view, at + 4);
  let headerBytes = HEADER_BYTES;
  if (size === 1) {
    if (to - at < LARGE_HEADER_BYTES) {
      throw boxError(at, 'a box header is cut off, wanted 16 bytes');
    }
    headerBytes = LARGE_HEADER_BYTES;
    size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12); // largesize
  } else if (size === 0 && isTop) {
    size = to - at;
  }
  if (size < headerBytes) {
    throw boxError(at, `${printable(type)} has size ${size}, wanted ${headerBytes} at least`);
  }
  if (size > to - at) {
    throw boxError(at, `${printable(type)} has size ${size}, wanted ${to - at} at most`);
  }
  return { type, at, bodyAt: at + headerBytes, endAt: at + size };
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes.subarray(from, to).every((byte) => byte === 0);
}

/** A type is any four bytes; a message is not. */
export function printable(type: string): string {
  return /^[\x20-\x7e]{4}$/.test(type) ? `box ${type}` : 'a box of unreadable type';
}

function boxError(at: number, what: string): FormatError {
  return new FormatError('fmp4', at, `Cannot read fMP4: ${what}`, SPEC);
}
