// This file reads the size of a Windows bitmap.
import type { PictureSize } from './size.ts';

/** BITMAPCOREHEADER; all later ones begin alike. */
const CORE_BYTES = 12;

/** Before the bitmap itself: BITMAPFILEHEADER, which icons leave out. */
const FILE_HEADER_BYTES = 14;

export function bmpSize(view: DataView): PictureSize | undefined {
  return bitmapSize(view, FILE_HEADER_BYTES);
}

/** Undefined where none begins at `at`. */
export function bitmapSize(view: DataView, at: number): PictureSize | undefined {
  const headerBytes = view.getUint32(at, true);
  if (headerBytes === CORE_BYTES) {
    return { width: view.getUint16(at + 4, true), height: view.getUint16(at + 6, true) };
  }
  if (headerBytes < 40 || headerBytes > 124) return undefined;
  // Upside down where it is less than nothing
  return { width: view.getInt32(at + 4, true), height: Math.abs(view.getInt32(at + 8, true)) };
}
