// This file reads the size of a JPEG.
import type { PictureSize } from './size.ts';

/** Frames begin with one of C0 to CF, of which these are something else (ITU-T T.81 table B.1). */
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

/** Markers without a length: TEM, RST0 to RST7 and SOI. */
function isBare(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/** Undefined where the data begins before any frame header. Each step moves on by two at least. */
export function jpegSize(view: DataView): PictureSize | undefined {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    // ITU-T T.81 §B.1.1.2: any number of FF may stand before a marker
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // SOS and EOI
    if (marker === 0xda || marker === 0xd9 || marker === 0) return undefined;
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker)) {
      // ITU-T T.81 §B.2.2: Lf, P, Y, X
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    const lengthBytes = isBare(marker) ? 0 : view.getUint16(at + 2);
    if (!isBare(marker) && lengthBytes < 2) return undefined;
    at += 2 + lengthBytes;
  }
}
