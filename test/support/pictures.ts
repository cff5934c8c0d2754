// This file holds one small picture of each kind, most of them as FFmpeg writes it.

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.fromBase64(text);

/** 6 by 4 dots, where nothing else is said. */
export const PICTURES = {
  png: fromBase64(
    'iVBORw0KGgoAAAANSUhEUgAAAAYAAAAECAIAAAAiZtkUAAAACXBIWXMAAAABAAAAAQBPJcTWAAAAEklEQVR4nGP4y8CAhtD5RAsB' +
      'AJ2BF7nKI3aWAAAAAElFTkSuQmCC',
  ),
  jpeg: fromBase64(
    '/9j/4AAQSkZJRgABAgAAAQABAAD//gAQTGF2YzU5LjM3LjEwMAD/2wBDAAgEBAQEBAUFBQUFBQYGBgYGBgYGBgYGBgYHBwcICAgHBwcG' +
      'BgcHCAgICAkJCQgICAgJCQoKCgwMCwsODg4RERT/xABMAAEBAAAAAAAAAAAAAAAAAAAABgEBAQAAAAAAAAAAAAAAAAAABgcQAQAAAAAA' +
      'AAAAAAAAAAAAAAARAQAAAAAAAAAAAAAAAAAAAAD/wAARCAAEAAYDASIAAhEAAxEA/9oADAMBAAIRAxEAPwCLAFF/f//Z',
  ),
  gif: fromBase64('R0lGODlhBgAEAIAAAP8AAAAAACwAAAAABgAEAAACBISPqVgAOw=='),
  lossyWebp: fromBase64(
    'UklGRjwAAABXRUJQVlA4IDAAAADQAQCdASoGAAQAAgA0JaACdLoB+AADsAD+8Oj3/yC5YXXI1/8gP+QH/ID/+PIAAAA=',
  ),
  losslessWebp: fromBase64('UklGRhwAAABXRUJQVlA4TA8AAAAvBcAAAAcQ9Y/+ByKi/wEA'),
  /** 16 by 12. */
  avif: fromBase64(
    'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAAD5bWV0YQAAAAAAAAAvaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAFBp' +
      'Y3R1cmVIYW5kbGVyAAAAAA5waXRtAAAAAAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAASEAAAAcAAAAKGlpbmYAAAAAAAEAAAAaaW5m' +
      'ZQIAAAAAAQAAYXYwMUNvbG9yAAAAAGppcHJwAAAAS2lwY28AAAAUaXNwZQAAAAAAAAAQAAAADAAAABBwaXhpAAAAAAMICAgAAAAMYXYx' +
      'Q4EADAAAAAATY29scm5jbHgAAgACAAIAAAAAF2lwbWEAAAAAAAAAAQABBAECgwQAAAAkbWRhdAoGGAz+2gCAMhIYAAAAUAAAAKmObLaq' +
      'sca2hUA=',
  ),
  bmp: fromBase64(
    'Qk2GAAAAAAAAADYAAAAoAAAABgAAAAQAAAABABgAAAAAAFAAAAAAAAAAAAAAAAAAAAAAAAAAAAD9AAD9AAD9AAD9AAD9AAD9AAAAAP0A' +
      'AP0AAP0AAP0AAP0AAP0AAAAA/QAA/QAA/QAA/QAA/QAA/QAAAAD9AAD9AAD9AAD9AAD9AAD9AAA=',
  ),
} as const;

/** An icon that holds `body`, said to be of that side (0 is 256). */
export function iconOf(body: Uint8Array, side = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(22 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x00000100);
  view.setUint16(4, 1, true);
  view.setUint8(6, side);
  view.setUint8(7, side);
  view.setUint32(14, body.length, true);
  view.setUint32(18, 22, true);
  bytes.set(body, 22);
  return bytes;
}

/** The same PNG, said to be of that size. */
export function pngOf(width: number, height: number): Uint8Array<ArrayBuffer> {
  const bytes = PICTURES.png.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}
