// This file reads the size of a PNG.
import type { PictureSize } from './size.ts';

const IHDR = 0x49484452;

/** Undefined where the first chunk is not what it has to be. */
export function pngSize(view: DataView, at = 0): PictureSize | undefined {
  // ISO/IEC 15948 §11.2.2: IHDR comes first, of 13 bytes
  if (view.getUint32(at + 8) !== 13 || view.getUint32(at + 12) !== IHDR) return undefined;
  return { width: view.getUint32(at + 16), height: view.getUint32(at + 20) };
}

// ISO/IEC 15948 §5.2
export function isPng(view: DataView, at = 0): boolean {
  return view.getUint32(at) === 0x89504e47 && view.getUint32(at + 4) === 0x0d0a1a0a;
}
