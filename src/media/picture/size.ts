// This file says how large a picture may be that is passed on.

export type PictureSize = { readonly width: number; readonly height: number };

/**
 * Four thousand pixels are more than any screen shows of a logo, and 64 MiB once it is unpacked:
 * what set-top boxes have. A small file may claim far more.
 */
export const MAX_SIDE = 4096;

export function isSound({ width, height }: PictureSize): boolean {
  return width >= 1 && height >= 1 && width <= MAX_SIDE && height <= MAX_SIDE;
}
