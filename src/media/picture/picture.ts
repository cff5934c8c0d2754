// This file tells by its bytes what kind of picture something is, whatever it is said to be.
import { avifSize, isAvif } from './avif.ts';
import { bmpSize } from './bmp.ts';
import { icoSize } from './ico.ts';
import { jpegSize } from './jpeg.ts';
import { isPng, pngSize } from './png.ts';
import { isSound, type PictureSize } from './size.ts';
import { isSvg } from './svg.ts';
import { webpSize } from './webp.ts';

export type PictureType =
  | 'image/png'
  | 'image/jpeg'
  | 'image/gif'
  | 'image/webp'
  | 'image/avif'
  | 'image/bmp'
  | 'image/x-icon'
  | 'image/svg+xml';

type Kind = {
  readonly type: PictureType;
  readonly is: (view: DataView, bytes: Uint8Array) => boolean;
  readonly size: (view: DataView, bytes: Uint8Array) => PictureSize | undefined;
};

const KINDS: readonly Kind[] = [
  { type: 'image/png', is: (view) => isPng(view), size: (view) => pngSize(view) },
  {
    type: 'image/jpeg',
    is: (view) => view.getUint16(0) === 0xffd8 && view.getUint8(2) === 0xff,
    size: jpegSize,
  },
  {
    type: 'image/gif',
    // GIF89a §17: signature and version
    is: (view) => view.getUint32(0) === 0x47494638 && /^[79]a$/.test(latin(view, 4, 2)),
    // GIF89a §18: the logical screen
    size: (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  },
  {
    type: 'image/webp',
    is: (view) => latin(view, 0, 4) === 'RIFF' && latin(view, 8, 4) === 'WEBP',
    size: webpSize,
  },
  { type: 'image/avif', is: (_, bytes) => isAvif(bytes), size: (_, bytes) => avifSize(bytes) },
  { type: 'image/bmp', is: (view) => latin(view, 0, 2) === 'BM', size: bmpSize },
  { type: 'image/x-icon', is: (view) => view.getUint32(0) === 0x00000100, size: icoSize },
];

/** Undefined where it is none, is cut off before its size, or claims to be larger than it may. */
export function pictureTypeOf(bytes: Uint8Array): PictureType | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = KINDS.find(({ is }) => attempt(() => is(view, bytes)));
  // What is drawn anew at any size has none
  if (kind === undefined) return isSvg(bytes) ? 'image/svg+xml' : undefined;
  const size = attempt(() => kind.size(view, bytes));
  return size !== undefined && isSound(size) ? kind.type : undefined;
}

/** A look beyond the end, or boxes that are none, are an answer here. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function latin(view: DataView, at: number, count: number): string {
  let text = '';
  for (let index = 0; index < count; index += 1) {
    text += String.fromCharCode(view.getUint8(at + index));
  }
  return text;
}
