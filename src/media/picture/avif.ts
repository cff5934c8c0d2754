// This file reads the size of an AVIF.
import { type Box, childBoxes, topLevelBoxes, wantedBox } from '../fmp4/box.ts';
import type { PictureSize } from './size.ts';

const FULL_BOX_BYTES = 4;
/** A still picture has one or two; the grids of cameras have some dozens. */
const MAX_PROPERTIES = 1000;

/** The largest that any of its items claims. Throws FormatError where the boxes are none. */
export function avifSize(bytes: Uint8Array): PictureSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const meta = topLevelBoxes(bytes).find(({ type }) => type === 'meta');
  if (meta === undefined) return undefined;
  const parts = childBoxes(bytes, meta, meta.bodyAt + FULL_BOX_BYTES);
  const properties = wantedBox(parts, 'iprp', meta);
  const container = wantedBox(childBoxes(bytes, properties), 'ipco', properties);
  const sizes = childBoxes(bytes, container).filter(({ type }) => type === 'ispe');
  if (sizes.length === 0 || sizes.length > MAX_PROPERTIES) return undefined;
  const sides = (offset: number) =>
    sizes.map((box) => view.getUint32(box.bodyAt + FULL_BOX_BYTES + offset));
  // ISO/IEC 23008-12 §6.5.3: image_width, image_height
  return { width: Math.max(...sides(0)), height: Math.max(...sides(4)) };
}

/** By its major brand or one of those it is compatible with. */
export function isAvif(bytes: Uint8Array): boolean {
  const [first] = topLevelStart(bytes);
  if (first?.type !== 'ftyp') return false;
  const brands = new TextDecoder('latin1').decode(bytes.subarray(first.bodyAt, first.endAt));
  for (let at = 0; at < brands.length; at += 4) {
    // minor_version stands at 4
    if (at !== 4 && /^avi[fs]$/.test(brands.slice(at, at + 4))) return true;
  }
  return false;
}

function topLevelStart(bytes: Uint8Array): readonly Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizeBytes = view.getUint32(0);
  if (view.getUint32(4) !== 0x66747970 || sizeBytes < 16 || sizeBytes > bytes.length) return [];
  return topLevelBoxes(bytes.subarray(0, sizeBytes));
}
