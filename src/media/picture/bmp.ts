// This file reads the size of a Windows bitmap.
import type { PictureSize } from './size.ts';

/** BITMAPCOREHEADER; all later ones begin alike. */
const CORE_BYTES = 12;

export function bmpSize(view: DataView): PictureSize | undefined {
  const headerBytes = view.getUint32(14, true);
  if (headerBytes === CORE_BYTES) {
    return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  }
  if (headerBytes < 40 || headerBytes > 124) return undefined;
  // Upside down where it is less than nothing
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}
