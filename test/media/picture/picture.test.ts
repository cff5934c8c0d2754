// This file tests that pictures are known by their bytes, and what is none by nothing.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { avifSize } from '../../../src/media/picture/avif.ts';
import { bmpSize } from '../../../src/media/picture/bmp.ts';
import { icoSize } from '../../../src/media/picture/ico.ts';
import { jpegSize } from '../../../src/media/picture/jpeg.ts';
import { pictureTypeOf } from '../../../src/media/picture/picture.ts';
import { pngSize } from '../../../src/media/picture/png.ts';
import type { PictureSize } from '../../../src/media/picture/size.ts';
import { webpSize } from '../../../src/media/picture/webp.ts';
import { iconOf, PICTURES, pngOf } from '../../support/pictures.ts';

const text = (written: string): Uint8Array => new TextEncoder().encode(written);
const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The extended form, of a canvas and no picture. */
function canvasWebp(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(30);
  bytes.set(text('RIFF\u0016\0\0\0WEBPVP8X\n\0\0\0'));
  const view = viewOf(bytes);
  view.setUint16(24, (width - 1) % 65_536, true);
  view.setUint8(26, Math.floor((width - 1) / 65_536));
  view.setUint16(27, (height - 1) % 65_536, true);
  view.setUint8(29, Math.floor((height - 1) / 65_536));
  return bytes;
}

/** As it lies in an icon. */
function hugeBitmap(): Uint8Array {
  const bytes = PICTURES.bmp.slice(14);
  viewOf(bytes).setInt32(4, 60_000, true);
  return bytes;
}

describe('pictureTypeOf()', () => {
  const known: readonly (readonly [string, Uint8Array, string])[] = [
    ['a PNG', PICTURES.png, 'image/png'],
    ['a PNG of 4096 by 4096', pngOf(4096, 4096), 'image/png'],
    ['a JPEG', PICTURES.jpeg, 'image/jpeg'],
    ['a GIF', PICTURES.gif, 'image/gif'],
    ['a lossy WebP', PICTURES.lossyWebp, 'image/webp'],
    ['a lossless WebP', PICTURES.losslessWebp, 'image/webp'],
    ['an extended WebP', canvasWebp(300, 200), 'image/webp'],
    ['an AVIF', PICTURES.avif, 'image/avif'],
    ['a bitmap', PICTURES.bmp, 'image/bmp'],
    ['an icon of a bitmap', iconOf(PICTURES.bmp.subarray(14), 16), 'image/x-icon'],
    ['an icon of a PNG', iconOf(PICTURES.png), 'image/x-icon'],
    ['an SVG', text('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'],
    [
      'an SVG behind what stands before',
      text(
        '\ufeff<?xml version="1.0"?>\n<!-- by <b> -->\n' +
          '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">\n<svg\nwidth="1">',
      ),
      'image/svg+xml',
    ],
    ['an SVG with a prefix', text('<svg:svg xmlns:svg="x">'), 'image/svg+xml'],
  ];
  test.each(known)('knows %s', (_, bytes, type) => {
    expect(pictureTypeOf(bytes)).toBe(type as never);
  });

  const none: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array(0)],
    ['a page', text('<!doctype html><html><svg></svg></html>')],
    ['a page that begins with a comment', text('<!-- <svg> --><html>')],
    ['a script', text('<script>alert(1)</script><svg>')],
    ['XML of another kind', text('<?xml version="1.0"?><rss>')],
    ['what only begins like SVG', text('<svgx>')],
    ['SVG with a subset', text('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>')],
    ['plain text', text('GIF of something')],
    ['a signature alone', PICTURES.png.subarray(0, 8)],
    ['a PNG of no width', pngOf(0, 4)],
    ['a PNG that is too wide', pngOf(4097, 4)],
    ['a PNG that is far too high', pngOf(1, 2 ** 32 - 1)],
    ['a WebP canvas that is too large', canvasWebp(2 ** 24, 1)],
    ['an icon that holds a huge PNG', iconOf(pngOf(65_535, 65_535))],
    ['an icon that holds a huge bitmap', iconOf(hugeBitmap(), 16)],
    ['an icon of neither', iconOf(text('neither a PNG nor a bitmap'), 16)],
    ['an icon of nothing', Uint8Array.of(0, 0, 1, 0, 0, 0)],
    ['an icon that points beyond its end', iconOf(PICTURES.png).subarray(0, 60)],
    ['a cursor', Uint8Array.of(0, 0, 2, 0, 1, 0, ...new Uint8Array(40))],
    ['a JPEG without a frame', PICTURES.jpeg.subarray(0, 40)],
    ['a JPEG of markers alone', Uint8Array.of(0xff, 0xd8, ...new Uint8Array(500).fill(0xff))],
    ['an MP4', text('\0\0\0\u0018ftypisom\0\0\0\0isomiso2')],
    ['a WebP of a chunk nobody knows', text('RIFF\0\0\0\0WEBPXXXX\0\0\0\0\0\0\0\0\0\0')],
  ];
  test.each(none)('is undefined for %s', (_, bytes) => {
    expect(pictureTypeOf(bytes)).toBeUndefined();
  });

  test('survives whatever comes, in time', () => {
    const pieces = Object.values(PICTURES);
    const mutated = fc
      .tuple(
        fc.constantFrom(...pieces),
        fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 20 }),
        fc.nat(400),
      )
      .map(([bytes, changes, length]) => {
        const copy = bytes.slice(0, length);
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 })), (bytes) => {
        const type = pictureTypeOf(bytes);
        expect(type === undefined || type.startsWith('image/')).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the size of a picture', () => {
  const sizes: readonly (readonly [string, PictureSize | undefined, number, number])[] = [
    ['PNG', pngSize(viewOf(PICTURES.png)), 6, 4],
    ['JPEG', jpegSize(viewOf(PICTURES.jpeg)), 6, 4],
    ['lossy WebP', webpSize(viewOf(PICTURES.lossyWebp)), 6, 4],
    ['lossless WebP', webpSize(viewOf(PICTURES.losslessWebp)), 6, 4],
    ['extended WebP', webpSize(viewOf(canvasWebp(70_000, 300))), 70_000, 300],
    ['AVIF', avifSize(PICTURES.avif), 16, 12],
    ['bitmap', bmpSize(viewOf(PICTURES.bmp)), 6, 4],
    ['icon of a PNG', icoSize(viewOf(iconOf(PICTURES.png))), 6, 4],
    ['icon of a bitmap', icoSize(viewOf(iconOf(PICTURES.bmp.subarray(14), 16))), 6, 2],
  ];
  test.each(sizes)('of a %s', (_, size, width, height) => {
    expect(size).toEqual({ width, height });
  });

  test('of a bitmap that stands upside down', () => {
    const bytes = PICTURES.bmp.slice();
    viewOf(bytes).setInt32(22, -4, true);
    expect(bmpSize(viewOf(bytes))).toEqual({ width: 6, height: 4 });
  });
});
