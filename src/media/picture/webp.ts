// This file reads the size of a WebP.
import type { PictureSize } from './size.ts';

/** The first chunk begins here, its body eight bytes on. */
const BODY_AT = 20;

export function webpSize(view: DataView): PictureSize | undefined {
  switch (view.getUint32(12)) {
    case 0x56503820: // 'VP8 '
      return lossySize(view);
    case 0x5650384c: // 'VP8L'
      return losslessSize(view);
    case 0x56503858: // 'VP8X'
      return { width: canvasSide(view, BODY_AT + 4), height: canvasSide(view, BODY_AT + 7) };
    default:
      return undefined;
  }
}

// RFC 6386 §9.1: a start code, then 14 bits each and two of a scale
function lossySize(view: DataView): PictureSize | undefined {
  if (view.getUint8(BODY_AT + 3) !== 0x9d || view.getUint16(BODY_AT + 4) !== 0x012a) {
    return undefined;
  }
  return {
    width: view.getUint16(BODY_AT + 6, true) % 0x4000,
    height: view.getUint16(BODY_AT + 8, true) % 0x4000,
  };
}

// RFC 9649 §3.4: 14 bits each, of one less
function losslessSize(view: DataView): PictureSize | undefined {
  if (view.getUint8(BODY_AT) !== 0x2f) return undefined;
  const bits = view.getUint32(BODY_AT + 1, true);
  return { width: (bits % 0x4000) + 1, height: (Math.floor(bits / 0x4000) % 0x4000) + 1 };
}

// RFC 9649 §2.7: 24 bits each, of one less
function canvasSide(view: DataView, at: number): number {
  return view.getUint8(at) + view.getUint16(at + 1, true) * 256 + 1;
}
