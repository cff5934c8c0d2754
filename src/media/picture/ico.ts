// This file reads the size of the largest picture in a Windows icon.
import { isPng, pngSize } from './png.ts';
import type { PictureSize } from './size.ts';

const HEADER_BYTES = 6;
const ENTRY_BYTES = 16;
/** Every size in every depth of colour that Windows ever asked for. */
const MAX_ENTRIES = 64;

export function icoSize(view: DataView): PictureSize | undefined {
  const count = view.getUint16(4, true);
  if (count < 1 || count > MAX_ENTRIES) return undefined;
  const largest = { width: 0, height: 0 };
  for (let index = 0; index < count; index += 1) {
    const size = entrySize(view, HEADER_BYTES + index * ENTRY_BYTES);
    if (size === undefined) return undefined;
    largest.width = Math.max(largest.width, size.width);
    largest.height = Math.max(largest.height, size.height);
  }
  return largest;
}

/** 0 means 256, and what lies there as PNG has a size of its own. */
function entrySize(view: DataView, at: number): PictureSize | undefined {
  const lengthBytes = view.getUint32(at + 8, true);
  const bodyAt = view.getUint32(at + 12, true);
  if (lengthBytes < HEADER_BYTES || bodyAt + lengthBytes > view.byteLength) return undefined;
  if (lengthBytes > 24 && isPng(view, bodyAt)) return pngSize(view, bodyAt);
  return { width: view.getUint8(at) || 256, height: view.getUint8(at + 1) || 256 };
}
