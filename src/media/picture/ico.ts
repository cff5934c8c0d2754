// This file reads the size of the largest picture in a Windows icon.
import { bitmapSize } from './bmp.ts';
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

/** What it says itself: readers go by that, and not by what the icon says of it. */
function entrySize(view: DataView, at: number): PictureSize | undefined {
  const lengthBytes = view.getUint32(at + 8, true);
  const bodyAt = view.getUint32(at + 12, true);
  if (lengthBytes < HEADER_BYTES || bodyAt + lengthBytes > view.byteLength) return undefined;
  if (lengthBytes > 24 && isPng(view, bodyAt)) return pngSize(view, bodyAt);
  const bitmap = bitmapSize(view, bodyAt);
  // Its mask lies below it, and is counted in its height
  return bitmap && { width: bitmap.width, height: Math.ceil(bitmap.height / 2) };
}
